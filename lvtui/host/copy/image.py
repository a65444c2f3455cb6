"""The image as it is read: the pieces of a job over its opened sources, in the image's coordinates."""

from __future__ import annotations

import bisect
import mmap
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from lvtui.host.copy.headers import read_committed, read_state
from lvtui.host.copy.sources import OpenDevice, open_source, still_there
from lvtui.host.device import SourceDevice
from lvtui.host.machine import Clock
from lvtui.plan.job import JobPiece, JobSpec
from lvtui.plan.recheck import Places
from lvtui.source import ByteRange, Piece


class JobImage:
    """Reads the image of a job; opens its sources and holds them, so that they stay the same ones."""

    def __init__(self, spec: JobSpec, open_device: OpenDevice = SourceDevice) -> None:
        """Open the sources.

        Raises:
            SourceReadError: one cannot be opened. SourceChangedError: one is another than planned.
        """
        self._open_device = open_device
        self._pieces = spec.pieces
        self._sources = spec.sources
        self._starts = [piece.out_offset_bytes for piece in spec.pieces]
        self.size_bytes = spec.size_bytes
        with ExitStack() as stack:
            self._devices: Sequence[SourceDevice] = [
                stack.enter_context(open_source(source, open_device)) for source in spec.sources
            ]
            self._stack = stack.pop_all()

    @property
    def patient(self) -> bool:
        """Whether reads that fail are taken apart to sectors."""
        return all(device.patient for device in self._devices)

    @patient.setter
    def patient(self, patient: bool) -> None:
        for device in self._devices:
            device.patient = patient

    @property
    def sector_bytes(self) -> int:
        """The smallest that can be read alone: a sector, or a page where the page cache is used."""
        return max(
            device.sector_bytes if device.is_direct else mmap.PAGESIZE for device in self._devices
        )

    def close(self) -> None:
        """Close the sources."""
        self._stack.close()

    def read(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read the image; bytes that no source has, or that cannot be read, are zero and gaps."""
        parts: list[bytes] = []
        gaps: list[ByteRange] = []
        for piece, start, length in self._runs(offset_bytes, length_bytes):
            data = b""
            if piece.source is not None:
                at = piece.source_offset_bytes + start - piece.out_offset_bytes
                read = self._devices[piece.source].pread(at, length)
                data = read.data
                gaps.extend(
                    ByteRange(g.offset_bytes - at + start, g.length_bytes) for g in read.gaps
                )
            if len(data) < length:
                gaps.append(ByteRange(start + len(data), length - len(data)))
                data = data + bytes(length - len(data))
            parts.append(data)
        return Piece(parts[0] if len(parts) == 1 else b"".join(parts), tuple(gaps))

    def has_source(self, where: ByteRange) -> bool:
        """Whether any byte of a range can be read from somewhere."""
        return any(
            piece.source is not None
            for piece, _, _ in self._runs(where.offset_bytes, where.length_bytes)
        )

    def hole_end(self, offset_bytes: int) -> int:
        """Where the hole of a source file that begins at `offset_bytes` ends; itself: no hole."""
        position = offset_bytes
        while position < self.size_bytes:
            piece = self._pieces[bisect.bisect_right(self._starts, position) - 1]
            end = piece.out_offset_bytes + piece.length_bytes
            if piece.source is None:
                break
            at = piece.source_offset_bytes + position - piece.out_offset_bytes
            data = self._devices[piece.source].seek_data(at)
            if data <= at:
                break
            position = min(end, position + data - at)
            if position < end:
                break
        return position

    def states(self, clock: Clock) -> tuple[str, ...]:
        """Which text each metadata area has in use now."""
        return tuple(read_state(device, area, clock) for device, area in self._areas())

    def planned_states(self) -> tuple[str, ...]:
        """The same when the copy was planned; empty where that is not known."""
        return tuple(
            state
            for source in self._sources
            for state in (source.committed or ("",) * len(source.metadata_areas))
        )

    def committed_texts(self) -> tuple[bytes, ...]:
        """The texts in use now, each once."""
        found = (read_committed(device, area) for device, area in self._areas())
        return tuple(dict.fromkeys(text for text in found if text is not None))

    def _areas(self) -> Iterator[tuple[SourceDevice, ByteRange]]:
        for source, device in zip(self._sources, self._devices, strict=True):
            for area in source.metadata_areas:
                yield device, area

    def met(self, where: ByteRange, places: Places) -> Iterator[ByteRange]:
        """The parts of a range of the image that were read from some places."""
        for piece, start, length in self._runs(where.offset_bytes, where.length_bytes):
            if piece.source is not None:
                shift = piece.source_offset_bytes - piece.out_offset_bytes
                for part in places.within(piece.source, start + shift, length):
                    yield ByteRange(part.offset_bytes - shift, part.length_bytes)

    def changed_heads(self) -> tuple[str, ...]:
        """Sources whose first 4 KiB are not what they were: told, not refused."""
        return tuple(
            source.path
            for source, device in zip(self._sources, self._devices, strict=True)
            if source.identity.head_sha256 != device.identity.head_sha256
        )

    def check_sources(self) -> None:
        """Look whether the sources are still there, by opening them again.

        Raises:
            SourceReadError, SourceChangedError: a disk went, or came back as another.
        """
        for source, device in zip(self._sources, self._devices, strict=True):
            still_there(source, device, self._open_device)

    @property
    def moved(self) -> tuple[tuple[str, str], ...]:
        """Sources that are under another path now: planned, and found."""
        pairs = zip(self._sources, self._devices, strict=True)
        return tuple(
            (source.path, device.path) for source, device in pairs if source.path != device.path
        )

    def _runs(self, offset_bytes: int, length_bytes: int) -> list[tuple[JobPiece, int, int]]:
        """(piece, offset in the image, length) of a range."""
        runs = []
        end = min(offset_bytes + length_bytes, self.size_bytes)
        index = bisect.bisect_right(self._starts, offset_bytes) - 1
        while offset_bytes < end:
            piece = self._pieces[index]
            length = min(end, piece.out_offset_bytes + piece.length_bytes) - offset_bytes
            runs.append((piece, offset_bytes, length))
            offset_bytes += length
            index += 1
        return runs
