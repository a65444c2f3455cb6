from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.extents import occupied_extents, overlaps
from lvtui.lvm.merge import Graft, Merged, Naming, merge, rename
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.render import render, render_volume
from lvtui.lvm.text import TextParser
from tests.lvm.groups import PV0, PV1, Lv, Pv, Seg, Vg, lv, lv_uuid, parsed

ALPHA, BETA, GAMMA = lv("alpha", 1, (0, 5)), lv("beta", 2, (5, 5), (20, 3)), lv("gamma", 3, (10, 5))
THEN = Vg(4, lvs=(ALPHA, BETA, GAMMA))
NOW = Vg(5, lvs=(ALPHA, GAMMA))


def grafted(now: Vg, then: Vg = THEN, *, name: str = "beta", number: int = 2) -> Merged:
    origin = parsed(then)
    lost = origin.lv(lv_uuid(number))
    assert lost is not None
    current = parsed(now)
    return merge(current, render(current), [Graft(lv=lost, origin=origin, name=name)])


def codes(merged: Merged) -> list[str]:
    return [conflict.code for conflict in merged.conflicts]


def blocks(vg: VolumeGroup | None) -> dict[str, str]:
    assert vg is not None
    return {one.name: render_volume(one) for one in vg.lvs}


def test_a_lost_lv_comes_back_beside_the_others_which_keep_their_bytes() -> None:
    merged = grafted(NOW)

    assert codes(merged) == []
    assert blocks(merged.vg) == blocks(parsed(THEN))
    assert merged.text.startswith(NOW.text[: NOW.text.index(b"gamma {")])
    assert merged.vg is not None
    assert merged.vg.seqno == 5


def test_into_a_group_that_has_no_lv_left() -> None:
    merged = grafted(Vg(9, lvs=()))

    assert list(blocks(merged.vg)) == ["beta"]
    assert b"\nlogical_volumes {\n\nbeta {\n" in merged.text


def test_local_names_of_pvs_are_mapped_by_id() -> None:
    pvs_then = (Pv(PV0, "pv0"), Pv(PV1, "pv1"))
    pvs_now = (Pv(PV1, "pv0"), Pv(PV0, "pv1"))
    then = Vg(4, lvs=(lv("beta", 2, (5, 5, "pv1")),), pvs=pvs_then)
    merged = grafted(Vg(5, pvs=pvs_now), then)

    assert merged.vg is not None
    assert merged.vg.lvs[0].segments[0].stripes[0].pv_name == "pv0"


def test_tags_flags_and_unknown_keys_of_the_lost_one_stay_behind() -> None:
    text = (
        THEN.but(lvs=(replace(BETA, tags=("journaler", "hidden")),))
        .text.replace(b"flags = []\ntags", b'flags = ["ACTIVATION_SKIP"]\nprofile = "x"\ntags')
        .replace(b"\nsegment_count = 2\n", b"\nread_ahead = 9\nsegment_count = 2\n")
    )
    origin = TextParser().parse(text)
    merged = merge(parsed(NOW), NOW.text, [Graft(lv=origin.lvs[0], origin=origin, name="beta")])

    assert blocks(merged.vg)["beta"] == blocks(parsed(THEN))["beta"]


def test_unknown_keys_of_the_others_are_kept() -> None:
    text = NOW.text.replace(b'alpha {\nid = "', b'alpha {\nfuture = 7\nid = "')
    vg = TextParser().parse(text)
    origin = parsed(THEN)
    merged = merge(vg, text, [Graft(lv=origin.lvs[1], origin=origin, name="beta")])

    assert codes(merged) == []
    assert b"alpha {\nfuture = 7\n" in merged.text


def test_a_parent_stays_read_only() -> None:
    parent = replace(BETA, status=("READ", "VISIBLE"))
    merged = grafted(NOW, Vg(4, lvs=(ALPHA, parent, GAMMA)))

    assert merged.vg is not None
    assert merged.vg.lvs[-1].status == ("READ", "VISIBLE")


@pytest.mark.parametrize(
    ("now", "then", "code"),
    [
        pytest.param(Vg(5, lvs=(lv("new", 9, (22, 4)),)), THEN, "LV-MRG-01", id="extents-taken"),
        pytest.param(NOW.but(pvs=(Pv(pe_start=2048),)), THEN, "LV-MRG-02", id="pe-start"),
        pytest.param(NOW.but(extent_size=2048), THEN, "LV-MRG-03", id="extent-size"),
        pytest.param(Vg(5, lvs=(lv("other", 2, (90, 1)),)), THEN, "LV-MRG-04", id="uuid-there"),
        pytest.param(Vg(5, lvs=(lv("beta", 7, (90, 1)),)), THEN, "LV-MRG-05", id="name-taken"),
        pytest.param(NOW.but(pvs=(Pv(PV1),)), THEN, "LV-MRG-06", id="pv-is-gone"),
        pytest.param(
            NOW, Vg(4, lvs=(replace(BETA, status=("READ", "LOCKED")),)), "LV-MRG-08", id="locked"
        ),
        pytest.param(
            NOW,
            Vg(4, lvs=(Lv("beta", 2, (Seg(2, (("pv0", 40), ("pv0", 50))),)),)),
            "LV-MRG-09",
            id="striped",
        ),
        pytest.param(
            NOW,
            Vg(4, lvs=(Lv("beta", 2, (Seg(2, (("pv0", 40),), type="mirror"),)),)),
            "LV-MRG-09",
            id="mirror",
        ),
        pytest.param(
            NOW.but(uuid="AAAAAA-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb"), THEN, "LV-MRG-10", id="vg-id"
        ),
        pytest.param(
            NOW.but(pvs=(Pv(pe_count=21),)), THEN, "LV-MRG-11", id="beyond-the-end-of-the-pv"
        ),
        pytest.param(
            NOW,
            Vg(4, lvs=(replace(BETA, status=("READ", "WRITE")),)),
            "LV-MRG-15",
            id="hidden-part",
        ),
    ],
)
def test_what_does_not_fit_is_refused(now: Vg, then: Vg, code: str) -> None:
    merged = grafted(now, then)

    assert code in codes(merged)
    assert merged.vg is None
    assert merged.text == b""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        pytest.param(
            b'"RESIZEABLE", "READ"', b'"RESIZEABLE", "EXPORTED", "READ"', "LV-MRG-12", id="exported"
        ),
        pytest.param(
            b'"READ", "WRITE"]\nflags = []\nextent',
            b'"READ"]\nflags = []\nextent',
            "LV-MRG-12",
            id="read-only",
        ),
        pytest.param(
            b"max_lv = 0", b'system_id = "xs-02"\nmax_lv = 0', "LV-MRG-13", id="system-id"
        ),
        pytest.param(
            b"max_lv = 0", b'lock_type = "sanlock"\nmax_lv = 0', "LV-MRG-13", id="lock-type"
        ),
        pytest.param(
            b'["ALLOCATABLE"]\nflags = []',
            b'["ALLOCATABLE"]\nflags = ["MISSING"]',
            "LV-MRG-07",
            id="pv-missing",
        ),
        pytest.param(
            b'["READ", "WRITE", "VISIBLE"]',
            b'["READ", "PVMOVE", "VISIBLE"]',
            "LV-MRG-08",
            id="pvmove",
        ),
        pytest.param(b"segment_count = 1", b"segment_count = 2", "LV-MRG-14", id="contradiction"),
        pytest.param(b"max_lv = 0\n", b"max_lv  = 0\n", "LV-MRG-16", id="other-form"),
    ],
)
def test_a_group_that_must_not_be_written_is_refused(old: bytes, new: bytes, code: str) -> None:
    text = NOW.text.replace(old, new)
    assert text != NOW.text
    origin = parsed(THEN)
    merged = merge(
        TextParser().parse(text), text, [Graft(lv=origin.lvs[1], origin=origin, name="beta")]
    )

    assert code in codes(merged)
    assert merged.vg is None


def test_the_sentence_names_who_has_the_extents() -> None:
    merged = grafted(Vg(5, lvs=(lv("newcomer", 9, (21, 4)),)))

    (conflict,) = merged.conflicts
    assert str(conflict.message) == (
        f"2 extents of beta belong to newcomer now (PV {PV0}, from extent 21). "
        "Copy it out instead: lvtui extract."
    )


def test_two_lost_lvs_that_had_one_place_do_not_both_come_back() -> None:
    early, late = parsed(Vg(2, lvs=(lv("old", 8, (7, 2)),))), parsed(THEN)
    grafts = [
        Graft(lv=early.lvs[0], origin=early, name="old"),
        Graft(lv=late.lvs[1], origin=late, name="beta"),
    ]

    assert codes(merge(parsed(NOW), NOW.text, grafts)) == ["LV-MRG-01"]


def test_a_text_that_no_area_holds_is_refused() -> None:
    origin = parsed(THEN)
    graft = Graft(lv=origin.lvs[1], origin=origin, name="beta")
    fits = merge(parsed(NOW), NOW.text, [graft])

    assert codes(merge(parsed(NOW), NOW.text, [graft], text_bytes_max=len(fits.text))) == [
        "LV-MRG-17"
    ]
    assert merge(parsed(NOW), NOW.text, [graft], text_bytes_max=len(fits.text) + 1) == fits


def test_final_names_change_nothing_else() -> None:
    first = grafted(NOW, name="lvtui-x")
    assert first.vg is not None
    last = rename(first.vg, [Naming(lv_uuid=lv_uuid(2), name="beta", tags=("hidden",))])

    assert last.text == first.text.replace(b"lvtui-x {", b"beta {").replace(
        b"beta {\n" + first.text.split(b"lvtui-x {\n")[1].split(b"flags = []\n")[0],
        b"beta {\n" + first.text.split(b"lvtui-x {\n")[1].split(b"flags = []\n")[0],
    ).replace(
        first.text.split(b"lvtui-x {\n")[1].split(b"creation")[0],
        first.text.split(b"lvtui-x {\n")[1].split(b"creation")[0] + b'tags = ["hidden"]\n',
    )
    assert codes(rename(first.vg, [Naming(lv_uuid=lv_uuid(2), name="alpha")])) == ["LV-MRG-05"]


@st.composite
def groups(draw: st.DrawFn) -> tuple[Vg, Vg]:
    """A version, and a later one that lost some of its LVs and may have others on their places."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=8))
    starts = [sum(sizes[:at]) + at for at in range(len(sizes))]
    then = [
        lv(f"v{n}", n, (start, size))
        for n, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]
    kept = draw(st.sets(st.sampled_from(range(len(then))), max_size=len(then) - 1))
    now = [then[n] for n in sorted(kept)]
    end = draw(st.integers(0, sum(sizes) + 20))
    if draw(st.booleans()):
        now.append(lv("newcomer", 99, (end, draw(st.integers(1, 9)))))
    return Vg(4, lvs=tuple(then)), Vg(5, lvs=tuple(now))


@given(groups())
@settings(derandomize=True, max_examples=150, deadline=None)
def test_a_merge_never_gives_an_extent_two_owners(versions: tuple[Vg, Vg]) -> None:
    then, now = parsed(versions[0]), parsed(versions[1])
    gone = [one for one in then.lvs if now.lv(one.uuid) is None]
    merged = merge(now, render(now), [Graft(lv=one, origin=then, name=one.name) for one in gone])
    held = occupied_extents(merged.vg) if merged.vg else ()
    twice = [pair for pair in overlaps(held, held) if pair[0].lv_uuid != pair[1].lv_uuid]
    clash = any(
        one.lv_uuid != other.lv_uuid
        for one, other in overlaps(
            [run for run in occupied_extents(then) if now.lv(run.lv_uuid) is None],
            occupied_extents(now),
        )
    )

    was_twice = any(
        one.lv_uuid != other.lv_uuid
        for one, other in overlaps(occupied_extents(now), occupied_extents(now))
    )

    assert twice == []
    assert (merged.vg is None) == (clash or was_twice)
