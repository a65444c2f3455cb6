from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.lab import cases, judge, oracle, toolbox

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

SCENES = (("reused", 1), ("garbage", 1), ("twopv", 1), ("resized", 1), ("ringwrap", 1))
SCENE_OF = {"v_damaged_as_whole": ("garbage", 1), "t_shrunk_missed": ("resized", 1)}


@pytest.mark.parametrize(("family", "seed"), SCENES)
def test_a_perfect_answer_has_no_complaint(family: str, seed: int) -> None:
    truth = cases.case(family, seed).truth

    figures = judge.score(truth, oracle.perfect(truth))

    assert judge.complaints(figures) == []
    assert figures["v_found"] == figures["v_truth"] > 0
    assert figures["m_found"] == figures["m_truth"] > 0


@pytest.mark.parametrize("figure", oracle.LIES)
def test_every_lie_is_caught(figure: str) -> None:
    truth = cases.case(*SCENE_OF.get(figure, ("reused", 1))).truth
    result = copy.deepcopy(oracle.perfect(truth))
    oracle.LIES[figure](result)

    complaints = judge.complaints({**judge.score(truth, result), "family": "any"})

    assert figure in {complaint.split(" ")[0] for complaint in complaints}


def test_an_extract_with_one_wrong_byte_is_caught(tmp_path: Path) -> None:
    case = cases.case("simple", 1)
    lost = next(item for item in case.truth["lost"] if item["target"])
    data = bytearray()
    for segment in lost["segments"]:
        with case.disks[segment["disk"]].open("rb") as f:
            f.seek(segment["offset"])
            data += f.read(segment["bytes"])
    (tmp_path / "right").write_bytes(data)
    data[len(data) // 2] ^= 1
    (tmp_path / "wrong").write_bytes(data)
    said = [{"uuid": lost["id"], "path": str(tmp_path / name)} for name in ("right", "wrong")]

    figures = judge.score(case.truth, {"extracted": said})

    assert (figures["x_same"], figures["x_bad"]) == (1, 1)
