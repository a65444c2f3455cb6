"""The commands that lead to changes, where they change nothing: their answers and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lvtui.flow.practice import prepare_demo


def lvtui(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lvtui", *args],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **env},
        timeout=120,
    )


def test_doctor_tells_what_this_host_has() -> None:
    found = json.loads(lvtui("doctor", "--json").stdout)

    assert found["schema"] == "lvtui.doctor/1"
    assert {"root", "lvm", "device-mapper", "lvm config", "xe", "cases"} == {
        row["what"] for row in found["checks"]
    }
    assert {row["state"] for row in found["checks"]} <= {"OK", "WARN", "STOP", "?"}


@pytest.mark.parametrize("command", ["apply", "undo"])
def test_a_case_without_a_plan_is_a_sentence(command: str, tmp_path: Path) -> None:
    (tmp_path / "case-1" / "jobs").mkdir(parents=True)
    run = lvtui(command, str(tmp_path / "case-1"))

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("lvtui: ")
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("way", ["b", "c"])
def test_an_image_file_is_refused_with_every_reason(way: str, tmp_path: Path) -> None:
    image = prepare_demo(tmp_path).source
    assert image is not None
    before = Path(image).read_bytes()
    lost = json.loads(lvtui("lost", image, "--json").stdout)["lost"][0]["uuid"]
    run = lvtui("plan", image, lost, "--way", way, "--case", str(tmp_path / "case-2"), "--json")
    found = json.loads(run.stdout)

    assert run.returncode == 4
    assert (found["schema"], found["way"], found["lines"]) == ("lvtui.plan/1", way, [])
    assert "LV-WAY-04" in {row["code"] for row in found["refused"]}
    assert all(row["message"].isprintable() for row in found["refused"])
    assert Path(image).read_bytes() == before
    assert not (tmp_path / "case-2").exists()
