"""The layout of one stand-alone dynamic VHD made of a virtual disk, as pieces that a copier streams.

As XenServer's own tools write a file: footer copy, header, table sized for the disk, batmap, blocks
whose data begin on 4 KiB, tail footer right behind the last block. Only blocks that hold data are in it,
in ascending order; each bitmap is full up to the disk's end, for other programs read a block without
looking at its bitmap. Nothing of the source's own metadata is taken over but its time; `hidden` is
clear. The same source gives the same bytes.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.source import ByteRange, ByteSource, Piece
from lvtui.vhd import bitmap
from lvtui.vhd.bat import UNUSED, WINDOW_ENTRIES
from lvtui.vhd.batmap import build_batmap
from lvtui.vhd.chain import End
from lvtui.vhd.extent import BLOCK_SECTORS, SECTOR
from lvtui.vhd.flatten import VirtualDisk
from lvtui.vhd.footer import FOOTER_BYTES, DiskType, Footer, build_footer, round_up, tap_footer
from lvtui.vhd.header import BAT_OFFSET_BYTES, BLOCK_BYTES, build_header
from lvtui.vhd.reconstruct import made_uuid

_BITMAP_BYTES = 512
_ALIGN_BYTES = 4096
_STRIDE_BYTES = round_up(_BITMAP_BYTES + BLOCK_BYTES, _ALIGN_BYTES)


@dataclass(frozen=True, slots=True)
class OutPiece:
    """A run of the file: bytes that are made, or a range of the virtual disk. Between pieces: zeros."""

    out_offset_bytes: int
    data: bytes | None
    virtual: ByteRange | None

    @property
    def length_bytes(self) -> int:
        """How much of the file it fills."""
        if self.data is not None:
            return len(self.data)
        return self.virtual.length_bytes if self.virtual is not None else 0


@dataclass(frozen=True, slots=True)
class VhdFile:
    """The file to be: a ByteSource, so that it can be copied, hashed and compared like any other."""

    disk: ByteSource
    head: bytes
    """Everything up to the first block."""
    blocks: array[int]
    """The disk's blocks that are in the file, ascending."""
    footer: bytes

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self._footer_at + FOOTER_BYTES

    @property
    def _first_at(self) -> int:
        """Where the first bitmap stands: its data then begin on 4 KiB."""
        return round_up(len(self.head) + _BITMAP_BYTES, _ALIGN_BYTES) - _BITMAP_BYTES

    @property
    def _footer_at(self) -> int:
        if not self.blocks:
            return len(self.head)
        return self._first_at + (len(self.blocks) - 1) * _STRIDE_BYTES + _BITMAP_BYTES + BLOCK_BYTES

    def _block_pieces(self, number: int) -> tuple[OutPiece, OutPiece]:
        at = self._first_at + number * _STRIDE_BYTES
        start = self.blocks[number] * BLOCK_BYTES
        length = min(BLOCK_BYTES, self.disk.size_bytes - start)
        mask = bitmap.span(BLOCK_SECTORS, 0, length // SECTOR)
        return (
            OutPiece(at, bitmap.to_bytes(mask, BLOCK_SECTORS, _BITMAP_BYTES), None),
            OutPiece(at + _BITMAP_BYTES, None, ByteRange(start, length)),
        )

    def pieces(self) -> Iterator[OutPiece]:
        """All pieces, ascending in the file."""
        yield OutPiece(0, self.head, None)
        for number in range(len(self.blocks)):
            yield from self._block_pieces(number)
        yield OutPiece(self._footer_at, self.footer, None)

    def _pieces_from(self, offset_bytes: int) -> Iterator[OutPiece]:
        if offset_bytes < len(self.head):
            yield OutPiece(0, self.head, None)
        first = max(0, (offset_bytes - self._first_at) // _STRIDE_BYTES)
        for number in range(first, len(self.blocks)):
            yield from self._block_pieces(number)
        yield OutPiece(self._footer_at, self.footer, None)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read the file; gaps of the disk come through, in the file's offsets."""
        end = min(offset_bytes + length_bytes, self.size_bytes)
        parts: list[bytes] = []
        gaps: list[ByteRange] = []
        at = offset_bytes
        for piece in self._pieces_from(offset_bytes):
            if piece.out_offset_bytes >= end:
                break
            low = max(piece.out_offset_bytes, at)
            high = min(piece.out_offset_bytes + piece.length_bytes, end)
            if low >= high:
                continue
            parts.append(bytes(low - at))
            inside = low - piece.out_offset_bytes
            if piece.data is not None:
                parts.append(piece.data[inside : inside + high - low])
            elif piece.virtual is not None:
                start = piece.virtual.offset_bytes + inside
                got = self.disk.pread(start, high - low)
                parts.append(got.data)
                gaps += [
                    ByteRange(gap.offset_bytes - start + low, gap.length_bytes) for gap in got.gaps
                ]
            at = high
        if at < end:
            parts.append(bytes(end - at))
        return Piece(b"".join(parts), tuple(gaps))

    def virtual_ranges(self, where: ByteRange) -> Iterator[ByteRange]:
        """The parts of the disk that stand in a range of the file."""
        for piece in self._pieces_from(where.offset_bytes):
            if piece.out_offset_bytes >= where.end_bytes:
                return
            low = max(piece.out_offset_bytes, where.offset_bytes)
            high = min(piece.out_offset_bytes + piece.length_bytes, where.end_bytes)
            if piece.virtual is not None and low < high:
                start = piece.virtual.offset_bytes + low - piece.out_offset_bytes
                yield ByteRange(start, high - low)

    def places_of(self, virtual: ByteRange) -> Iterator[ByteRange]:
        """Where a range of the disk stands in the file, block by block."""
        at = virtual.offset_bytes
        while at < virtual.end_bytes:
            end = min(virtual.end_bytes, (at // BLOCK_BYTES + 1) * BLOCK_BYTES)
            place = self.place_of(at)
            if place is not None:
                yield ByteRange(place, end - at)
            at = end

    def place_of(self, virtual_offset_bytes: int) -> int | None:
        """Where a byte of the disk stands in the file; None in a block that is not in it."""
        block = virtual_offset_bytes // BLOCK_BYTES
        number = bisect_left(self.blocks, block)
        if number == len(self.blocks) or self.blocks[number] != block:
            return None
        return (
            self._first_at
            + number * _STRIDE_BYTES
            + _BITMAP_BYTES
            + virtual_offset_bytes % BLOCK_BYTES
        )


def blocks_with_data(disk: VirtualDisk) -> array[int]:
    """The 2 MiB blocks that some image has, or of which nobody knows what they hold.

    Reads tables only. A block of which nothing is known is in it too: left out it would be read as
    zeros, and nothing would say so.
    """
    count = -(-disk.size_bytes // BLOCK_BYTES)
    background = 0
    if disk.end is not End.ZERO or any(layer.table is None for layer in disk.layers):
        background = -(-min(layer.size_bytes for layer in disk.layers) // BLOCK_BYTES)
    found = array("I", range(min(background, count)))
    for start in range(len(found), count, WINDOW_ENTRIES):
        end = min(start + WINDOW_ENTRIES, count)
        used: set[int] = set()
        for layer in disk.layers:
            used.update(layer.used(start, end) or ())
        found.extend(sorted(block for block in used if start <= block < end))
    return found


def standalone_vhd(disk: VirtualDisk, source_footer: Footer) -> VhdFile:
    """One dynamic VHD of a disk. Its uuid is made from the source's: another image, the same each time.

    Reads the disk's tables and bitmaps, no data: blocks that hold nothing but zeros stay in.
    """
    blocks = blocks_with_data(disk)
    size = disk.size_bytes
    count = -(-size // BLOCK_BYTES)
    footer = build_footer(
        tap_footer(
            size_bytes=size,
            disk_type=DiskType.DYNAMIC,
            uuid=made_uuid(source_footer.uuid, size.to_bytes(8, "big"), b"stand-alone"),
            timestamp_s=source_footer.timestamp_s,
        )
    )
    table_bytes = round_up(count * 4, SECTOR)
    batmap_at = BAT_OFFSET_BYTES + table_bytes
    map_bytes = bytearray(-(-count // 8))
    for block in blocks:
        if (block + 1) * BLOCK_BYTES <= size:
            map_bytes[block >> 3] |= 0x80 >> (block & 7)
    batmap = build_batmap(offset_bytes=batmap_at, data=bytes(map_bytes), size_bytes=size)
    head_bytes = batmap_at + len(batmap)
    first_at = round_up(head_bytes + _BITMAP_BYTES, _ALIGN_BYTES) - _BITMAP_BYTES
    table = array("I", [UNUSED]) * (table_bytes // 4)
    for number, block in enumerate(blocks):
        table[block] = (first_at + number * _STRIDE_BYTES) // SECTOR
    if sys.byteorder == "little":
        table.byteswap()
    head = footer + build_header(bat_entries=count) + table.tobytes() + batmap
    return VhdFile(disk, head, blocks, footer)
