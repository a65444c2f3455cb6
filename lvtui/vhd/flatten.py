"""The virtual disk of a chain: for every sector, which image holds it, and the bytes.

For each 2 MiB block a mask of 4096 bits says which sectors are still wanted; each image from the leaf
down takes those whose bit is set in its bitmap. What stands in an allocated block under a clear bit is
stale (other tenants' data) and is never read. What a missing parent, an unreadable or impossible
table entry or bitmap leaves open is UNKNOWN: a gap, never zeros in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lvtui.errors import Refused
from lvtui.source import ByteRange, ByteSource, Piece
from lvtui.vhd import bitmap
from lvtui.vhd.bat import UNUSED, WINDOW_ENTRIES, BlockTable
from lvtui.vhd.chain import Chain, End
from lvtui.vhd.extent import BLOCK_SECTORS, SECTOR, Extent, Kind, cut, joined, runs_of
from lvtui.vhd.header import BLOCK_BYTES

_ALL = bitmap.full(BLOCK_SECTORS)


@dataclass(frozen=True, slots=True)
class Layer:
    """One image of the chain, or the raw volume or fixed disk at its root (`table` None)."""

    name: str
    source: ByteSource
    size_bytes: int
    table: BlockTable | None
    block_bytes: int = BLOCK_BYTES
    bitmap_bytes: int = SECTOR
    first_entry: int = 0
    end_entry: int = 0
    """Entries outside `first_entry` to `end_entry` point at no block."""

    def used(self, first: int, end: int) -> set[int] | None:
        """The 2 MiB blocks from `first` to `end` in which this layer may have something."""
        if self.table is None:
            return None
        scale = BLOCK_BYTES // self.block_bytes
        found: set[int] = set()
        for window in self.table.windows(first * scale, end * scale):
            used = window.used(first * scale, end * scale)
            found.update(used if scale == 1 else (block // scale for block in used))
        return found


def _mask_at_end(size_bytes: int, block: int) -> int:
    """The sectors of a 2 MiB block that lie before the end of a disk."""
    left = min(max(size_bytes // SECTOR - block * BLOCK_SECTORS, 0), BLOCK_SECTORS)
    return _ALL if left == BLOCK_SECTORS else bitmap.span(BLOCK_SECTORS, 0, left)


@dataclass(slots=True)
class VirtualDisk:
    """A chain's disk as a ByteSource, and as runs for who copies it."""

    layers: tuple[Layer, ...]
    size_bytes: int
    end: End
    _runs: tuple[int, tuple[Extent, ...]] = field(default=(-1, ()), repr=False)

    def extents(self, offset_bytes: int = 0, end_bytes: int | None = None) -> Iterator[Extent]:
        """The runs between two offsets, ascending, without holes; adjacent ones are not joined.

        Reads tables and bitmaps only. A stretch without a block in any image is one run.
        """
        stop = self.size_bytes if end_bytes is None else min(end_bytes, self.size_bytes)
        first, end = offset_bytes // BLOCK_BYTES, -(-stop // BLOCK_BYTES)
        for start in range(first - first % WINDOW_ENTRIES, end, WINDOW_ENTRIES):
            low, high = max(start, first), min(start + WINDOW_ENTRIES, end)
            yield from cut(self._window(low, high), offset_bytes, stop)

    def _window(self, first: int, end: int) -> Iterator[Extent]:
        used: set[int] = set()
        for layer in self.layers:
            used.update(layer.used(first, end) or ())
        at = first
        for block in sorted(block for block in used if first <= block < end):
            yield from self._background(at, block)
            yield from self.block(block)
            at = block + 1
        yield from self._background(at, end)

    def _background(self, first: int, end: int) -> Iterator[Extent]:
        """Blocks that no table holds: the root's."""
        start, stop = first * BLOCK_BYTES, min(end * BLOCK_BYTES, self.size_bytes)
        if start >= stop:
            return
        # A parent that is smaller than its child ends the question there: zero beyond it.
        known = min(layer.size_bytes for layer in self.layers)
        cut = min(max(start, known), stop)
        if start < cut:
            root = len(self.layers) - 1
            if self.layers[root].table is None:
                yield Extent(start, cut - start, Kind.DATA, root, start)
            else:
                kind = Kind.ZERO if self.end is End.ZERO else Kind.UNKNOWN
                yield Extent(start, cut - start, kind)
        if cut < stop:
            yield Extent(cut, stop - cut, Kind.ZERO)

    def block(self, block: int) -> tuple[Extent, ...]:
        """The runs of one 2 MiB block, ascending."""
        if self._runs[0] == block:
            return self._runs[1]
        found: list[Extent] = []
        need = _mask_at_end(self.size_bytes, block)
        base = block * BLOCK_BYTES
        for number, layer in enumerate(self.layers):
            beyond = need & ~_mask_at_end(layer.size_bytes, block)
            if beyond:
                found += runs_of(beyond, base, Kind.ZERO)
                need ^= beyond
            if not need:
                break
            if layer.table is None:
                found += runs_of(need, base, Kind.DATA, number, base)
                need = 0
                break
            need = self._take(layer, number, block, need, found)
        if need:
            found += runs_of(need, base, Kind.ZERO if self.end is End.ZERO else Kind.UNKNOWN)
        found.sort(key=lambda extent: extent.offset_bytes)
        self._runs = (block, tuple(found))
        return self._runs[1]

    def _take(self, layer: Layer, number: int, block: int, need: int, found: list[Extent]) -> int:
        """Give a layer's sectors of a block to `found`; what is still wanted afterwards."""
        table = layer.table
        assert table is not None
        scale = BLOCK_BYTES // layer.block_bytes
        sectors = layer.block_bytes // SECTOR
        for part in range(scale):
            entry = table.entry(block * scale + part)
            if entry == UNUSED:
                continue
            window = (
                _ALL
                if scale == 1
                else bitmap.span(BLOCK_SECTORS, part * sectors, (part + 1) * sectors)
            )
            wanted = need & window
            if not wanted:
                continue
            base = block * BLOCK_BYTES
            present = None
            if entry is not None and layer.first_entry <= entry < layer.end_entry:
                present = self._bitmap(layer, entry, sectors)
            if present is None:
                found += runs_of(wanted, base, Kind.UNKNOWN)
                need ^= wanted
                continue
            assert entry is not None
            taken = wanted & (present << (BLOCK_SECTORS - (part + 1) * sectors))
            data_at = entry * SECTOR + layer.bitmap_bytes - part * layer.block_bytes
            found += runs_of(taken, base, Kind.DATA, number, data_at)
            need ^= taken
        return need

    @staticmethod
    def _bitmap(layer: Layer, entry: int, sectors: int) -> int | None:
        """A block's bitmap; None where it cannot be read."""
        piece = layer.source.pread(entry * SECTOR, layer.bitmap_bytes)
        if piece.gaps or len(piece.data) < layer.bitmap_bytes:
            return None
        return bitmap.from_bytes(piece.data, sectors)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read the disk: zeros where nobody wrote, gaps where nobody knows."""
        stop = min(offset_bytes + length_bytes, self.size_bytes)
        if stop <= offset_bytes:
            return Piece(b"")
        parts: list[bytes] = []
        gaps: list[ByteRange] = []
        for extent in self.extents(offset_bytes, stop):
            if extent.kind is Kind.DATA:
                piece = self.layers[extent.layer].source.pread(
                    extent.source_offset_bytes, extent.length_bytes
                )
                shift = extent.offset_bytes - extent.source_offset_bytes
                gaps += [
                    ByteRange(gap.offset_bytes + shift, gap.length_bytes) for gap in piece.gaps
                ]
                parts.append(piece.data)
                short = extent.length_bytes - len(piece.data)
                if short:
                    parts.append(bytes(short))
                    gaps.append(ByteRange(extent.end_bytes - short, short))
            else:
                parts.append(bytes(extent.length_bytes))
                if extent.kind is Kind.UNKNOWN:
                    gaps.append(ByteRange(extent.offset_bytes, extent.length_bytes))
        return Piece(parts[0] if len(parts) == 1 else b"".join(parts), joined(gaps))

    def allocated(self) -> Iterator[ByteRange]:
        """What is worth reading: everything but ZERO, joined; the rest of the disk is a hole."""
        pending: ByteRange | None = None
        for extent in self.extents():
            if extent.kind is Kind.ZERO:
                continue
            if pending is not None and pending.end_bytes == extent.offset_bytes:
                length = pending.length_bytes + extent.length_bytes
                pending = ByteRange(pending.offset_bytes, length)
            else:
                if pending is not None:
                    yield pending
                pending = ByteRange(extent.offset_bytes, extent.length_bytes)
        if pending is not None:
            yield pending


def virtual_disk(chain: Chain, *, partial: bool = False) -> VirtualDisk:
    """The disk of a chain.

    Raises:
        Refused: `LV-VHD-10` a parent is missing and `partial` was not asked for, `LV-VHD-11` the image
            is encrypted: its sectors are not the guest's.
    """
    if chain.encrypted:
        raise Refused(
            "LV-VHD-11",
            "{name} is encrypted by the storage manager: its sectors cannot be read without the key. "
            "Copy the whole volume, not its disk.",
            name=chain.leaf.name,
        )
    if not chain.is_whole and not partial:
        missing = chain.missing
        raise Refused(
            "LV-VHD-10",
            "The disk of {name} is not whole: {parent} is missing. Restore or add the parent, or ask "
            "for a partial copy, in which everything that the parent held is marked as a gap.",
            name=chain.leaf.name,
            parent=missing.name.lv_name if missing and missing.name else "its parent",
        )
    return VirtualDisk(disk_layers(chain), chain.leaf.size_bytes, chain.end)


def disk_layers(chain: Chain) -> tuple[Layer, ...]:
    """The chain's images, and its raw root, as layers."""
    layers = []
    for image in chain.images:
        if image.header is None or image.table is None:
            layers.append(Layer(image.name, image.source, image.size_bytes, None))
            continue
        layers.append(
            Layer(
                image.name,
                image.source,
                image.size_bytes,
                image.table,
                image.block_bytes,
                image.header.bitmap_bytes,
                -(-image.headers_end_bytes // SECTOR),
                -(-image.source.size_bytes // SECTOR),
            )
        )
    if chain.raw_root is not None:
        source = chain.raw_root.source
        size = source.size_bytes - source.size_bytes % SECTOR
        layers.append(Layer(chain.raw_root.name, source, size, None))
    return tuple(layers)
