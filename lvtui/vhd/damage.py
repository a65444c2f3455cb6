"""Damage in the guest's terms: ranges of LVs that are lost → ranges of the virtual disk.

Lost = overwritten by another volume since, or unreadable. A block's bytes stand where the allocation
order put them, so a lost 4 MiB extent hits up to three unrelated places of the disk. Exact to the
sector: a lost range under clear bits, or below a child's own data, costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lvtui.source import ByteRange, ByteSource, Piece
from lvtui.vhd.bat import BlockTable, blocks_hit
from lvtui.vhd.chain import Chain
from lvtui.vhd.extent import Kind, joined
from lvtui.vhd.flatten import Layer, VirtualDisk
from lvtui.vhd.header import BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class LossySource:
    """A source of which some ranges are known to be somebody else's bytes: they read as gaps."""

    source: ByteSource
    lost: tuple[ByteRange, ...]
    """Sorted and apart (`joined`)."""

    @property
    def size_bytes(self) -> int:
        """Size of the source."""
        return self.source.size_bytes

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read; what is lost is zero and a gap."""
        piece = self.source.pread(offset_bytes, length_bytes)
        end = offset_bytes + len(piece.data)
        hits = overlaps(self.lost, offset_bytes, end)
        if not hits:
            return piece
        data = bytearray(piece.data)
        for hit in hits:
            data[hit.offset_bytes - offset_bytes : hit.end_bytes - offset_bytes] = bytes(
                hit.length_bytes
            )
        return Piece(bytes(data), joined([*piece.gaps, *hits]))


def overlaps(ranges: Sequence[ByteRange], start: int, end: int) -> list[ByteRange]:
    """The parts of ranges that lie between two offsets."""
    found = []
    for item in ranges:
        low, high = max(item.offset_bytes, start), min(item.end_bytes, end)
        if low < high:
            found.append(ByteRange(low, high - low))
    return found


def damaged_ranges(
    disk: VirtualDisk, lost: Mapping[int, Sequence[ByteRange]]
) -> tuple[ByteRange, ...]:
    """The ranges of the disk that are not what they were.

    Args:
        disk: a chain's disk, over the sources as they are.
        lost: layer → ranges of its source.

    The tables are walked in memory, bitmaps are read only of blocks that are hit. What the disk cannot
    give anyhow (a missing parent) is not counted here; `VirtualDisk.extents` shows it as UNKNOWN.
    """
    ranges = {number: joined(list(items)) for number, items in lost.items()}
    layers = tuple(
        _lossy(layer, ranges.get(number, ())) for number, layer in enumerate(disk.layers)
    )
    judged = VirtualDisk(layers, disk.size_bytes, disk.end)
    found: list[ByteRange] = []
    for blocks in _hit_runs(layers, ranges):
        start, end = blocks.start * BLOCK_BYTES, blocks.stop * BLOCK_BYTES
        for extent in judged.extents(start, min(end, disk.size_bytes)):
            if extent.kind is Kind.UNKNOWN:
                found.append(ByteRange(extent.offset_bytes, extent.length_bytes))
            elif extent.kind is Kind.DATA:
                at = extent.source_offset_bytes
                shift = extent.offset_bytes - at
                hits = overlaps(ranges.get(extent.layer, ()), at, at + extent.length_bytes)
                found += [ByteRange(hit.offset_bytes + shift, hit.length_bytes) for hit in hits]
    return joined(found)


def _lossy(layer: Layer, lost: tuple[ByteRange, ...]) -> Layer:
    if not lost:
        return layer
    source = LossySource(layer.source, lost)
    table = layer.table
    if table is not None:
        table = BlockTable(source, table.offset_bytes, table.entry_count)
    return replace(layer, source=source, table=table)


def _hit_runs(
    layers: tuple[Layer, ...], ranges: Mapping[int, tuple[ByteRange, ...]]
) -> Iterator[range]:
    """Runs of 2 MiB blocks that some lost range may touch, in any layer."""
    hit: list[ByteRange] = []
    for number, lost in ranges.items():
        layer = layers[number]
        if layer.table is None:
            hit += lost
            continue
        stride = (layer.bitmap_bytes + layer.block_bytes) // 512
        end = -(-layer.size_bytes // layer.block_bytes)
        hit += [
            ByteRange(block * layer.block_bytes, layer.block_bytes)
            for block in blocks_hit(layer.table, stride, lost, end)
        ]
        hit += [
            ByteRange(blocks.start * layer.block_bytes, len(blocks) * layer.block_bytes)
            for blocks in layer.table.unknown(end)
        ]
    for item in joined(hit):
        yield range(item.offset_bytes // BLOCK_BYTES, -(-item.end_bytes // BLOCK_BYTES))


def visible(disk: VirtualDisk, number: int, ranges: Sequence[ByteRange]) -> tuple[ByteRange, ...]:
    """The parts of `ranges` that a layer answers for: no image above it has data of its own there."""
    found: list[ByteRange] = []
    for item in joined(list(ranges)):
        found += [
            ByteRange(extent.offset_bytes, extent.length_bytes)
            for extent in disk.extents(item.offset_bytes, item.end_bytes)
            if extent.kind is not Kind.DATA or extent.layer >= number
        ]
    return joined(found)


def unknown_ranges(disk: VirtualDisk) -> tuple[ByteRange, ...]:
    """What the disk cannot give: missing parents, impossible entries, unreadable bitmaps."""
    return joined(
        [
            ByteRange(extent.offset_bytes, extent.length_bytes)
            for extent in disk.extents()
            if extent.kind is Kind.UNKNOWN
        ]
    )


def blocks_touched(ranges: Sequence[ByteRange]) -> int:
    """How many 2 MiB blocks of the disk ranges touch."""
    touched, last = 0, -1
    for item in joined(list(ranges)):
        first, end = item.offset_bytes // BLOCK_BYTES, -(-item.end_bytes // BLOCK_BYTES)
        touched += end - max(first, last + 1) if end > last + 1 else 0
        last = max(last, end - 1)
    return touched


def map_text(size_bytes: int, ranges: Sequence[ByteRange]) -> str:
    """GNU ddrescue's map of a disk: `+` fine, `-` damaged; offsets are those of the virtual disk."""
    lines = ["# Mapfile. Offsets are those of the virtual disk", "0x0     +               1"]
    at = 0
    for item in joined(list(ranges)):
        if item.offset_bytes > at:
            lines.append(f"0x{at:08X}  0x{item.offset_bytes - at:08X}  +")
        lines.append(f"0x{item.offset_bytes:08X}  0x{item.length_bytes:08X}  -")
        at = item.end_bytes
    if at < size_bytes:
        lines.append(f"0x{at:08X}  0x{size_bytes - at:08X}  +")
    return "\n".join(lines) + "\n"


def chain_damage(
    disk: VirtualDisk, chain: Chain, lost: Mapping[str, Sequence[ByteRange]], leaf_key: str
) -> tuple[ByteRange, ...]:
    """As `damaged_ranges`, with lost ranges by the keys under which the chain's volumes are known."""
    keys = (leaf_key, *chain.keys)
    return damaged_ranges(
        disk, {number: lost[key] for number, key in enumerate(keys) if lost.get(key)}
    )
