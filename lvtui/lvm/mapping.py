"""From logical volume to bytes on physical volumes, and device-mapper's table lines.

For a linear segment at PV extent P: PV sector = pe_start + P * extent_size, with pe_start from the
TEXT of that version (LVM maps by the text, not by the label). For n stripes each holds
extent_count / n extents, and units of stripe_size go round them (device-mapper `dm-stripe`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lvtui.errors import FormatError
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, Segment, VolumeGroup
from lvtui.source import ByteRange, ByteSource, Piece
from lvtui.units import SECTOR_BYTES

SECTORS_MAX = 2**54
"""2^63 bytes: no device can address more."""
RANGES_MAX = 2**19
"""Stripe units of one LV (32 GiB at 64 KiB): each is a range of its own, listed in memory."""


@dataclass(frozen=True, slots=True, order=True)
class MappedRange:
    """A run of LV bytes and where it lies."""

    lv_offset_bytes: int
    length_bytes: int
    pv_uuid: str
    pv_offset_bytes: int
    """Absolute on the PV: (pe_start + extent * extent_size) * 512, pe_start from the text."""


def map_volume(vg: VolumeGroup, lv: LogicalVolume) -> tuple[MappedRange, ...]:
    """The LV's bytes in LV order; stripes interleaved by stripe_size; adjacent runs joined.

    Raises:
        FormatError: `LV-MAP-01` a segment type that cannot be mapped (its name is in the message),
            `LV-MAP-02` segments that are not contiguous or beyond any disk, `LV-MAP-03` a PV that
            the text lacks, `LV-MAP-04` more stripe units than can be listed.
    """
    out: list[MappedRange] = []
    checked = list(_checked(vg, lv))
    units = sum(_units(segment, vg) for segment, _ in checked)
    if units > RANGES_MAX:
        raise FormatError(
            "LV-MAP-04",
            "{name} is striped in {count:count} pieces; more than {most:count} are not supported yet",
            name=lv.name,
            count=units,
            most=RANGES_MAX,
        )
    for segment, columns in checked:
        for run in _segment_ranges(vg, segment, columns):
            last = out[-1] if out else None
            if (
                last is not None
                and last.pv_uuid == run.pv_uuid
                and last.pv_offset_bytes + last.length_bytes == run.pv_offset_bytes
            ):
                out[-1] = MappedRange(
                    last.lv_offset_bytes,
                    last.length_bytes + run.length_bytes,
                    last.pv_uuid,
                    last.pv_offset_bytes,
                )
            else:
                out.append(run)
    return tuple(out)


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """A lost LV as a ByteSource, read through its extents (`lvtui.source.ByteSource`)."""

    ranges: tuple[MappedRange, ...]
    pvs: Mapping[str, ByteSource]
    """PV uuid → the PV's bytes. A PV that is absent, or shorter than a range, reads as a gap."""

    @property
    def size_bytes(self) -> int:
        """Size of the LV."""
        return self.ranges[-1].lv_offset_bytes + self.ranges[-1].length_bytes if self.ranges else 0

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read through the map; gaps are in LV coordinates."""
        start = max(0, offset_bytes)
        end = min(self.size_bytes, offset_bytes + length_bytes)
        data: list[bytes] = []
        gaps: list[ByteRange] = []
        index = bisect_right(self.ranges, start, key=lambda run: run.lv_offset_bytes) - 1
        while start < end:
            run = self.ranges[index]
            inside = start - run.lv_offset_bytes
            length = min(end - start, run.length_bytes - inside)
            piece = self._read_pv(run.pv_uuid, run.pv_offset_bytes + inside, length)
            data.append(piece.data)
            shift = start - run.pv_offset_bytes - inside
            gaps += [ByteRange(gap.offset_bytes + shift, gap.length_bytes) for gap in piece.gaps]
            start += length
            index += 1
        return Piece(data[0] if len(data) == 1 else b"".join(data), _joined(gaps))

    def _read_pv(self, pv_uuid: str, offset_bytes: int, length_bytes: int) -> Piece:
        """Exactly `length_bytes`; what the PV does not have is zero and a gap."""
        pv = self.pvs.get(pv_uuid)
        if pv is None:
            return Piece(bytes(length_bytes), (ByteRange(offset_bytes, length_bytes),))
        piece = pv.pread(offset_bytes, length_bytes)
        short = length_bytes - len(piece.data)
        if short <= 0:
            return piece
        gap = ByteRange(offset_bytes + len(piece.data), short)
        return Piece(piece.data + bytes(short), (*piece.gaps, gap))


def dm_table(vg: VolumeGroup, lv: LogicalVolume, devices: Mapping[str, str]) -> tuple[str, ...]:
    """`<start> <length> linear <device> <offset>` lines in sectors; `devices` by PV uuid.

    Raises:
        FormatError: as `map_volume`, and `LV-MAP-05` for a PV without a device.
    """
    size = vg.extent_size_sectors
    lines = []
    for segment, columns in _checked(vg, lv):
        places = []
        for stripe, pv in zip(segment.stripes, columns, strict=True):
            device = devices.get(pv.uuid)
            if device is None:
                raise FormatError("LV-MAP-05", "no device is known for PV {uuid}", uuid=pv.uuid)
            places.append(f"{device} {pv.pe_start_sectors + stripe.start_extent * size}")
        start, length = segment.start_extent * size, segment.extent_count * size
        target = "linear"
        if len(columns) > 1:
            target = f"striped {len(columns)} {segment.stripe_size_sectors}"
        lines.append(f"{start} {length} {target} {' '.join(places)}")
    return tuple(lines)


def _checked(
    vg: VolumeGroup, lv: LogicalVolume
) -> Iterator[tuple[Segment, tuple[PhysicalVolume, ...]]]:
    """Each segment with the PVs of its stripes, when it can be mapped at all."""
    pvs = {pv.name: pv for pv in vg.pvs}
    size = vg.extent_size_sectors
    next_extent = 0
    for segment in lv.segments:
        if not segment.is_mapped:
            raise FormatError(
                "LV-MAP-01",
                "{name}: a segment of type {type} cannot be mapped to bytes of a disk",
                name=lv.name,
                type=segment.type,
            )
        stripes = len(segment.stripes)
        stripe_size = segment.stripe_size_sectors or 0
        bad = (
            size <= 0
            or segment.start_extent != next_extent
            or segment.extent_count <= 0
            or segment.extent_count % stripes != 0
            or (
                stripes > 1
                and (
                    stripe_size <= 0 or (segment.extent_count // stripes * size) % stripe_size != 0
                )
            )
        )
        columns = []
        for stripe in segment.stripes:
            pv = pvs.get(stripe.pv_name)
            if pv is None:
                raise FormatError(
                    "LV-MAP-03",
                    "{name} lies on {pv}, a PV that the text does not describe",
                    name=lv.name,
                    pv=stripe.pv_name,
                )
            columns.append(pv)
            end = pv.pe_start_sectors + (stripe.start_extent + segment.extent_count) * size
            bad = bad or stripe.start_extent < 0 or pv.pe_start_sectors < 0 or end > SECTORS_MAX
        if bad:
            raise FormatError(
                "LV-MAP-02",
                "{name}: its segments are not whole, not in order, or beyond any disk",
                name=lv.name,
            )
        next_extent += segment.extent_count
        yield segment, tuple(columns)


def _units(segment: Segment, vg: VolumeGroup) -> int:
    if len(segment.stripes) == 1 or not segment.stripe_size_sectors:
        return 1
    return segment.extent_count * vg.extent_size_sectors // segment.stripe_size_sectors


def _segment_ranges(
    vg: VolumeGroup, segment: Segment, columns: tuple[PhysicalVolume, ...]
) -> Iterator[MappedRange]:
    extent_bytes = vg.extent_size_sectors * SECTOR_BYTES
    at = segment.start_extent * extent_bytes
    places = [
        (pv.uuid, pv.pe_start_sectors * SECTOR_BYTES + stripe.start_extent * extent_bytes)
        for stripe, pv in zip(segment.stripes, columns, strict=True)
    ]
    if len(places) == 1:
        yield MappedRange(at, segment.extent_count * extent_bytes, *places[0])
        return
    unit_bytes = (segment.stripe_size_sectors or 0) * SECTOR_BYTES
    for row in range(_units(segment, vg) // len(places)):
        for pv_uuid, start_bytes in places:
            yield MappedRange(at, unit_bytes, pv_uuid, start_bytes + row * unit_bytes)
            at += unit_bytes


def _joined(gaps: list[ByteRange]) -> tuple[ByteRange, ...]:
    out: list[ByteRange] = []
    for gap in gaps:
        if out and out[-1].end_bytes == gap.offset_bytes:
            out[-1] = ByteRange(out[-1].offset_bytes, out[-1].length_bytes + gap.length_bytes)
        else:
            out.append(gap)
    return tuple(out)
