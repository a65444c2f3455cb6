from __future__ import annotations

from lvtui.rescue.vdis import vdi_rows
from tests.rescue.told import sm_life

LIFE = sm_life()
ROWS = {row.vdi_uuid: row for row in vdi_rows(LIFE.history())}


def test_a_disk_that_changed_its_lv_is_one_row_and_the_latest_is_the_row() -> None:
    for name, held in LIFE.truth["final"]["lvs"].items():
        if name.startswith("VHD-"):
            assert held["lv"] == ROWS[name.removeprefix("VHD-")].lv_uuid


def test_every_lv_that_ever_bore_a_disks_name_is_found_with_its_versions() -> None:
    expected: dict[str, set[tuple[str, int, int]]] = {}
    for lv in LIFE.truth["lvs"]:
        for name in lv["names"]:
            if name["name"].startswith("VHD-") and "OLD_" not in name["name"]:
                borne = (lv["id"], name["first_seqno"], name["last_seqno"])
                expected.setdefault(name["name"].removeprefix("VHD-"), set()).add(borne)

    found = {
        vdi: {(one.lv_uuid, one.first.seqno, one.last.seqno) for one in row.bearings}
        for vdi, row in ROWS.items()
    }
    assert expected == found


def test_earlier_volumes_of_a_disk_are_told_without_the_latest() -> None:
    row = max(ROWS.values(), key=lambda row: len(row.bearings))

    assert len(row.bearings) > len(row.earlier) + 1
    assert row.lv_uuid not in row.earlier
