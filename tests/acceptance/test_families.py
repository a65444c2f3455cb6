"""lvtui on disks made by real LVM2 with known history, scored by the judge.

`make test` takes two seeds of each family, `make soak` twenty-five more; `python -m tests.soak
families` goes on from where it was stopped, for as many as wanted.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvtui.flow.discover import discover
from tests.lab import cases, judge, toolbox
from tests.lab.examine import examine
from tests.lab.families import FAMILIES

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

SEEDS = (1, 2)
SOAK_SEEDS = range(3, 28)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_all_is_found_and_nothing_invented(family: str, seed: int, tmp_path: Path) -> None:
    figures = examine(cases.case(family, seed), tmp_path)

    assert judge.complaints(figures) == []
    assert figures["v_found"] > 0
    assert figures["t_found"] == figures["t_truth"]


@pytest.mark.soak
@pytest.mark.skipif("LVTUI_SOAK" not in os.environ, reason="make soak runs this")
@pytest.mark.parametrize("family", FAMILIES)
def test_all_is_found_at_every_seed(family: str, tmp_path: Path) -> None:
    wrong = {}
    for seed in SOAK_SEEDS:
        with cases.throw_away(family, seed) as case:
            wrong[seed] = judge.complaints(examine(case, tmp_path))

    assert {seed: complaints for seed, complaints in wrong.items() if complaints} == {}


@pytest.mark.parametrize(
    ("family", "words"),
    [
        pytest.param("simple", {"intact"}, id="nothing-happened-since"),
        pytest.param("reused", {"damaged"}, id="a-later-lv-has-some-of-it"),
        pytest.param("labelgone", {"likely"}, id="no-label-names-the-pv"),
        pytest.param("mdahdr", {"likely"}, id="no-text-is-in-use"),
        pytest.param("twopv", {"intact"}, id="all-pvs-are-given"),
    ],
)
def test_the_verdict_of_what_the_operator_wants_back(family: str, words: set[str]) -> None:
    case = cases.case(family, 1)
    targets = {item["id"] for item in case.truth["lost"] if item["target"]}

    found = discover(case.spec).lost

    assert {r.verdict.word.value for r in found if r.lost.lv.uuid in targets} == words


def test_of_two_pvs_one_is_missing_and_the_verdict_says_so() -> None:
    case = cases.case("twopv", 1)
    spanning = next(i for i in case.truth["lost"] if i["note"] == "spans two PVs")

    (report,) = (r for r in discover(str(case.disks[0])).lost if r.lost.lv.uuid == spanning["id"])

    assert report.verdict.word == "unreadable"
    assert case.truth["disks"][1]["pv_uuid"] in str(report.verdict.reasons[0]).replace("-", "")
