from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.extents import (
    PvExtents,
    occupied_extents,
    overlaps,
    placed_extents,
    total,
    union,
    without,
)
from tests.lvm.groups import PV0, PV1, Lv, Pv, Seg, Vg, lv, lv_uuid, parsed

BOTH = (Pv(), Pv(uuid=PV1, name="pv1"))


def _placed(one: Lv) -> list[tuple[str, int, int, int]]:
    vg = parsed(Vg(1, (one,), pvs=BOTH))
    return [
        (run.pv_uuid, run.start_extent, run.extent_count, run.lv_start_extent)
        for run in placed_extents(vg, vg.lvs[0])
    ]


def test_runs_come_in_lv_order_and_adjacent_ones_are_joined() -> None:
    assert _placed(lv("a", 1, (20, 5), (25, 2), (3, 4), (7, 1, "pv1"))) == [
        (PV0, 20, 7, 0),
        (PV0, 3, 4, 7),
        (PV1, 7, 1, 11),
    ]


def test_each_stripe_holds_its_share_of_the_extents() -> None:
    assert _placed(Lv("s", 1, (Seg(6, (("pv0", 10), ("pv1", 20))),))) == [
        (PV0, 10, 3, 0),
        (PV1, 20, 3, 0),
    ]


def test_a_mirror_of_a_pvmove_holds_both_of_its_places() -> None:
    move = Lv("pvmove0", 9, (Seg(5, (("pv0", 10), ("pv0", 50)), type="mirror"),))
    vg = parsed(Vg(1, (move, lv("a", 1, (0, 5)))))

    occupied = occupied_extents(vg)

    assert [(run.start_extent, run.extent_count, run.lv_name) for run in occupied] == [
        (0, 5, "a"),
        (10, 5, "pvmove0"),
        (50, 5, "pvmove0"),
    ]
    assert placed_extents(vg, vg.lvs[0]) == ()


def test_a_stripe_on_another_lv_is_no_place_on_a_pv() -> None:
    assert _placed(lv("a", 1, (0, 5, "pvmove0"), (7, 1))) == [(PV0, 7, 1, 5)]


_RUNS = st.lists(
    st.builds(
        lambda pv, start, count, number: PvExtents(
            pv, start, count, lv_uuid(number), f"lv{number}", 100 * number
        ),
        st.sampled_from([PV0, PV1]),
        st.integers(0, 40),
        st.integers(0, 12),
        st.integers(0, 4),
    ),
    max_size=12,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(_RUNS, _RUNS)
def test_overlaps_are_exactly_the_shared_extents(
    mine: list[PvExtents], others: list[PvExtents]
) -> None:
    expected = []
    for one in mine:
        for other in others:
            start = max(one.start_extent, other.start_extent)
            end = min(one.end_extent, other.end_extent)
            if one.pv_uuid == other.pv_uuid and start < end:
                expected.append(
                    (one.lv_start_extent + start - one.start_extent, start, end - start)
                )

    found = overlaps(mine, others)

    assert sorted(expected) == sorted(
        (one.lv_start_extent, one.start_extent, one.extent_count) for one, _ in found
    )
    assert all(
        (one.pv_uuid, one.start_extent, one.extent_count)
        == (other.pv_uuid, other.start_extent, other.extent_count)
        for one, other in found
    )


def test_overlaps_do_not_compare_every_pair() -> None:
    def side(shift: int, count: int) -> list[PvExtents]:
        return [PvExtents(PV0, 10 * n + shift, 3, "u", "n", 0) for n in range(count)]

    def seconds(count: int) -> float:
        mine, others = side(0, count), side(5, count)
        before = time.process_time()
        assert overlaps(mine, others) == ()
        return time.process_time() - before

    seconds(1000)

    assert seconds(40_000) < 30 * max(seconds(4000), 0.005)


_SETS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=10)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(_SETS, _SETS)
def test_union_and_without_are_those_of_sets(
    some: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    def points(runs: list[tuple[int, int]]) -> set[int]:
        return {point for start, end in runs for point in range(start, end)}

    left = without(union(some), union(taken))

    assert points(list(left)) == points(some) - points(taken)
    assert total(left) == len(points(some) - points(taken))
    assert all(one[1] < other[0] for one, other in zip(union(some), union(some)[1:], strict=False))


@pytest.mark.parametrize("count", [0, -3, 2**63])
def test_hostile_counts_do_not_break_the_sweep(count: int) -> None:
    odd = PvExtents(PV0, -5, count, "u", "n", 0)
    sane = PvExtents(PV0, 0, 5, "v", "m", 0)

    shared = overlaps([odd], [sane])

    assert sum(one.extent_count for one, _ in shared) == (5 if count > 5 else 0)
