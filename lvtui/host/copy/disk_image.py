"""The image of a job that is made of a VHD and its parents, as it is read: `vhd` and `raw`.

Nothing is written between source and image: each read goes through tables and bitmaps to the places
where the disk's sectors stand. What nobody ever wrote is a hole, what nobody knows a gap.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvtui.errors import SourceChangedError
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.sources import OpenDevice
from lvtui.host.device import SourceDevice
from lvtui.plan.job import JobLayer, JobPiece, JobSpec
from lvtui.plan.recheck import Places, SourceRange
from lvtui.source import ByteRange, ByteSource, Piece
from lvtui.units import SECTOR_BYTES
from lvtui.vhd.bat import UNUSED
from lvtui.vhd.damage import LossySource
from lvtui.vhd.extent import Kind
from lvtui.vhd.flatten import VirtualDisk
from lvtui.vhd.header import BLOCK_BYTES
from lvtui.vhd.stack import image_of
from lvtui.vhd.write import VhdFile


@dataclass(frozen=True, slots=True)
class PiecesSource:
    """A volume by its pieces on the devices of a job."""

    pieces: tuple[JobPiece, ...]
    size_bytes: int
    devices: Sequence[SourceDevice]

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read; what has no source is zero and a gap."""
        parts: list[bytes] = []
        gaps: list[ByteRange] = []
        end = min(offset_bytes + length_bytes, self.size_bytes)
        index = bisect.bisect_right(self.pieces, offset_bytes, key=_out_offset) - 1
        while offset_bytes < end:
            piece = self.pieces[index]
            length = min(end, piece.out_offset_bytes + piece.length_bytes) - offset_bytes
            data = b""
            if piece.source is not None:
                at = piece.source_offset_bytes + offset_bytes - piece.out_offset_bytes
                read = self.devices[piece.source].pread(at, length)
                data = read.data
                gaps += [
                    ByteRange(gap.offset_bytes - at + offset_bytes, gap.length_bytes)
                    for gap in read.gaps
                ]
            if len(data) < length:
                gaps.append(ByteRange(offset_bytes + len(data), length - len(data)))
                data += bytes(length - len(data))
            parts.append(data)
            offset_bytes += length
            index += 1
        return Piece(parts[0] if len(parts) == 1 else b"".join(parts), tuple(gaps))


def _out_offset(piece: JobPiece) -> int:
    return piece.out_offset_bytes


class DiskImage(JobImage):
    """As `JobImage`, of a job with layers."""

    def __init__(self, spec: JobSpec, open_device: OpenDevice = SourceDevice) -> None:
        """Open the sources, and the disk in them.

        Raises:
            SourceReadError, SourceChangedError: as `JobImage`; or the disk is another than planned.
            FormatError, Refused: it cannot be opened any more.
        """
        super().__init__(spec, open_device)
        self._layers = spec.layers
        volumes = [(layer.name, self._volume(layer)) for layer in spec.layers]
        self._made = image_of(volumes, spec.format, partial=spec.partial)
        self._disk = (
            self._made if isinstance(self._made, VirtualDisk) else self._disk_in(self._made)
        )
        if self._made.size_bytes != spec.size_bytes:
            self.close()
            raise SourceChangedError(
                "LV-CPY-11",
                "The disk of {name} is not the one that this copy was planned with: its image has "
                "{found:count} bytes, planned were {planned:count}. Was the volume written since?",
                name=spec.lv_name,
                found=self._made.size_bytes,
                planned=spec.size_bytes,
            )

    def _volume(self, layer: JobLayer) -> ByteSource:
        source = PiecesSource(layer.pieces, layer.size_bytes, self._devices)
        return LossySource(source, layer.lost) if layer.lost else source

    @staticmethod
    def _disk_in(made: VhdFile) -> VirtualDisk:
        assert isinstance(made.disk, VirtualDisk), "made of a chain"
        return made.disk

    def read(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read the image; bytes that nobody knows are zero and gaps."""
        return self._made.pread(offset_bytes, length_bytes)

    def has_source(self, where: ByteRange) -> bool:
        """Whether any byte of a range can be read from somewhere."""
        if isinstance(self._made, VhdFile):
            return any(self._stands(part) for part in self._made.virtual_ranges(where))
        return self._stands(where)

    def _stands(self, where: ByteRange) -> bool:
        extents = self._disk.extents(where.offset_bytes, where.end_bytes)
        return any(extent.kind is Kind.DATA for extent in extents)

    def met(self, where: ByteRange, places: Places) -> Iterator[ByteRange]:
        """The parts of a range of the image that were read from some places, or by bitmaps there."""
        met = self._met_in_layers(places)
        made = self._made
        if isinstance(made, VhdFile):
            for part in made.virtual_ranges(where):
                for virtual in self._virtual(part, met):
                    yield from made.places_of(virtual)
        else:
            yield from self._virtual(where, met)

    def _met_in_layers(self, places: Places) -> list[Places]:
        """By layer, in its own coordinates."""
        return [
            Places(
                SourceRange(
                    0,
                    part.offset_bytes - piece.source_offset_bytes + piece.out_offset_bytes,
                    part.length_bytes,
                )
                for piece in layer.pieces
                if piece.source is not None
                for part in places.within(
                    piece.source, piece.source_offset_bytes, piece.length_bytes
                )
            )
            for layer in self._layers
        ]

    def _virtual(self, where: ByteRange, met: list[Places]) -> Iterator[ByteRange]:
        for block in range(where.offset_bytes // BLOCK_BYTES, -(-where.end_bytes // BLOCK_BYTES)):
            if self._bitmap_met(block, met):
                low = max(where.offset_bytes, block * BLOCK_BYTES)
                high = min(where.end_bytes, (block + 1) * BLOCK_BYTES)
                yield ByteRange(low, high - low)
        for extent in self._disk.extents(where.offset_bytes, where.end_bytes):
            if extent.kind is not Kind.DATA:
                continue
            shift = extent.source_offset_bytes - extent.offset_bytes
            parts = met[extent.layer].within(0, extent.source_offset_bytes, extent.length_bytes)
            for part in parts:
                yield ByteRange(part.offset_bytes - shift, part.length_bytes)

    def _bitmap_met(self, block: int, met: list[Places]) -> bool:
        """Whether what tells the sectors of a block apart may be another's now."""
        for layer, places in zip(self._disk.layers, met, strict=True):
            if layer.table is None or not places:
                continue
            if any(places.within(0, 0, layer.table.offset_bytes + layer.table.entry_count * 4)):
                return True
            scale = BLOCK_BYTES // layer.block_bytes
            for part in range(scale):
                entry = layer.table.entry(block * scale + part)
                if entry is None or entry == UNUSED:
                    continue
                if any(places.within(0, entry * SECTOR_BYTES, layer.bitmap_bytes)):
                    return True
        return False

    def hole_end(self, offset_bytes: int) -> int:
        """Where a stretch that nobody ever wrote ends; itself: none begins here."""
        if isinstance(self._made, VhdFile):
            return offset_bytes
        first = next(self._disk.extents(offset_bytes, offset_bytes + 1), None)
        if first is None or first.kind is not Kind.ZERO:
            return offset_bytes
        for extent in self._disk.extents(offset_bytes):
            if extent.kind is not Kind.ZERO:
                return extent.offset_bytes
        return self.size_bytes
