"""The commands themselves, as an operator runs them, scored by the judge."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import adapter, cases, judge, toolbox
from tests.lab.judge import Info

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

WITH_DAMAGE = 6


def lvtui(*args: str | Path, code: int = 0) -> Info:
    """One command's JSON answer, after the exit code that it must have."""
    argv = [sys.executable, "-m", "lvtui", *map(str, args), "--json"]
    done = subprocess.run(
        argv, cwd=toolbox.ROOT, capture_output=True, text=True, env=toolbox.tool_env(), check=False
    )
    assert done.returncode == code, done.stderr
    answer: Info = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("family", "code"),
    [
        pytest.param("simple", 0, id="intact"),
        pytest.param("fragmented", 0, id="many-segments"),
        pytest.param("twopv", 0, id="two-pvs"),
        pytest.param("labelgone", 0, id="label-gone"),
        pytest.param("reused", WITH_DAMAGE, id="partly-overwritten"),
        pytest.param("biglv", 0, id="512-lvs"),
    ],
)
def test_versions_lost_and_extract_answer_the_truth(family: str, code: int, tmp_path: Path) -> None:
    case = cases.case(family, 1)
    targets = [item for item in case.truth["lost"] if item["target"]]
    kept_in = ("--case", tmp_path / "case")
    result = adapter.result(case, lvtui("versions", case.spec), lvtui("lost", case.spec))
    result["extracted"] = []
    for number, item in enumerate(targets):
        to = tmp_path / f"{number}.lv"
        said = lvtui("extract", case.spec, item["name"], "--to", to, *kept_in, code=code)
        assert said["verified"] is True
        assert said["destination_sha256"] == hashlib.sha256(to.read_bytes()).hexdigest()
        result["extracted"].append({"uuid": item["id"], "path": str(to)})

    figures = judge.score(case.truth, result)

    assert judge.complaints(figures) == []
    assert figures["x_same"] == len(targets) > 0


def test_quick_versions_are_the_same_texts() -> None:
    case = cases.case("chain", 1)
    whole = {
        options: [
            (v["id"], v["offset_bytes"], v["text_sha256"])
            for v in lvtui("versions", case.spec, *options)["versions"]
        ]
        for options in ((), ("--quick",))
    }

    assert whole[()] == whole["--quick",]
    assert len(whole[()]) == case.truth["counts"]["complete"]
