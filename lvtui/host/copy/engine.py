"""The copy loop: read, leave out zeros, write, hash; checkpoints; the second pass over bad places.

Invariants (reliability.md §3): a range is `+` in a durable map only when its bytes and its digest are
durable; a whole map exists at every instant; after a failed sync everything since the last checkpoint
is unknown again, and the descriptor is not trusted any more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from lvtui.host.copy.control import Control, StopAsked
from lvtui.host.copy.full import Patience
from lvtui.host.copy.hasher import ChunkHasher
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.manifest import CHUNK_BYTES, UNIT_BYTES, ZERO_UNIT, Manifest, chunk_bytes
from lvtui.host.copy.mapstore import Checkpoint, MapStore
from lvtui.host.copy.meter import Meter
from lvtui.host.copy.target import Target
from lvtui.host.copy.watch import SourceWatch
from lvtui.host.machine import Clock
from lvtui.plan.facts import CopyState
from lvtui.plan.mapfile import BlockStatus, CopyMap, Phase
from lvtui.source import ByteRange, Piece
from lvtui.units import MiB

CHECKPOINT_SECONDS = 10.0
CHECKPOINT_BYTES = 256 * MiB

LOST_CHUNKS_MAX = 4
"""After so many chunks in a row without a readable byte the source itself is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an engine works with; all of it belongs to one job."""

    image: JobImage
    target: Target
    manifest: Manifest
    maps: MapStore
    meter: Meter
    control: Control
    patience: Patience
    watch: SourceWatch
    clock: Clock


class Engine:
    """One run of a copy."""

    def __init__(self, place: Workplace, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        self._place = place
        self._durable = checkpoint
        self._map = checkpoint.copy_map
        self._holes_bytes = checkpoint.holes_bytes
        self._hasher = ChunkHasher()
        self._digests: dict[int, bytes] = {}
        self._saved_at = place.clock.now()
        self._unsaved_bytes = 0
        self._lost_chunks = 0
        self._rolled_back = False

    def run(self) -> Checkpoint:
        """Copy what is not there yet, and try what was unreadable once more.

        Raises:
            StopAsked: after a checkpoint. DestinationError: the image cannot be written.
            SourceReadError, SourceChangedError: the source went.
        """
        place = self._place
        place.control.before_pause = self.checkpoint
        place.meter.begin(CopyState.RUNNING)
        try:
            self.checkpoint()
            self._rolled_back = True
            while self._rolled_back:
                self._rolled_back = False
                self._first_pass()
                self.checkpoint()
                self._second_pass()
                self.checkpoint()
            self._map = replace(self._map, phase=Phase.FINISHED)
            self.checkpoint()
        except StopAsked:
            with contextlib.suppress(OSError):  # a full disk: the last checkpoint stands
                self._checkpoint()
            raise
        finally:
            self._hasher.close()
        return self._durable

    def checkpoint(self) -> None:
        """Make durable what is there; waits while a file system is full."""
        self._place.patience.wait_out(self._checkpoint)

    def _checkpoint(self) -> None:
        place = self._place
        self._digests.update(self._hasher.take())
        try:
            with place.patience.writing_to(place.target.path):
                place.target.sync()
            with place.patience.writing_to_case():
                place.manifest.write(self._digests)
                place.manifest.sync()
        except OSError:
            self._roll_back()
            raise
        self._digests.clear()
        checkpoint = replace(self._durable, copy_map=self._map, holes_bytes=self._holes_bytes)
        with place.patience.writing_to_case():
            place.maps.save(checkpoint)
        self._durable = checkpoint
        self._saved_at, self._unsaved_bytes = place.clock.now(), 0
        place.meter.warning = place.watch.look()
        self._tell()

    def _roll_back(self) -> None:
        """What was written since the last checkpoint may be lost: copy it again."""
        self._rolled_back = True
        self._map, self._holes_bytes = self._durable.copy_map, self._durable.holes_bytes
        self._digests.clear()
        self._place.target.reopen()
        self._place.manifest.reopen()
        self._tell()

    def _first_pass(self) -> None:
        while (index := self._next_untried()) is not None:
            if not self._skip_hole(index):
                self._place.patience.wait_out(partial(self._copy_chunk, index))
            self._maybe_checkpoint()

    def _second_pass(self) -> None:
        """Try bad places again that have a source; their chunks are hashed anew from the image."""
        bad = [
            where
            for where in self._map.ranges(BlockStatus.BAD)
            if self._place.image.has_source(where)
        ]
        if bad:
            self._map = replace(self._map, phase=Phase.RETRYING)
        chunks = {
            index
            for where in bad
            for index in range(where.offset_bytes // CHUNK_BYTES, _last_chunk(where) + 1)
        }
        for index in sorted(chunks):
            self._place.patience.wait_out(partial(self._retry_chunk, index))
            self._maybe_checkpoint()

    def _maybe_checkpoint(self) -> None:
        age_seconds = self._place.clock.now() - self._saved_at
        if age_seconds >= CHECKPOINT_SECONDS or self._unsaved_bytes >= CHECKPOINT_BYTES:
            self.checkpoint()

    def _chunk(self, index: int) -> ByteRange:
        size_bytes = self._place.image.size_bytes
        return ByteRange(index * CHUNK_BYTES, chunk_bytes(index, size_bytes))

    def _next_untried(self) -> int | None:
        """The first chunk of which a part was never tried: such a chunk is copied whole."""
        for block in self._map.blocks:
            if block.status not in {BlockStatus.DONE, BlockStatus.BAD}:
                return block.offset_bytes // CHUNK_BYTES
        return None

    def _skip_hole(self, index: int) -> bool:
        """Take all chunks of a hole at once; False when the chunk has data."""
        place, start = self._place, index * CHUNK_BYTES
        end = place.image.hole_end(start)
        if end < place.image.size_bytes:
            end -= end % CHUNK_BYTES
        where = ByteRange(start, end - start)
        if end <= start or any(
            b.status is not BlockStatus.UNTRIED for b in self._map.within(where)
        ):
            return False
        place.patience.wait_out(partial(place.target.zero, start, where.length_bytes))
        place.manifest.zero(index, -(-where.length_bytes // CHUNK_BYTES))
        self._holes_bytes += where.length_bytes
        self._map = self._map.advance(where, BlockStatus.DONE)
        self._tell()
        place.meter.tick()
        place.control.poll()
        return True

    def _copy_chunk(self, index: int) -> None:
        chunk, holes_bytes, gaps = self._chunk(index), 0, list[ByteRange]()
        self._hasher.begin(index, chunk.length_bytes)
        for unit in _units(chunk):
            read = self._place.image.read(unit.offset_bytes, unit.length_bytes)
            holes_bytes += self._write(unit, read)
            gaps += read.gaps
            self._moved(unit, read)
        self._holes_bytes += holes_bytes
        self._map = _marked(self._map, chunk, gaps)
        self._unsaved_bytes += chunk.length_bytes
        self._look_at_losses(chunk, gaps)
        self._tell()

    def _write(self, unit: ByteRange, read: Piece) -> int:
        target, hasher = self._place.target, self._hasher
        if ZERO_UNIT[: len(read.data)] == read.data:
            with self._place.patience.writing_to(target.path):
                target.zero(unit.offset_bytes, unit.length_bytes)
            hasher.zeros(unit.length_bytes)
            return unit.length_bytes
        hasher.update(read.data)
        with self._place.patience.writing_to(target.path):
            return target.write(unit.offset_bytes, read.data)

    def _retry_chunk(self, index: int) -> None:
        place, chunk = self._place, self._chunk(index)
        for bad in self._map.within(chunk):
            if bad.status is not BlockStatus.BAD:
                continue
            where = ByteRange(bad.offset_bytes, bad.length_bytes)
            for unit in _units(where):
                read = place.image.read(unit.offset_bytes, unit.length_bytes)
                with place.patience.writing_to(place.target.path):
                    place.target.write(unit.offset_bytes, read.data)
                self._map = _marked(self._map, unit, list(read.gaps))
                self._moved(unit, read)
        self._hasher.begin(index, chunk.length_bytes)
        for unit in _units(chunk):
            self._hasher.update(place.target.read(unit.offset_bytes, unit.length_bytes))
        self._unsaved_bytes += chunk.length_bytes
        self._tell()

    def _look_at_losses(self, chunk: ByteRange, gaps: list[ByteRange]) -> None:
        """A disk that went reads as errors everywhere: do not call all of it bad."""
        image = self._place.image
        lost = sum(gap.length_bytes for gap in gaps) == chunk.length_bytes
        self._lost_chunks = self._lost_chunks + 1 if lost and image.has_source(chunk) else 0
        self._place.meter.read_errors += sum(image.has_source(gap) for gap in gaps)
        if self._lost_chunks and self._lost_chunks % LOST_CHUNKS_MAX == 0:
            image.check_sources()

    def _moved(self, unit: ByteRange, read: Piece) -> None:
        gaps_bytes = sum(gap.length_bytes for gap in read.gaps)
        place = self._place
        place.meter.moved(unit.length_bytes, good=gaps_bytes < unit.length_bytes)
        place.meter.tick()
        place.control.poll()
        place.control.brake(unit.length_bytes)

    def _tell(self) -> None:
        meter = self._place.meter
        meter.done_bytes = self._map.total_bytes(BlockStatus.DONE)
        meter.unreadable_bytes = self._map.total_bytes(BlockStatus.BAD)
        meter.holes_bytes = self._holes_bytes


def _marked(copy_map: CopyMap, where: ByteRange, gaps: list[ByteRange]) -> CopyMap:
    copy_map = copy_map.advance(where, BlockStatus.DONE)
    for gap in gaps:
        copy_map = copy_map.advance(gap, BlockStatus.BAD)
    return replace(copy_map, position_bytes=where.end_bytes)


def _units(where: ByteRange) -> Iterator[ByteRange]:
    for start in range(where.offset_bytes, where.end_bytes, UNIT_BYTES):
        yield ByteRange(start, min(UNIT_BYTES, where.end_bytes - start))


def _last_chunk(where: ByteRange) -> int:
    return (where.end_bytes - 1) // CHUNK_BYTES
