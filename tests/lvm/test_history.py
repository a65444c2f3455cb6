from __future__ import annotations

from dataclasses import replace

import pytest

from lvtui.lvm.carve import CopyState, Origin, carve_area
from lvtui.lvm.history import build_histories, find_trim_helper
from lvtui.lvm.text import TextParser
from tests.lvm.groups import (
    PV1,
    T0,
    Pv,
    Vg,
    backup_copy,
    history_of,
    lost_by_name,
    lv,
    lv_uuid,
    ring,
    seqnos,
    shrunk_by_name,
)
from tests.rings import RealRing, load_ring

A, B, C = lv("a", 1, (0, 5)), lv("b", 2, (5, 5)), lv("c", 3, (10, 5))
OTHER_VG = "zzzzzz-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb"


@pytest.mark.parametrize("name", ["xs1100", "wrap-2.02.84", "wrap-2.02.180", "history-2.03.16"])
def test_a_real_ring_comes_out_in_the_order_in_which_lvm_wrote_it(name: str) -> None:
    ring_of_lvm = load_ring(name)
    written = [text.raw.rstrip(b"\0 \n") for text in ring_of_lvm.texts if text.state == "whole"]

    histories = build_histories(carve_area(ring_of_lvm.area, ring_of_lvm.area_data))

    found = [v.copies[0].stripped for h in reversed(histories) for v in h.versions if v.whole]
    assert [text for text in found if text in set(written)] == written
    assert [v.reason for h in histories for v in h.versions if v.whole] == [None] * len(found)


@pytest.mark.parametrize("name", ["xs1100", "wrap-2.02.84", "wrap-2.02.180"])
def test_a_real_ring_without_its_header_has_the_same_order_and_nothing_in_use(name: str) -> None:
    ring_of_lvm = load_ring(name)
    area = replace(ring_of_lvm.area, header=None)

    with_header = build_histories(carve_area(ring_of_lvm.area, ring_of_lvm.area_data))
    without = build_histories(carve_area(area, ring_of_lvm.area_data))

    assert seqnos(without[0]) == seqnos(with_header[0])
    assert without[0].current is None
    assert {version.committed for version in without[0].versions} == {None}


def test_both_branches_of_a_restore_are_kept_apart_and_in_order(history_ring: RealRing) -> None:
    old = build_histories(carve_area(history_ring.area, history_ring.area_data))[1]

    assert seqnos(old) == [None, 4, 5, 6, 7, 5, 6, 7, 8, 9, 10]
    assert old.vg_name == "NEWVG"
    assert old.forks == ()
    assert len({version.id for version in old.versions}) == 11


def test_a_torn_text_without_its_head_belongs_to_the_text_behind_it(
    history_ring: RealRing,
) -> None:
    in_use, old = build_histories(carve_area(history_ring.area, history_ring.area_data))

    assert old.versions[0].state is CopyState.TORN
    assert old.versions[0].seqno is None
    assert all(version.whole for version in in_use.versions)


def test_the_text_that_the_header_points_to_is_current_wherever_it_lies() -> None:
    versions = [Vg(n, (A,) * (n % 2)) for n in range(1, 40)]

    history = history_of(versions, size_bytes=16 * 1024)

    assert history.current is history.versions[-1]
    numbers = [seqno for seqno in seqnos(history) if seqno is not None]
    assert numbers == list(range(numbers[0], 40))
    assert numbers[0] > 1


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("count", range(10, 30))
def test_a_ring_that_wrapped_is_in_order_at_any_place_of_the_write_head(
    count: int, *, header: bool
) -> None:
    versions = [Vg(n, (A, B)[: n % 3]) for n in range(1, count + 1)]

    history = history_of(versions, size_bytes=16 * 1024, header=header)

    numbers = [seqno for seqno in seqnos(history) if seqno is not None]
    assert numbers == list(range(numbers[0], count + 1))


@pytest.mark.parametrize("header", [True, False])
def test_a_clock_that_was_set_back_does_not_change_the_order(*, header: bool) -> None:
    times = [100, 200, 300, 50, 60, 70]
    versions = [Vg(n, (A,), time=T0 + time) for n, time in enumerate(times, 1)]

    assert seqnos(history_of(versions, header=header)) == [1, 2, 3, 4, 5, 6]


def test_a_ring_that_was_started_again_from_its_front_is_ordered_by_time() -> None:
    """pvcreate --restorefile and vgcfgrestore: the next text goes to the front of the ring."""
    old = [Vg(n, (A, B)) for n in range(1, 30)]
    copies = ring(old, size_bytes=16 * 1024, committed=None)
    front = min(copy.offset_bytes for copy in copies)
    again = backup_copy(Vg(4, (A,), time=T0 + 10_000), Origin.RING)
    again = again._replace(area=0, offset_bytes=front - 512, slot=None)

    numbers = seqnos(build_histories((*copies, again))[0])

    assert numbers[-1] == 4
    whole = [n for n in numbers[:-1] if n is not None]
    assert whole == sorted(whole)


def test_the_same_text_on_two_pvs_is_one_version_with_two_copies() -> None:
    versions = [Vg(1), Vg(2, (A,)), Vg(3, (A, B))]

    (history,) = build_histories(ring(versions) + ring(versions, device=1))

    assert seqnos(history) == [1, 2, 3]
    assert [[c.device for c in v.copies] for v in history.versions] == [[0, 1]] * 3


def test_rings_of_two_pvs_that_hold_different_windows_are_joined() -> None:
    versions = [Vg(n, (A,) * (n % 2)) for n in range(1, 31)]

    (history,) = build_histories(
        ring(versions, size_bytes=8 * 1024) + ring(versions[:20], device=1)
    )

    whole = [version.seqno for version in history.versions if version.whole]
    assert whole[:20] == list(range(1, 21))
    assert whole[-1] == 30
    assert history.current is not None
    assert history.current.seqno == 30
    assert history.missing_seqnos == ((21, (whole[20] or 0) - 1),)
    assert [str(warning) for warning in history.warnings] == [
        "device 1 stops at version 20; device 0 goes on to 30"
    ]


def test_pvs_that_disagree_on_the_same_seqno_are_a_fork_and_warned_of() -> None:
    common = [Vg(1), Vg(2, (A, B))]

    (history,) = build_histories(
        ring([*common, Vg(3, (A,))]) + ring([*common, Vg(3, (B,), time=T0 + 181)], device=1)
    )

    assert [(one.seqno, other.seqno) for one, other in history.forks] == [(3, 3)]
    assert len(history.warnings) == 2
    assert "different texts of version 3" in str(history.warnings[0])


def test_a_second_writer_in_one_ring_is_a_fork_and_a_restore_is_not() -> None:
    base = [Vg(1), Vg(2, (A, B))]
    fork = history_of([*base, Vg(3, (A, B, C)), Vg(3, (B,), time=T0 + 500)])
    restored = history_of([*base, Vg(3, (A, B, C)), Vg(3, (A, B), time=T0 + 500)])
    said_so = history_of(
        [*base, Vg(3, (A, B, C)), Vg(3, (B,), time=T0 + 500, description="vgcfgrestore -f x VGX")]
    )

    assert [(one.seqno, other.seqno) for one, other in fork.forks] == [(3, 3)]
    assert restored.forks == ()
    assert said_so.forks == ()


def test_gaps_between_the_oldest_and_the_newest_are_named() -> None:
    copies = ring([Vg(n, (A,)) for n in range(1, 11)])

    (history,) = build_histories(tuple(c for c in copies if c.index.seqno not in {1, 4, 5, 8}))

    assert history.missing_seqnos == ((4, 5), (8, 8))


def test_a_jump_of_the_seqno_within_an_unbroken_ring_is_no_gap() -> None:
    """vgcfgrestore of a file with seqno 1000 goes on with 1001."""
    history = history_of([Vg(1), Vg(2, (A,)), Vg(1001, (A,), time=T0 + 900)])

    assert history.missing_seqnos == ()


def test_a_renamed_group_is_one_history_and_a_recreated_one_is_another() -> None:
    renamed = [Vg(1, (A,)), Vg(2, (A,), name="NEW")]
    recreated = [Vg(1, uuid=OTHER_VG, time=T0 + 900), Vg(2, (B,), uuid=OTHER_VG, time=T0 + 960)]

    in_use, before = build_histories(ring([*renamed, *recreated]))

    assert (in_use.vg_uuid, seqnos(in_use)) == (OTHER_VG, [1, 2])
    assert (before.vg_name, seqnos(before), before.current) == ("NEW", [1, 2], None)


def test_a_text_that_was_never_committed_is_listed_and_nothing_rests_on_it() -> None:
    history = history_of([Vg(1), Vg(2, (A,)), Vg(3, (A, B))], committed=1, precommitted=2)

    assert [version.committed for version in history.versions] == [True, True, False]
    assert history.current is history.versions[1]
    assert not history.versions[2].usable
    assert lost_by_name(history) == {}


def test_a_text_that_does_not_parse_is_suspect_with_its_reason_and_not_usable() -> None:
    good = Vg(2, (A,)).text
    bad = good.replace(b"extent_count = 5", b"extent_count = ]")
    copies = list(ring([Vg(1), Vg(2, (A,)), Vg(3, (A,))]))
    copies[1] = copies[1]._replace(text=bad)

    (history,) = build_histories(tuple(copies))

    assert [version.state for version in history.versions] == ["whole", "suspect", "whole"]
    assert history.versions[1].reason is not None
    assert not history.versions[1].usable


def test_a_current_text_that_does_not_parse_leaves_the_group_without_one() -> None:
    copies = list(ring([Vg(1, (A,)), Vg(2, (A,))]))
    copies[1] = copies[1]._replace(text=copies[1].text.replace(b"extent_count = 5", b"x = = 5"))

    (history,) = build_histories(tuple(copies))

    assert history.current is None
    assert history.versions[1].current
    assert list(lost_by_name(history)) == ["a"]


def test_quick_parses_nothing_and_calls_nothing_suspect() -> None:
    (history,) = build_histories(ring([Vg(1), Vg(2, (A,))]), parse=False)

    assert [version.vg for version in history.versions] == [None, None]
    assert [version.state for version in history.versions] == ["whole", "whole"]
    assert history.current is history.versions[1]


def test_each_distinct_section_is_parsed_once_over_all_groups() -> None:
    parser = TextParser()

    build_histories(ring([Vg(n, (A, B)[: n % 3]) for n in range(1, 40)]), parser=parser)

    assert parser.parser_calls == parser.distinct_sections
    assert parser.parser_calls < 20


def test_a_backup_file_joins_between_the_versions_of_its_time() -> None:
    copies = ring([Vg(1), Vg(3, (A,)), Vg(4, (A, B))])
    backup = backup_copy(Vg(2, (A, C), time=T0 + 100))

    (history,) = build_histories((*copies, backup))

    assert seqnos(history) == [1, 2, 3, 4]
    assert history.versions[1].committed is None
    assert history.forks == ()


def test_a_group_in_use_comes_before_one_that_is_newer() -> None:
    in_use = ring([Vg(1), Vg(2, (A,))])
    newer = ring([Vg(1, uuid=OTHER_VG, time=T0 + 9000)], device=1, committed=None)

    histories = build_histories(newer + in_use)

    assert [history.current is not None for history in histories] == [True, False]


def test_an_lv_is_lost_by_its_uuid_and_never_by_its_name() -> None:
    history = history_of(
        [
            Vg(1, (A, B)),
            Vg(2, (replace(A, name="renamed"), B)),
            Vg(3, (replace(A, name="renamed"),)),
            Vg(4, (replace(A, name="renamed"), lv("b", 9, (50, 5)))),
        ]
    )

    lost = lost_by_name(history)

    assert list(lost) == ["b"]
    assert lost["b"].lv.uuid == lv_uuid(2)
    assert lost["b"].last_seen.seqno == 2
    assert lost["b"].first_missing is not None
    assert lost["b"].first_missing.seqno == 3


def test_without_a_current_text_every_lv_is_lost_and_the_newest_texts_come_first() -> None:
    history = history_of([Vg(1, (A,)), Vg(2, (A, B)), Vg(3, (B, C))], committed=None)

    lost = lost_by_name(history)

    assert sorted(list(lost)[:2]) == ["b", "c"]
    assert {name: one.first_missing and one.first_missing.seqno for name, one in lost.items()} == {
        "a": 3,
        "b": None,
        "c": None,
    }


def test_the_newest_loss_comes_first() -> None:
    history = history_of([Vg(1, (A, B, C)), Vg(2, (A, B)), Vg(3, (A,)), Vg(4)])

    assert list(lost_by_name(history)) == ["a", "b", "c"]


def test_an_lv_that_is_being_moved_is_taken_from_its_place_before() -> None:
    moving = replace(lv("a", 1, (0, 5, "pvmove0")), status=("READ", "WRITE", "VISIBLE", "LOCKED"))
    history = history_of([Vg(1, (A,)), Vg(2, (moving,)), Vg(3)])

    lost = lost_by_name(history)["a"]

    assert lost.last_seen.seqno == 1
    assert lost.first_missing is not None
    assert lost.first_missing.seqno == 3


def test_a_shrunk_lv_is_given_as_it_was_at_its_largest() -> None:
    large = lv("a", 1, (0, 5), (20, 5))
    history = history_of([Vg(1, (A,)), Vg(2, (large,)), Vg(3, (large, B)), Vg(4, (A, B))])

    shrunk = shrunk_by_name(history)

    assert list(shrunk) == ["a"]
    assert shrunk["a"].lv.extent_count == 10
    assert shrunk["a"].last_seen.seqno == 3
    assert shrunk["a"].first_missing is not None
    assert shrunk["a"].first_missing.seqno == 4
    assert shrunk["a"].shrunk
    assert lost_by_name(history) == {}


def test_an_lv_that_grew_back_onto_other_extents_is_shrunk_and_a_moved_one_is_not() -> None:
    large, regrown = lv("a", 1, (0, 5), (20, 5)), lv("a", 1, (0, 5), (30, 5))
    grew_back = history_of([Vg(1, (large,)), Vg(2, (A,)), Vg(3, (regrown,))])
    same_place = history_of([Vg(1, (large,)), Vg(2, (A,)), Vg(3, (large,))])
    moved = history_of([Vg(1, (A,)), Vg(2, (lv("a", 1, (40, 5)),))])

    assert list(shrunk_by_name(grew_back)) == ["a"]
    assert shrunk_by_name(same_place) == {}
    assert shrunk_by_name(moved) == {}


def test_the_trim_helper_is_found() -> None:
    helper = lv("6513270e-269e-4d37-b2a7-4de452e6b438_trim_lv", 8, (5, 995))
    history = history_of([Vg(1, (A,)), Vg(2, (A, helper)), Vg(3, (A,))])

    found = find_trim_helper(history)

    assert found is not None
    assert (found.lv.name, found.first.seqno, found.last.seqno) == (helper.name, 2, 2)
    assert find_trim_helper(history_of([Vg(1, (A,))])) is None


def test_pv_names_are_positions_and_do_not_move_an_lv() -> None:
    two = (Pv(), Pv(uuid=PV1, name="pv1"))
    turned = (Pv(uuid=PV1, name="pv0"), Pv(name="pv1"))
    history = history_of([Vg(1, (A,), pvs=two), Vg(2, (lv("a", 1, (0, 5, "pv1")),), pvs=turned)])

    assert history.timeline is not None
    assert len(history.timeline.held) == 1


def test_with_a_header_a_clock_that_was_set_back_over_a_missing_text_does_not_change_the_order() -> (
    None
):
    times = [100, 200, 300, 50, 60, 70]
    copies = ring([Vg(n, (A,), time=T0 + time) for n, time in enumerate(times, 1)])

    (history,) = build_histories(tuple(c for c in copies if c.index.seqno != 4))

    assert seqnos(history) == [1, 2, 3, 5, 6]


def test_of_two_pvs_the_higher_seqno_is_in_use_whatever_their_clocks_say() -> None:
    ahead = [Vg(1), Vg(2, (A,)), Vg(3, (A, B))]
    stale = [Vg(1), Vg(2, (B,), time=T0 + 9000)]

    (history,) = build_histories(ring(ahead) + ring(stale, device=1))

    assert history.current is not None
    assert history.current.seqno == 3
