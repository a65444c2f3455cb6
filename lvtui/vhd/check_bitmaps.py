"""V8 to V10 and V12: bitmaps against the batmap and their own kind, and signatures of younger volumes.

One read of 512 bytes a block, in the order of the volume: what `check` spends its time on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lvtui.source import ByteRange, ByteSource
from lvtui.vhd import bitmap
from lvtui.vhd.batmap import BATMAP_COOKIE, BATMAP_VERSION, full_blocks, map_checksum
from lvtui.vhd.check_table import block_range
from lvtui.vhd.finding import Finding, error, info, warning
from lvtui.vhd.footer import COOKIE
from lvtui.vhd.header import BAT_OFFSET_BYTES, BLOCK_BYTES, HEADER_COOKIE, SR_BAT_ENTRIES
from lvtui.vhd.image import Image

_FIRST_MAP_BYTES = BAT_OFFSET_BYTES + SR_BAT_ENTRIES * 4


@dataclass(slots=True)
class BitmapCheck:
    """What the bitmaps show."""

    findings: list[Finding] = field(default_factory=list)
    lost: list[ByteRange] = field(default_factory=list)
    doubtful: list[ByteRange] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """The bitmaps seen, by what they look like."""

    used_full: int = 0
    odd: int = 0
    empty: int = 0
    foreign: list[int] = field(default_factory=list)
    not_full: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)

    def look(self, block: int, data: bytes, *, must_be_full: bool) -> None:
        look = bitmap.look_at(data)
        if must_be_full:
            self.not_full.append(block)
        elif look is bitmap.Look.FOREIGN:
            self.foreign.append(block)
        else:
            self.empty += not any(data)
            self.odd += look is bitmap.Look.ODD


def read_full_blocks(image: Image) -> tuple[frozenset[int], bool]:
    """The blocks that the batmap calls full, and whether its checksum fits."""
    batmap = image.batmap
    if batmap is None or not batmap.map_sectors:
        return frozenset(), False
    piece = image.source.pread(batmap.map_offset_bytes, batmap.map_sectors * 512)
    if piece.gaps:
        return frozenset(), False
    fits = batmap.version == BATMAP_VERSION and (
        map_checksum(piece.data, image.size_bytes) == batmap.checksum
    )
    return frozenset(block for block in full_blocks(piece.data) if block < image.block_count), fits


def check_bitmaps(image: Image) -> BitmapCheck:
    """Read every bitmap that the table points at."""
    result = BitmapCheck()
    table, header = image.table, image.header
    if table is None or header is None:
        return result
    full, trusted = read_full_blocks(image)
    sectors = image.block_bytes // 512
    first, end = image.headers_end_bytes // 512, image.source.size_bytes // 512
    tally = _Tally()
    for entry, block in table.by_place(image.block_count):
        if not first <= entry < end:
            continue
        tally.used_full += block in full
        piece = image.source.pread(entry * 512, header.bitmap_bytes)
        if piece.gaps or len(piece.data) < header.bitmap_bytes:
            tally.unread.append(block)
            continue
        mask = bitmap.from_bytes(piece.data, sectors)
        is_whole = image.block_bytes != BLOCK_BYTES or mask == bitmap.full(sectors)
        tally.look(block, piece.data, must_be_full=block in full and not is_whole)
    result.lost += [block_range(image, block) for block in tally.unread]
    result.doubtful += [block_range(image, block) for block in tally.foreign]
    missing = len(full) - tally.used_full
    _batmap_findings(image, result, full, tally.not_full, missing=missing, trusted=trusted)
    result.findings += _bitmap_findings(tally)
    return result


def _bitmap_findings(tally: _Tally) -> list[Finding]:
    findings = []
    if tally.unread:
        findings.append(
            error(
                "V11",
                None,
                "{count:count} bitmaps cannot be read: their blocks are lost.",
                count=len(tally.unread),
            )
        )
    if tally.foreign:
        findings.append(
            error(
                "V9",
                None,
                "{count:count} bitmaps were overwritten by something that is no bitmap.",
                count=len(tally.foreign),
            )
        )
    if tally.odd:
        findings.append(
            warning(
                "V9",
                None,
                "{count:count} bitmaps look unusual: a guest that writes single sectors, or other "
                "data written over them.",
                count=tally.odd,
            )
        )
    if tally.empty:
        findings.append(
            info(
                "V10",
                None,
                "{count:count} blocks hold nothing yet: made shortly before a crash.",
                count=tally.empty,
            )
        )
    return findings


def _batmap_findings(
    image: Image,
    result: BitmapCheck,
    full: frozenset[int],
    not_full: list[int],
    *,
    missing: int,
    trusted: bool,
) -> None:
    at = image.batmap.offset_bytes if image.batmap else None
    if not_full:
        # The bitmap reaches the disk before the batmap does: it was full once.
        result.doubtful += [block_range(image, block) for block in not_full]
        result.findings.append(
            error(
                "V8",
                at,
                "{count:count} blocks were written in full and their bitmaps no longer say so: "
                "the bitmaps were overwritten.",
                count=len(not_full),
            )
        )
    if missing > 0 and image.table is not None:
        gone = [block for block in sorted(full) if image.table.entry(block) == 0xFFFFFFFF]
        if trusted:
            result.doubtful += [block_range(image, block) for block in gone]
        make = error if trusted else warning
        result.findings += [
            make(
                "V8",
                at,
                "{count:count} blocks were written in full and are no longer in the block table.",
                count=len(gone),
            )
        ] * bool(gone)
    if image.batmap is not None and full and not trusted:
        result.findings.append(
            info(
                "V8",
                at,
                "The checksum of the batmap does not fit. It is a cache: nothing is lost by it.",
            )
        )


@dataclass(frozen=True, slots=True)
class Suspect:
    """An extent in which another volume seems to begin."""

    extent: ByteRange
    signature: ByteRange
    """The sector that says so. Where it is stale to the image, it proves nothing about its data."""


def volume_beginnings(source: ByteSource, extent_bytes: int) -> tuple[Suspect, ...]:
    """V12: extents of an LV, behind its first, that carry the mark of another volume's start.

    A VHD's two cookies, an LVM label, MGT's head, or the batmap of a VHD whose first extent went before.
    Marks of earlier tenants look the same: the caller asks whether the sector is in use.
    """
    found = []
    batmap_at = _FIRST_MAP_BYTES % extent_bytes
    for at in range(extent_bytes, source.size_bytes, extent_bytes):
        data = source.pread(at, 2048).data
        sector = next(
            (n for n in range(0, len(data), 512) if data[n:].startswith(b"LABELONE")), None
        )
        if data.startswith(b"XSSM:") or (
            data.startswith(COOKIE) and data[512:].startswith(HEADER_COOKIE)
        ):
            sector = 0
        elif at > extent_bytes and data[batmap_at:].startswith(BATMAP_COOKIE):
            sector = batmap_at
        if sector is not None:
            length = min(extent_bytes, source.size_bytes - at)
            found.append(Suspect(ByteRange(at, length), ByteRange(at + sector, 512)))
    return tuple(found)
