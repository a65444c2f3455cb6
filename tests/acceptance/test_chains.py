"""The disks inside lost volumes, on disks made by real LVM2, scored by the judge."""

from __future__ import annotations

import pytest

from lvtui.flow.checking import check_volume
from lvtui.flow.discover import discover
from tests.lab import cases, judge, toolbox
from tests.lab.flatten import insides

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

FAMILIES = ("simple", "multi", "chain", "labelgone")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_lost_disk_is_flattened_to_the_truths_bytes(family: str, seed: int) -> None:
    case = cases.case(family, seed)
    targets = {item["id"]: item["name"] for item in case.truth["lost"] if item["target"]}
    disks, chains = insides(discover(case.spec))
    said = [
        {"name": name, "virtual_sha256": disks[uuid]}
        for uuid, name in targets.items()
        if uuid in disks
    ]

    figures = judge.score(case.truth, {"vhds": said, "chains": chains})

    assert figures["vhd_bad"] == 0
    assert figures["vhd_ok"] == figures["vhd_truth"] > 0
    assert figures["chain_ok"] == figures["chain_truth"]


def test_the_name_of_every_lost_disk_comes_from_mgt() -> None:
    case = cases.case("multi", 1)
    named = {item["id"]: item["mgt_name"] for item in case.truth["lost"] if item["mgt_name"]}

    said = {r.lost.lv.uuid: r.label for r in discover(case.spec).lost if r.label is not None}

    assert named
    assert {uuid: said[uuid].text for uuid in named if uuid in said} == named


def test_a_present_disk_that_stands_on_a_lost_one_is_checked_through_it() -> None:
    case = cases.case("chain", 2)
    discovery = discover(case.spec)
    (middle,) = (item for item in case.truth["lost"] if item["target"])
    report = next(r for r in discovery.lost if r.lost.lv.uuid == middle["id"])
    current = discovery.history.current if discovery.history else None
    assert current is not None
    assert current.vg is not None
    checks = [
        check_volume(discovery, lv.uuid) for lv in current.vg.lvs if lv.name.startswith("VHD-")
    ]

    through = [c for c in checks if report.lost.lv.uuid in {one.lv.uuid for one in c.chain[1:]}]

    assert [check.exit_code for check in through] == [0]
