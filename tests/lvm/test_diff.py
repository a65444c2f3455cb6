from __future__ import annotations

from dataclasses import replace

import pytest

from lvtui.lvm.diff import Change, diff
from lvtui.lvm.text import TextParser
from tests.lvm.groups import PV0, PV1, Lv, Pv, Vg, lv, lv_uuid

A, B = lv("a", 1, (0, 5)), lv("b", 2, (5, 5))
BOTH = (Pv(), Pv(uuid=PV1, name="pv1"))


def _diff(before: Vg, after: Vg) -> list[tuple[str, str, str | None, str | None]]:
    parser = TextParser()
    changes = diff(parser.parse(before.text), parser.parse(after.text))
    assert all(isinstance(change, Change) for change in changes)
    return [(one.op, one.path, one.before, one.after) for one in changes if one.path != "seqno"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param((A, B), (A, B), [], id="nothing"),
        pytest.param(
            (A,), (A, B), [("added", "logical_volumes/b", None, lv_uuid(2))], id="a-new-volume"
        ),
        pytest.param(
            (A, B), (A,), [("removed", "logical_volumes/b", lv_uuid(2), None)], id="a-lost-volume"
        ),
        pytest.param(
            (A,),
            (replace(A, name="new"),),
            [("changed", "logical_volumes/a/name", "a", "new")],
            id="a-rename",
        ),
        pytest.param(
            (A,),
            (replace(A, number=7),),
            [
                ("removed", "logical_volumes/a", lv_uuid(1), None),
                ("added", "logical_volumes/a", None, lv_uuid(7)),
            ],
            id="the-same-name-with-another-uuid",
        ),
        pytest.param(
            (A,),
            (replace(A, tags=("hidden",)),),
            [("added", "logical_volumes/a/tags", None, '["hidden"]')],
            id="a-tag",
        ),
        pytest.param(
            (A,),
            (lv("a", 1, (0, 8)),),
            [("changed", "logical_volumes/a/segment1/extent_count", "5", "8")],
            id="a-resize",
        ),
        pytest.param(
            (A,),
            (lv("a", 1, (0, 5), (9, 1)),),
            [
                ("changed", "logical_volumes/a/segment_count", "1", "2"),
                ("added", "logical_volumes/a/segment2", None, "segment2"),
            ],
            id="a-second-segment",
        ),
        pytest.param(
            (A,),
            (lv("a", 1, (40, 5)),),
            [
                (
                    "changed",
                    "logical_volumes/a/segment1/stripes",
                    '["pv0", 0]',
                    '["pv0", 40]',
                )
            ],
            id="a-move",
        ),
    ],
)
def test_changes_of_volumes_are_matched_by_uuid(
    before: tuple[Lv, ...],
    after: tuple[Lv, ...],
    expected: list[tuple[str, str, str | None, str | None]],
) -> None:
    assert _diff(Vg(1, before), Vg(2, after)) == expected


def test_the_group_and_its_pvs_are_compared_too() -> None:
    assert _diff(Vg(1, (A,)), Vg(2, (A,), name="NEW", extent_size=16, pvs=(Pv(pe_start=8),))) == [
        ("changed", "name", "VGX", "NEW"),
        ("changed", "extent_size", "8192", "16"),
        ("changed", "physical_volumes/pv0/dev_size", "8214528", "16008"),
        ("changed", "physical_volumes/pv0/pe_start", "22528", "8"),
    ]


def test_a_volume_whose_pv_has_another_number_has_not_changed() -> None:
    turned = (Pv(uuid=PV1, name="pv0"), Pv(name="pv1"))

    assert _diff(Vg(1, (A,), pvs=BOTH), Vg(2, (lv("a", 1, (0, 5, "pv1")),), pvs=turned)) == []


def test_the_same_words_on_another_pv_are_a_change() -> None:
    turned = (Pv(uuid=PV1, name="pv0"), Pv(name="pv1"))

    assert _diff(Vg(1, (A,), pvs=BOTH), Vg(2, (A,), pvs=turned)) == [
        ("changed", "logical_volumes/a/segment1/stripes", '["pv1", 0]', '["pv0", 0]')
    ]


def test_a_pv_that_left_is_named_by_its_id() -> None:
    changes = _diff(Vg(1, (A,), pvs=BOTH), Vg(2, (A,)))

    assert changes == [("removed", "physical_volumes/pv1", PV1, None)]
    assert _diff(Vg(1), Vg(2, pvs=BOTH)) == [("added", "physical_volumes/pv1", None, PV1)]
    assert PV0 not in str(changes)
