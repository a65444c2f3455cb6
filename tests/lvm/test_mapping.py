from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import FormatError
from lvtui.lvm.mapping import MappedRange, VolumeSource, dm_table, map_volume
from lvtui.source import ByteRange, ByteSource, BytesSource, Piece
from tests.lvm.groups import EXTENT_BYTES, PV0, PV1, Lv, Pv, Seg, Vg, lv, parsed

START_BYTES = 22528 * 512
BOTH = (Pv(), Pv(uuid=PV1, name="pv1"))
DEVICES = {PV0: "/dev/sdb", PV1: "/dev/sdc"}


def _map(one: Lv, vg: Vg | None = None) -> tuple[MappedRange, ...]:
    model = parsed((vg or Vg(1, pvs=BOTH)).but(lvs=(one,)))
    return map_volume(model, model.lvs[0])


def test_a_linear_lv_lies_at_the_texts_own_pe_start() -> None:
    assert _map(lv("a", 1, (3, 4), (9, 4))) == (
        MappedRange(0, 4 * EXTENT_BYTES, PV0, START_BYTES + 3 * EXTENT_BYTES),
        MappedRange(4 * EXTENT_BYTES, 4 * EXTENT_BYTES, PV0, START_BYTES + 9 * EXTENT_BYTES),
    )


def test_segments_that_lie_one_behind_the_other_are_one_range() -> None:
    assert _map(lv("a", 1, (3, 4), (7, 2), (9, 1, "pv1"))) == (
        MappedRange(0, 6 * EXTENT_BYTES, PV0, START_BYTES + 3 * EXTENT_BYTES),
        MappedRange(6 * EXTENT_BYTES, EXTENT_BYTES, PV1, START_BYTES + 9 * EXTENT_BYTES),
    )


def test_the_table_of_the_facts_is_reproduced() -> None:
    """The two lines by which a real file system in two segments was read back."""
    model = parsed(Vg(1, (lv("fs", 1, (3, 4), (9, 4)),)))

    assert dm_table(model, model.lvs[0], {PV0: "/dev/loop0"}) == (
        "0 32768 linear /dev/loop0 47104",
        "32768 32768 linear /dev/loop0 96256",
    )


def test_a_striped_lv_has_one_striped_line() -> None:
    striped = Lv("s", 1, (Seg(6, (("pv0", 10), ("pv1", 20))),))
    model = parsed(Vg(1, (striped,), pvs=BOTH))

    assert dm_table(model, model.lvs[0], DEVICES) == (
        f"0 49152 striped 2 128 /dev/sdb {22528 + 81920} /dev/sdc {22528 + 163840}",
    )


def test_a_pv_without_a_device_is_named() -> None:
    model = parsed(Vg(1, (lv("a", 1, (3, 4, "pv1")),), pvs=BOTH))

    with pytest.raises(FormatError, match=PV1) as caught:
        dm_table(model, model.lvs[0], {PV0: "/dev/sdb"})

    assert caught.value.code == "LV-MAP-05"


@pytest.mark.parametrize(
    ("one", "code", "says"),
    [
        pytest.param(Lv("t", 1, (Seg(4, (), type="thin"),)), "LV-MAP-01", "thin", id="thin"),
        pytest.param(lv("a", 1, (0, 4, "pv7")), "LV-MAP-03", "pv7", id="pv-not-in-the-text"),
        pytest.param(
            Lv("s", 1, (Seg(5, (("pv0", 0), ("pv1", 0))),)),
            "LV-MAP-01",
            "striped",
            id="uneven-stripes",
        ),
        pytest.param(lv("a", 1, (2**60, 4)), "LV-MAP-02", "a", id="beyond-any-disk"),
        pytest.param(
            Lv("s", 1, (Seg(2**20, (("pv0", 0), ("pv1", 0)), stripe_sectors=8),)),
            "LV-MAP-04",
            "stripe",
            id="more-units-than-fit",
        ),
    ],
)
def test_what_cannot_be_mapped_is_refused_by_name(one: Lv, code: str, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        _map(one)

    assert caught.value.code == code


def test_segments_that_leave_a_hole_are_refused() -> None:
    model = parsed(Vg(1, (lv("a", 1, (0, 4), (9, 4)),)))
    volume = model.lvs[0]
    moved = replace(volume.segments[1], start_extent=5)

    with pytest.raises(FormatError, match="not in order") as caught:
        map_volume(model, replace(volume, segments=(volume.segments[0], moved)))

    assert caught.value.code == "LV-MAP-02"


_COUNT_OF_STRIPES = st.integers(1, 4)


@st.composite
def _layouts(draw: st.DrawFn) -> tuple[Vg, Lv]:
    """Small extents, so that every byte can be asked for; segments with 1 to 4 stripes."""
    extent_sectors = draw(st.sampled_from([8, 16]))
    segs = []
    at = 0
    for _ in range(draw(st.integers(1, 4))):
        stripes = draw(_COUNT_OF_STRIPES)
        per_stripe = draw(st.integers(1, 3))
        unit = draw(st.sampled_from([1, 2, 8]))
        places = tuple(
            (draw(st.sampled_from(["pv0", "pv1"])), at + 3 * column + draw(st.integers(0, 0)))
            for column in range(stripes)
        )
        at += 3 * stripes
        segs.append(Seg(per_stripe * stripes, places, stripe_sectors=unit))
    pvs = tuple(replace(pv, pe_start=draw(st.integers(0, 9))) for pv in BOTH)
    return Vg(1, pvs=pvs, extent_size=extent_sectors), Lv("s", 1, tuple(segs))


def _reference(vg: Vg, one: Lv) -> list[tuple[str, int]]:
    """(PV, byte) of every byte of the LV, one by one, by the definition of stripes."""
    extent = vg.extent_size * 512
    by_name = {pv.name: pv for pv in vg.pvs}
    out = []
    for seg in one.segs:
        unit = seg.stripe_sectors * 512 if len(seg.places) > 1 else seg.count * extent
        for byte in range(seg.count * extent):
            number, inside = divmod(byte, unit)
            row, column = divmod(number, len(seg.places))
            name, first = seg.places[column]
            pv = by_name[name]
            out.append((pv.uuid, pv.pe_start * 512 + first * extent + row * unit + inside))
    return out


@settings(derandomize=True, max_examples=60, deadline=None)
@given(_layouts(), st.integers(0, 1000))
def test_any_striped_lv_maps_as_byte_for_byte_by_definition(
    layout: tuple[Vg, Lv], seed: int
) -> None:
    vg, one = layout
    rng = random.Random(seed)
    expected = _reference(vg, one)
    ranges = _map(one, vg)

    mapped = [
        (run.pv_uuid, run.pv_offset_bytes + byte)
        for run in ranges
        for byte in range(run.length_bytes)
    ]
    assert mapped == expected
    for before, after in pairwise(ranges):
        assert before.lv_offset_bytes + before.length_bytes == after.lv_offset_bytes
        joins = before.pv_offset_bytes + before.length_bytes == after.pv_offset_bytes
        assert not (joins and before.pv_uuid == after.pv_uuid)

    pvs = {uuid: rng.randbytes(1 << 20) for uuid in (PV0, PV1)}
    source = VolumeSource(ranges, {uuid: BytesSource(data) for uuid, data in pvs.items()})
    content = bytes(pvs[uuid][at] for uuid, at in expected)
    assert source.size_bytes == len(content)
    for _ in range(5):
        at, length = rng.randrange(len(content)), rng.randrange(1, len(content) + 600)
        assert source.pread(at, length) == Piece(content[at : at + length])


@dataclass(frozen=True)
class _WithBadSector:
    data: bytes
    bad: ByteRange

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        data = bytearray(self.data[offset_bytes : offset_bytes + length_bytes])
        start = max(self.bad.offset_bytes, offset_bytes)
        end = min(self.bad.end_bytes, offset_bytes + len(data))
        if start >= end:
            return Piece(bytes(data))
        data[start - offset_bytes : end - offset_bytes] = bytes(end - start)
        return Piece(bytes(data), (ByteRange(start, end - start),))


def _small(*runs: tuple[int, int] | tuple[int, int, str]) -> tuple[MappedRange, ...]:
    pvs = tuple(replace(pv, pe_start=0) for pv in BOTH)
    return _map(lv("a", 1, *runs), Vg(1, pvs=pvs, extent_size=1))


def test_gaps_of_a_pv_are_told_in_the_lvs_own_bytes() -> None:
    pvs: dict[str, ByteSource] = {
        PV0: _WithBadSector(bytes([7]) * 8192, ByteRange(5 * 512 + 100, 50)),
    }
    source = VolumeSource(_small((2, 1), (5, 2)), pvs)

    piece = source.pread(0, 10_000)

    assert piece.gaps == (ByteRange(512 + 100, 50),)
    assert piece.data == bytes([7]) * 612 + bytes(50) + bytes([7]) * (1536 - 662)


def test_a_missing_or_short_pv_is_a_gap_and_never_silent_zeros() -> None:
    source = VolumeSource(
        _small((0, 2, "pv1"), (2, 2), (7, 1, "pv1")), {PV0: BytesSource(bytes([7]) * (3 * 512 + 9))}
    )

    piece = source.pread(500, 5 * 512)

    assert piece.gaps == (
        ByteRange(500, 1024 - 500),
        ByteRange(1024 + 512 + 9, 1024 - 9 - 512 + 512),
    )
    assert len(piece.data) == 5 * 512 - 500
    assert piece.data[524 : 524 + 521] == bytes([7]) * 521


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (1536, 5), (99999, 5)])
def test_reading_nothing_gives_nothing(offset: int, length: int) -> None:
    source = VolumeSource(_small((0, 3)), {PV0: BytesSource(bytes(4096))})

    assert source.pread(offset, length) == Piece(b"")
    assert VolumeSource((), {}).size_bytes == 0
