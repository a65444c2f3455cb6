"""Writers outside LVM: extents of a lost disk that hold nothing where data must be, or somebody else's.

The texts tell what LVM gave away; a discard, a `dd`, a mkfs or a second host's LVM leave no text. What
is looked for cannot be the disk's own: a VHD's allocated block begins with a bitmap that has a bit for
each sector it holds, so that an extent of zeros with such a beginning in it was zeroed; a mark of
another volume counts only where the bitmap says that the sector is in use. A few extents are looked
at, evenly spread, unless all are asked for; how many is said.
Sources: blktap `include/vhd.h`; lvm2 label (`lvm/label.py`); mdraid 1.x superblock magic; UEFI GPT.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from lvtui.lvm.label import find_labels
from lvtui.message import Message, message
from lvtui.source import ByteRange, ByteSource
from lvtui.units import SECTOR_BYTES
from lvtui.vhd import bitmap
from lvtui.vhd.footer import COOKIE
from lvtui.vhd.header import HEADER_COOKIE
from lvtui.vhd.image import Image

FEW_EXTENTS = 8
MANY_EXTENTS = 4096
_PROBE_BYTES = 4096
_ZERO_PROBES = 16
"""Places of an extent that are all zero before it is called zeroed."""
_BLOCKS_MAX = 1 << 20
_SHOWN = 8
_MD_MAGIC = bytes.fromhex("fc4e2ba9")
_GPT = b"EFI PART"
_LABEL_BYTES = 4 * SECTOR_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSigns:
    """What was found in extents of one volume."""

    zeroed: tuple[int, ...] = ()
    """Extents of the LV that are all zero where they hold allocated blocks."""
    foreign: tuple[tuple[int, str], ...] = ()
    """Extents at whose beginning something else begins, and what."""
    probed: int = 0
    extent_count: int = 0
    """Of those that hold allocated blocks."""

    def reasons(self) -> tuple[Message, ...]:
        """Why the verdict is at-risk; empty if nothing was found."""
        found = []
        if self.zeroed:
            found.append(
                message(
                    "extents {extents} of it are zeros where its disk has data: they were discarded "
                    "or overwritten from outside LVM ({probed:count} of {all:count} looked at)",
                    extents=_listed([str(extent) for extent in self.zeroed]),
                    probed=self.probed,
                    all=self.extent_count,
                )
            )
        if self.foreign:
            found.append(
                message(
                    "something else begins in its extents: {extents} ({probed:count} of {all:count} "
                    "looked at)",
                    extents=_listed([f"{extent}: {what}" for extent, what in self.foreign]),
                    probed=self.probed,
                    all=self.extent_count,
                )
            )
        return tuple(found)


def foreign_signs(image: Image, extent_bytes: int, *, most: int = FEW_EXTENTS) -> ForeignSigns:
    """Look at extents of a VHD's volume that hold allocated blocks.

    Args:
        image: its tables, and the volume to read.
        extent_bytes: of the volume group; not positive: nothing is looked at.
        most: so many extents at most, the first and the last among them.
    """
    blocks = _Blocks.of(image)
    if blocks is None or extent_bytes < 2 * _PROBE_BYTES:
        return ForeignSigns()
    extents = blocks.extents(extent_bytes)
    chosen = _spread(extents, most)
    zeroed, foreign = [], []
    for extent in chosen:
        place = ByteRange(extent * extent_bytes, extent_bytes)
        what = blocks.foreign_at(place.offset_bytes) or blocks.foreign_bitmap(place)
        if what is not None:
            foreign.append((extent, what))
        elif blocks.is_zeroed(place):
            zeroed.append(extent)
    return ForeignSigns(
        zeroed=tuple(zeroed),
        foreign=tuple(foreign),
        probed=len(chosen),
        extent_count=len(extents),
    )


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Where the allocated blocks stand."""

    source: ByteSource
    starts: Sequence[int]
    """Of each block's bitmap, ascending; the newest block, at the end, may be empty and is left out."""
    bitmap_bytes: int
    stride_bytes: int

    @classmethod
    def of(cls, image: Image) -> _Blocks | None:
        """None for an image without a table."""
        if image.table is None or image.header is None:
            return None
        starts = []
        for entry, _ in image.table.by_place(image.block_count):
            start = entry * SECTOR_BYTES
            if start + image.stride_bytes <= image.source.size_bytes and image.entry_is_possible(
                entry
            ):
                starts.append(start)
            if len(starts) > _BLOCKS_MAX:
                break
        return cls(image.source, starts[:-1], image.header.bitmap_bytes, image.stride_bytes)

    def extents(self, extent_bytes: int) -> list[int]:
        """Extents in which a block begins."""
        return list(dict.fromkeys(start // extent_bytes for start in self.starts))

    def is_zeroed(self, extent: ByteRange) -> bool:
        """Whether the bitmaps that begin in it are empty, and so is all else that is looked at."""
        for start in self._starts_in(extent):
            piece = self.source.pread(start, SECTOR_BYTES)
            if piece.gaps or any(piece.data):
                return False
        step = extent.length_bytes // _ZERO_PROBES
        for at in range(extent.offset_bytes, extent.end_bytes, step):
            piece = self.source.pread(at, _PROBE_BYTES)
            if piece.gaps or any(piece.data):
                return False
        return True

    def foreign_bitmap(self, extent: ByteRange) -> str | None:
        """Whether data that is no bitmap stands where a block of the extent has its own."""
        for start in self._starts_in(extent):
            piece = self.source.pread(start, SECTOR_BYTES)
            if not piece.gaps and bitmap.look_at(piece.data) is bitmap.Look.FOREIGN:
                return "data over the bitmap of a block"
        return None

    def _starts_in(self, extent: ByteRange) -> Sequence[int]:
        first = bisect_left(self.starts, extent.offset_bytes)
        return self.starts[first : bisect_left(self.starts, extent.end_bytes)]

    def foreign_at(self, offset_bytes: int) -> str | None:
        """What begins there that is in use and none of the disk's."""
        piece = self.source.pread(offset_bytes, _PROBE_BYTES + SECTOR_BYTES)
        if piece.gaps:
            return None
        found = _beginning(piece.data)
        if found is None:
            return None
        what, sector = found
        return what if self._is_used(offset_bytes + sector * SECTOR_BYTES) else None

    def _is_used(self, offset_bytes: int) -> bool:
        """Whether a bitmap says that the sector is the disk's; one over a bitmap is."""
        index = bisect_left(self.starts, offset_bytes + 1) - 1
        if index < 0:
            return False
        inside = offset_bytes - self.starts[index]
        if inside >= self.stride_bytes:
            return False
        if inside < self.bitmap_bytes:
            return True
        sector = (inside - self.bitmap_bytes) // SECTOR_BYTES
        piece = self.source.pread(self.starts[index], self.bitmap_bytes)
        at = sector // 8
        return at < len(piece.data) and bool(piece.data[at] & (0x80 >> sector % 8))


def _beginning(data: bytes) -> tuple[str, int] | None:
    """What begins in these bytes, and the sector that says so."""
    if data.startswith(COOKIE) and data[SECTOR_BYTES:].startswith(HEADER_COOKIE):
        return "a VHD", 0
    for label in find_labels(data[:_LABEL_BYTES]):
        if label.crc_ok and label.sector_ok:
            return "an LVM physical volume", label.sector
    if data[SECTOR_BYTES:].startswith(_GPT):
        return "a partition table", 1
    if data[:4] == _MD_MAGIC or data[_PROBE_BYTES : _PROBE_BYTES + 4] == _MD_MAGIC:
        return "a RAID member", 0 if data[:4] == _MD_MAGIC else _PROBE_BYTES // SECTOR_BYTES
    return None


def _spread(extents: list[int], most: int) -> list[int]:
    """As many as asked for, evenly, the first and the last among them."""
    if len(extents) <= most:
        return extents
    if most < 2:
        return extents[:most]
    last = len(extents) - 1
    return [extents[at * last // (most - 1)] for at in range(most)]


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:_SHOWN])
    return f"{shown}, …" if len(words) > _SHOWN else shown
