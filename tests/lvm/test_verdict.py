from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest

from lvtui.lvm.carve import carve_area
from lvtui.lvm.history import LostVolume, build_histories, lost_volumes, shrunk_volumes
from lvtui.lvm.verdict import Verdict, judge
from tests.lvm.groups import (
    EXTENT_BYTES,
    PV0,
    PV1,
    T0,
    VG,
    Lv,
    Pv,
    Seg,
    Vg,
    history_of,
    lost_by_name,
    lv,
    lv_uuid,
    ring,
    shrunk_by_name,
)
from tests.rings import RealRing

OTHER_VG = "zzzzzz-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb"
A = lv("a", 1, (10, 10))
KEEP = lv("keep", 2, (500, 5))


def _judged(*versions: Vg, name: str = "a", **how: object) -> Verdict:
    return judge(lost_by_name(history_of(versions, **how))[name])


def _versions(*states: tuple[Lv, ...]) -> tuple[Vg, ...]:
    return tuple(Vg(number, state) for number, state in enumerate(states, 1))


def _said(verdict: Verdict) -> str:
    return " / ".join(str(reason) for reason in verdict.reasons)


def test_a_volume_that_nobody_touched_is_intact() -> None:
    verdict = _judged(*_versions((A, KEEP), (KEEP,), (KEEP, lv("new", 3, (20, 5)))))

    assert verdict.word == "intact"
    assert verdict.overwritten_bytes == verdict.at_risk_bytes == 0
    assert verdict.conflicts == ()
    assert verdict.missing_seqnos == ()


def test_extents_given_away_now_are_overwritten_with_exact_bytes_and_owner() -> None:
    verdict = _judged(*_versions((A,), (), (lv("thief", 3, (5, 7)),)))

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == 2 * EXTENT_BYTES
    (conflict,) = verdict.conflicts
    assert (conflict.lv_start_extent, conflict.extent_count) == (0, 2)
    assert (conflict.owner, conflict.owner_uuid) == ("thief", lv_uuid(3))
    assert (conflict.since_seqno, conflict.now) == (3, True)
    assert (conflict.pv_uuid, conflict.pv_start_extent) == (PV0, 10)


def test_extents_given_away_and_freed_again_are_at_risk_not_intact() -> None:
    verdict = _judged(*_versions((A,), (), (lv("tmp", 3, (18, 7)),), ()))

    assert verdict.word == "at-risk"
    assert (verdict.overwritten_bytes, verdict.at_risk_bytes) == (0, 2 * EXTENT_BYTES)
    (conflict,) = verdict.conflicts
    assert (conflict.lv_start_extent, conflict.extent_count, conflict.now) == (8, 2, False)
    assert "tmp" in _said(verdict)


def test_bytes_are_counted_once_however_many_owned_them() -> None:
    verdict = _judged(
        *_versions((A,), (lv("b", 3, (10, 6)),), (lv("c", 4, (12, 6)),), (lv("d", 5, (14, 2)),))
    )

    assert verdict.overwritten_bytes == 2 * EXTENT_BYTES
    assert verdict.at_risk_bytes == 6 * EXTENT_BYTES
    assert [(c.lv_start_extent, c.extent_count, c.owner, c.now) for c in verdict.conflicts] == [
        (0, 6, "b", False),
        (2, 6, "c", False),
        (4, 2, "d", True),
    ]


def test_an_owner_that_comes_and_goes_is_one_conflict_since_its_first_time() -> None:
    states: list[tuple[Lv, ...]] = [(A,)]
    for round_number in range(40):
        states += [(lv("tmp", 3, (12, 2 + round_number % 3)),), ()]

    verdict = _judged(*_versions(*states))

    (conflict,) = verdict.conflicts
    assert (conflict.lv_start_extent, conflict.extent_count, conflict.since_seqno) == (2, 4, 2)
    assert verdict.at_risk_bytes == 4 * EXTENT_BYTES


def test_a_rename_or_a_tag_of_the_owner_makes_no_second_conflict() -> None:
    thief = lv("thief", 3, (10, 4))
    verdict = _judged(
        *_versions((A,), (thief,), (replace(thief, tags=("t",)),), (replace(thief, name="new"),))
    )

    (conflict,) = verdict.conflicts
    assert (conflict.owner, conflict.since_seqno, conflict.now) == ("new", 2, True)


def test_a_pvmove_that_used_the_place_for_a_time_makes_it_at_risk() -> None:
    """The mirror of a pvmove holds both places while it runs."""
    move = Lv("pvmove0", 9, (Seg(5, (("pv0", 500), ("pv0", 12)), type="mirror"),))
    moving = replace(lv("keep", 2, (0, 5, "pvmove0")), status=("READ", "LOCKED"))
    verdict = _judged(*_versions((A, KEEP), (KEEP,), (moving, move), (KEEP,)))

    assert verdict.word == "at-risk"
    assert verdict.at_risk_bytes == 5 * EXTENT_BYTES


def test_a_volume_that_was_moved_is_judged_at_its_last_place_and_is_not_its_own_conflict() -> None:
    moved = lv("a", 1, (40, 10))
    verdict = _judged(*_versions((A,), (moved,), (), (lv("new", 3, (10, 10)),)))

    assert verdict.word == "intact"


def test_a_missing_version_makes_it_at_best_likely() -> None:
    copies = ring(_versions((A,), (A,), (), (), ()))
    (history,) = build_histories(tuple(c for c in copies if c.index.seqno != 4))

    verdict = judge(lost_by_name(history)["a"])

    assert verdict.word == "likely"
    assert verdict.missing_seqnos == ((4, 4),)


def test_a_version_that_was_missing_before_it_was_last_seen_does_not_matter() -> None:
    copies = ring(_versions((A,), (A,), (A,), ()))
    (history,) = build_histories(tuple(c for c in copies if c.index.seqno != 2))

    assert judge(lost_by_name(history)["a"]).word == "intact"


def test_a_text_that_cannot_be_read_between_counts_as_missing() -> None:
    copies = list(ring(_versions((A,), (), (), ())))
    copies[2] = copies[2]._replace(text=copies[2].text.replace(b"extent_size = 8192", b"x = ]"))
    (history,) = build_histories(tuple(copies))

    verdict = judge(lost_by_name(history)["a"])

    assert verdict.word == "likely"
    assert verdict.missing_seqnos == ((3, 3),)


def test_a_torn_text_of_a_restored_branch_counts_as_missing() -> None:
    """Its seqno is known from another text: only its place tells that something is unknown."""
    versions = [Vg(1, (A,)), Vg(2), Vg(2, (KEEP,), time=T0 + 500), Vg(3, (), time=T0 + 560)]
    copies = list(ring(versions))
    copies[2] = copies[2]._replace(text=copies[2].text.replace(b"extent_size = 8192", b"x = ]"))
    (history,) = build_histories(tuple(copies))

    verdict = judge(lost_by_name(history)["a"])

    assert verdict.word == "likely"
    assert verdict.missing_seqnos == ()
    assert "torn or contradicts itself" in _said(verdict)


def test_without_a_text_in_use_it_is_at_best_likely() -> None:
    untouched = _judged(*_versions((A,), (), ()), committed=None)
    taken = _judged(*_versions((A,), (), (lv("thief", 3, (10, 1)),)), committed=None)

    assert untouched.word == "likely"
    assert taken.word == "damaged"


def test_a_text_that_was_never_in_use_changes_nothing_but_is_mentioned() -> None:
    verdict = _judged(*_versions((A,), (), (lv("thief", 3, (10, 1)),)), committed=1, precommitted=2)

    assert verdict.word == "intact"
    assert "version 3 was written but never put in use" in _said(verdict)


def test_what_another_branch_did_before_a_restore_counts() -> None:
    """a: removed, its place used, brought back by a vgcfgrestore, removed again."""
    verdict = _judged(
        Vg(1, (A, KEEP)),
        Vg(2, (KEEP,)),
        Vg(3, (KEEP, lv("thief", 3, (10, 4)))),
        Vg(2, (A, KEEP), time=T0 + 900),
        Vg(3, (KEEP,), time=T0 + 960),
    )

    assert verdict.word == "at-risk"
    assert verdict.at_risk_bytes == 4 * EXTENT_BYTES


def test_what_was_done_while_it_was_away_counts_after_a_merge_brought_it_back() -> None:
    verdict = _judged(*_versions((A,), (), (lv("thief", 3, (10, 4)),), (), (A,), ()))

    assert verdict.word == "at-risk"
    assert verdict.at_risk_bytes == 4 * EXTENT_BYTES


def test_a_branch_in_which_it_lay_elsewhere_counts() -> None:
    verdict = _judged(
        Vg(1, (A,)),
        Vg(2, (lv("a", 1, (40, 10)),)),
        Vg(3, (lv("a", 1, (40, 10)), lv("thief", 3, (10, 4)))),
        Vg(2, (A,), time=T0 + 900),
        Vg(3, (), time=T0 + 960),
    )

    assert verdict.word == "at-risk"


def test_of_two_restores_the_one_that_brought_it_back_tells_which_branch_was_left() -> None:
    """Two versions of seqno 2 can be what was restored: only the first holds a."""
    verdict = _judged(
        Vg(1),
        Vg(2, (A,)),
        Vg(3, (lv("a", 1, (40, 10)),)),
        Vg(4, (lv("a", 1, (40, 10)), lv("thief", 3, (10, 4)))),
        Vg(2, (), time=T0 + 900),
        Vg(3, (), time=T0 + 960),
        Vg(3, (A,), time=T0 + 1020),
        Vg(4, (), time=T0 + 1080),
    )

    assert verdict.word == "at-risk"


def test_a_loss_by_a_second_writer_is_at_best_likely_and_says_so() -> None:
    other = lv("other", 4, (700, 5))
    verdict = _judged(
        Vg(1, (KEEP,)),
        Vg(2, (KEEP, other)),
        Vg(3, (A, KEEP, other)),
        Vg(3, (KEEP,), time=T0 + 400),
    )

    assert verdict.word == "likely"
    assert "two hosts" in _said(verdict)


@pytest.mark.parametrize(
    ("change", "word", "says"),
    [
        pytest.param({"pvs": (Pv(pe_start=2048),)}, "likely", "begins at another", id="pe_start"),
        pytest.param({"extent_size": 4096}, "likely", "extent size", id="extent-size"),
        pytest.param({"pvs": (Pv(pe_count=15),)}, "at-risk", "outside the PV", id="pv-shrunk"),
        pytest.param({"pvs": (Pv(uuid=PV1, pe_count=9),)}, "likely", "not in the group", id="gone"),
        pytest.param({"pvs": (Pv(uuid=PV1),)}, "likely", "another id", id="same-pv-new-id"),
    ],
)
def test_a_group_that_changed_its_shape_is_never_intact(
    change: dict[str, object], word: str, says: str
) -> None:
    verdict = _judged(Vg(1, (A,)), Vg(2).but(**change))

    assert verdict.word == word
    assert says in _said(verdict)


def test_a_pv_with_a_new_id_is_still_asked_who_owns_the_place() -> None:
    verdict = _judged(Vg(1, (A,)), Vg(2, (lv("thief", 3, (10, 4)),), pvs=(Pv(uuid=PV1),)))

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == 4 * EXTENT_BYTES


def test_an_unchanged_block_that_means_another_pv_is_seen() -> None:
    """`"pv0", 10` of the owner is the same text in both versions, and another place."""
    both = (Pv(), Pv(uuid=PV1, name="pv1"))
    turned = (Pv(uuid=PV1, name="pv0"), Pv(name="pv1"))
    owner = lv("owner", 3, (10, 4))

    verdict = _judged(
        Vg(1, (lv("a", 1, (10, 10, "pv1")), owner), pvs=both), Vg(2, (owner,), pvs=turned)
    )

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == 4 * EXTENT_BYTES


def test_a_changed_extent_size_is_compared_by_bytes() -> None:
    """Extents of half the size: 20 to 39 are the old 10 to 19."""
    verdict = _judged(Vg(1, (A,)), Vg(2, (lv("thief", 3, (39, 9)),), extent_size=4096))

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == EXTENT_BYTES


@pytest.mark.parametrize(
    ("lost", "others", "says"),
    [
        pytest.param(lv("a", 1, (10, 5), (12, 5)), (), "on one another", id="its-own-segments"),
        pytest.param(A, (lv("b", 2, (15, 9)),), "to b as well", id="another-volume"),
        pytest.param(lv("a", 1, (995, 10)), (), "beyond the end", id="beyond-its-pv"),
    ],
)
def test_a_text_that_contradicts_itself_makes_it_at_risk(
    lost: Lv, others: tuple[Lv, ...], says: str
) -> None:
    """Twice alike: a text that contradicts itself alone is damaged, and none to judge by."""
    verdict = _judged(*_versions((lost, *others), (lost, *others), others and (), ()))

    assert verdict.word == "at-risk"
    assert says in _said(verdict)


def test_a_type_that_cannot_be_mapped_is_unsupported_and_named() -> None:
    thin = Lv("a", 1, (Seg(4, (), type="thin"),))

    verdict = _judged(*_versions((thin,), ()))

    assert verdict.word == "unsupported"
    assert "thin" in _said(verdict)


def test_freed_space_that_was_discarded_is_at_risk_and_said() -> None:
    helper = lv("6513270e-269e-4d37-b2a7-4de452e6b438_trim_lv", 8, (0, 500))

    verdict = _judged(*_versions((A, KEEP), (KEEP,), (helper, KEEP), (KEEP,)))

    assert verdict.word == "at-risk"
    assert verdict.at_risk_bytes == 10 * EXTENT_BYTES
    assert "discarded" in str(verdict.reasons[0])


def test_a_shrunk_volume_is_not_damaged_by_itself_but_by_who_took_its_tail() -> None:
    small = lv("a", 1, (10, 4))
    kept = shrunk_by_name(history_of(_versions((A,), (small,))))["a"]
    taken = shrunk_by_name(history_of(_versions((A,), (small, lv("b", 3, (18, 9))))))["a"]

    assert judge(kept).word == "intact"
    assert judge(taken).word == "damaged"
    assert judge(taken).overwritten_bytes == 2 * EXTENT_BYTES


def test_a_volume_that_grew_again_over_its_own_old_tail_is_damaged_there() -> None:
    """Its old tail is at another place of itself now."""
    history = history_of(
        _versions(
            (lv("a", 1, (10, 4), (30, 4)),), (lv("a", 1, (10, 4)),), (lv("a", 1, (10, 6), (30, 2)),)
        )
    )

    verdict = judge(shrunk_by_name(history)["a"])

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == 2 * EXTENT_BYTES


def test_a_striped_volume_is_judged_on_each_of_its_pvs() -> None:
    pvs = (Pv(), Pv(uuid=PV1, name="pv1"))
    striped = Lv("a", 1, (Seg(6, (("pv0", 10), ("pv1", 20))),))

    verdict = _judged(Vg(1, (striped,), pvs=pvs), Vg(2, (lv("thief", 3, (21, 9, "pv1")),), pvs=pvs))

    assert verdict.word == "damaged"
    assert verdict.overwritten_bytes == 2 * EXTENT_BYTES
    assert [(c.pv_uuid, c.pv_start_extent, c.extent_count) for c in verdict.conflicts] == [
        (PV1, 21, 2)
    ]


def test_a_restored_branch_on_a_real_ring_is_seen(history_ring: RealRing) -> None:
    """db was brought back by a vgcfgrestore after tmp1 had lain on it."""
    old = build_histories(carve_area(history_ring.area, history_ring.area_data))[1]

    verdicts = {lost.lv.name: judge(lost) for lost in lost_volumes(old)}

    assert {name: str(verdict.word) for name, verdict in verdicts.items()} == {
        "mail2": "likely",
        "db": "at-risk",
        "web": "damaged",
        "tmp1": "at-risk",
    }
    assert "x of another group on this disk" in _said(verdicts["web"])
    assert [conflict.owner for conflict in verdicts["db"].conflicts] == ["tmp1"]


def _after_recreation(*later: Vg) -> Verdict:
    """a was in a group that was removed; `later` are the texts of the group made over it."""
    copies = ring([Vg(1, (A,)), Vg(2, (A,)), *(vg.but(uuid=OTHER_VG) for vg in later)])
    old = next(h for h in build_histories(copies) if h.vg_uuid == VG)
    return judge(lost_by_name(old)["a"])


@pytest.mark.parametrize("pv_uuid", [PV0, PV1])
def test_a_group_created_over_another_takes_its_extents(pv_uuid: str) -> None:
    pvs = (Pv(uuid=pv_uuid),)
    later = Vg(1, (lv("new", 3, (8, 4)),), pvs=pvs, time=T0 + 900)

    now = _after_recreation(later)
    freed = _after_recreation(later, Vg(2, pvs=pvs, time=T0 + 960))
    apart = _after_recreation(Vg(1, (KEEP,), pvs=pvs, time=T0 + 900))

    assert (now.word, now.overwritten_bytes) == ("damaged", 2 * EXTENT_BYTES)
    assert (freed.word, freed.at_risk_bytes) == ("at-risk", 2 * EXTENT_BYTES)
    assert apart.word == "likely"


def test_a_group_whose_metadata_area_covers_the_place_makes_it_at_risk() -> None:
    over = Pv(uuid=PV1, pe_start=22528 + 11 * 8192)

    verdict = _after_recreation(Vg(1, pvs=(over,), time=T0 + 900))

    assert verdict.word == "at-risk"
    assert "keeps its metadata" in _said(verdict)


def test_an_earlier_owner_of_the_disk_took_nothing_from_a_later_group() -> None:
    earlier = Vg(1, (lv("old", 3, (10, 4)),), uuid=OTHER_VG, time=T0 - 900)
    in_use, _ = build_histories(ring([earlier, Vg(1, (A,)), Vg(2)]))

    assert judge(lost_by_name(in_use)["a"]).word == "intact"


def test_a_volume_that_lives_on_in_a_clone_of_its_group_is_not_lost() -> None:
    clone = Vg(3, (A,), uuid=OTHER_VG, pvs=(Pv(uuid=PV1),), time=T0 + 900)
    _, old = build_histories(ring([Vg(1, (A, KEEP)), Vg(2, (A,)), clone]))

    assert list(lost_by_name(old)) == ["keep"]


# --- against a model that keeps a list of every extent -------------------------------------------

_EXTENTS = 24


def _life(rng: random.Random, *, restores: bool) -> list[Vg]:
    """A group's life by random commands, as LVM would do them: never two LVs on one extent."""
    states: list[tuple[Lv, ...]] = [()]
    versions = [Vg(1)]
    for step in range(rng.randrange(4, 16)):
        lvs = {one.number: one for one in states[-1]}
        used = {e for one in lvs.values() for e in _extents(one)}
        free = [extent for extent in range(_EXTENTS) if extent not in used]
        command = rng.choice(["create", "create", "remove", "shrink", "grow", "move", "restore"])
        number = rng.choice(list(lvs)) if lvs else None
        seqno = versions[-1].seqno + 1
        if command == "create" and free:
            lvs[100 + step] = _laid(f"lv{step}", 100 + step, _some(rng, free))
        elif command == "restore" and restores:
            back = rng.randrange(len(states))
            lvs = {one.number: one for one in states[back]}
            seqno = versions[back].seqno + 1
        elif number is not None:
            mine = _extents(lvs[number])
            if command == "remove":
                del lvs[number]
            elif command == "shrink" and len(mine) > 1:
                lvs[number] = _laid(lvs[number].name, number, mine[: rng.randrange(1, len(mine))])
            elif command == "grow" and free:
                lvs[number] = _laid(lvs[number].name, number, mine + _some(rng, free))
            elif command == "move" and len(free) >= len(mine):
                lvs[number] = _laid(lvs[number].name, number, rng.sample(free, len(mine)))
        states.append(tuple(lvs.values()))
        versions.append(Vg(seqno, states[-1], time=T0 + 60 * len(versions)))
    return versions


def _some(rng: random.Random, free: list[int]) -> list[int]:
    return rng.sample(free, rng.randrange(1, min(len(free), 8) + 1))


def _laid(name: str, number: int, extents: list[int]) -> Lv:
    return lv(name, number, *((extent, 1) for extent in extents))


def _extents(one: Lv) -> list[int]:
    return [place[1] + n for seg in one.segs for place in seg.places for n in range(seg.count)]


@pytest.mark.parametrize("seed", range(150))
def test_verdicts_are_those_of_a_model_that_looks_at_every_extent(seed: int) -> None:
    versions = _life(random.Random(seed), restores=False)
    history = history_of(versions)

    for lost in lost_volumes(history):
        at = max(n for n, v in enumerate(versions) if lost.lv.name in {o.name for o in v.lvs})
        mine = _extents(next(o for o in versions[at].lvs if o.name == lost.lv.name))
        since = [{e for o in v.lvs for e in _extents(o)} for v in versions[at + 1 :]]
        overwritten = sum(extent in since[-1] for extent in mine)
        touched = sum(any(extent in taken for taken in since) for extent in mine)

        verdict = judge(lost)

        expected = "damaged" if overwritten else "at-risk" if touched else "intact"
        assert (verdict.word, verdict.overwritten_bytes, verdict.at_risk_bytes) == (
            expected,
            overwritten * EXTENT_BYTES,
            (touched - overwritten) * EXTENT_BYTES,
        )
        covered = {
            (conflict.pv_start_extent + n, conflict.now)
            for conflict in verdict.conflicts
            for n in range(conflict.extent_count)
        }
        assert {extent for extent, now in covered if now} == set(mine) & since[-1]


@pytest.mark.parametrize("seed", range(150))
def test_intact_is_never_said_of_what_another_volume_wrote_in_any_branch(seed: int) -> None:
    versions = _life(random.Random(1000 + seed), restores=True)
    history = history_of(versions)
    writers = _writers_with_restores(versions)

    for lost in lost_volumes(history):
        at = max(n for n, v in enumerate(versions) if lost.lv.name in {o.name for o in v.lvs})
        mine = next(o for o in versions[at].lvs if o.name == lost.lv.name)

        verdict = judge(lost)

        if verdict.word == "intact":
            assert {writers[extent] for extent in _extents(mine)} == {mine.number}


def _writers_with_restores(versions: list[Vg]) -> list[int]:
    """Which LV wrote each extent last: it writes all that it gets, but for what a restore gives."""
    writer = [0] * _EXTENTS
    held: dict[int, set[int]] = {}
    seqno = 0
    for version in versions:
        now = {one.number: set(_extents(one)) for one in version.lvs}
        if version.seqno == seqno + 1:
            for number, extents in now.items():
                for extent in extents - held.get(number, set()):
                    writer[extent] = number
        held, seqno = now, version.seqno
    return writer


def test_five_thousand_versions_are_judged_by_what_changed() -> None:
    """Time grows with versions, not with versions times LVs times lost ones."""

    def seconds(count: int) -> float:
        keep = tuple(lv(f"k{n}", 1000 + n, (n, 1)) for n in range(100, 130))
        versions = []
        for n in range(1, count + 1):
            turn = lv(f"t{n}", 2000 + n, (n % 90, 3))
            versions.append(Vg(n, (*keep, turn)))
        histories = build_histories(ring(versions, size_bytes=1 << 24))
        before = time.process_time()
        losses = lost_volumes(histories[0])
        words = [judge(lost).word for lost in losses]
        spent = time.process_time() - before
        assert len(words) == count - 1
        return spent

    seconds(50)
    small, large = seconds(150), seconds(600)

    assert large < 25 * max(small, 0.01)


def test_a_present_volume_of_an_old_version_can_be_judged_as_well() -> None:
    history = history_of(_versions((A,), (A, KEEP), (A,)))
    model = history.versions[0].vg
    assert model is not None

    verdict = judge(
        LostVolume(
            lv=model.lvs[0], history=history, last_seen=history.versions[0], first_missing=None
        )
    )

    assert verdict.word == "intact"
    assert shrunk_volumes(history) == ()
