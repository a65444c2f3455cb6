"""The hands of the copy: read a range, leave out zeros, write, hash, mark; checkpoints and roll-backs.

Which range comes next is for `passes`. Invariants (reliability.md §3): a range is `+` in a durable map
only when its bytes and its digest are durable; a whole map exists at every instant; after a failed
sync everything since the last checkpoint is unknown again, and the descriptor is not trusted any more.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial

from lvtui.host.copy.control import StopAsked
from lvtui.host.copy.hasher import ChunkHasher
from lvtui.host.copy.manifest import (
    CHUNK_BYTES,
    chunk_bytes,
    is_zeros,
)
from lvtui.host.copy.mapstore import Checkpoint
from lvtui.host.copy.passes import UNFINISHED, Passes
from lvtui.host.copy.ranges import forget_part, is_whole, span_to, units
from lvtui.host.copy.reads import Reads
from lvtui.host.copy.workplace import Workplace
from lvtui.plan.facts import CopyState
from lvtui.plan.mapfile import BlockStatus, CopyMap, Phase
from lvtui.source import ByteRange, Piece
from lvtui.units import MiB

CHECKPOINT_SECONDS = 10.0
CHECKPOINT_BYTES = 256 * MiB


class Engine:
    """One run of a copy."""

    def __init__(self, place: Workplace, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        self._place = place
        self._durable = checkpoint
        self.map: CopyMap = checkpoint.copy_map
        self._holes_bytes = checkpoint.holes_bytes
        self._hasher = ChunkHasher()
        self._digests: dict[int, bytes] = {}
        self._touched: set[int] = set()
        """Chunks that were not read in one go: hashed from the image once they are whole."""
        self._recent: set[int] = set()
        self._fresh: list[ByteRange] = []
        """What was read since the volume group was last looked at."""
        self._saved_at = place.clock.now()
        self._unsaved_bytes = 0
        self._reads = Reads(place.image, place.clock, place.meter)

    @property
    def size_bytes(self) -> int:
        """The size of the image."""
        return self._place.image.size_bytes

    def run(self) -> Checkpoint:
        """Copy what is not there yet, and try what was unreadable as often as asked.

        Raises:
            StopAsked: after a checkpoint. DestinationError: the image cannot be written.
            SourceReadError, SourceChangedError: the source went.
        """
        place = self._place
        place.control.before_pause = self.checkpoint
        place.meter.begin(CopyState.RUNNING)
        passes = Passes(self, place.control)
        place.image.patient = False
        place.patience.on_lost = self._forget_unsaved
        try:
            self.checkpoint()
            while True:
                passes.run()
                self.checkpoint()
                # a failed sync makes ranges unknown again, whatever pass it is in
                if not any(self.map.next(status, 0) for status in UNFINISHED):
                    break
            self.map = replace(self.map, phase=Phase.FINISHED)
            self.checkpoint()
        except StopAsked:
            with contextlib.suppress(OSError):  # a full disk: the last checkpoint stands
                self._checkpoint()
            raise
        finally:
            self._hasher.close()
        return self._durable

    def enter(self, phase: Phase, current_pass: int) -> None:
        """Another phase begins."""
        self.map = replace(self.map, phase=phase, current_pass=current_pass)
        self._place.meter.phase = phase.name.lower()

    def has_source(self, where: ByteRange) -> bool:
        """Whether any byte of a range can be read from somewhere."""
        return self._place.image.has_source(where)

    @property
    def sector_bytes(self) -> int:
        """The smallest that is worth a read of its own."""
        return self._place.image.sector_bytes

    # Checkpoints

    def checkpoint(self) -> None:
        """Make durable what is there; waits while a file system is full."""
        self._place.patience.wait_out(self._checkpoint)

    def _checkpoint(self) -> None:
        place = self._place
        try:
            with place.patience.writing_to(place.target.path):
                self._settle()
                place.target.sync()
            with place.patience.writing_to_case():
                self._digests.update(self._hasher.take())
                place.manifest.write(self._digests)
                place.manifest.sync()
        except OSError:
            self._roll_back()
            raise
        self._digests.clear()
        with place.patience.writing_to_case():
            place.watch.look(self._fresh)
        self._fresh.clear()
        checkpoint = replace(
            self._durable,
            copy_map=self.map,
            holes_bytes=self._holes_bytes,
            recent=tuple(sorted(self._recent)),
        )
        with place.patience.writing_to_case():
            place.maps.save(checkpoint)
        self._durable = checkpoint
        self._recent.clear()
        self._saved_at, self._unsaved_bytes = place.clock.now(), 0
        place.meter.warning = place.watch.note
        self._tell()

    def _settle(self) -> None:
        """Digests of the chunks that became whole in parts."""
        for index in sorted(self._touched):
            chunk = self.chunk(index)
            if is_whole(self.map, chunk):
                self._digests[index] = self._place.target.digest(chunk)
                self._touched.discard(index)

    def _forget_unsaved(self) -> None:
        """What was written since the last checkpoint may be lost: copy it again."""
        self._hasher.take()
        self._digests.clear()
        self._touched.clear()
        self.map, self._holes_bytes = self._durable.copy_map, self._durable.holes_bytes
        # A chunk of which a part stays is hashed from the image: that part is written anew, too.
        for index in self._recent:
            self.map = forget_part(self.map, self.chunk(index))
        self._tell()

    def _roll_back(self) -> None:
        self._forget_unsaved()
        self._place.manifest.reopen()
        self._place.target.reopen()

    def maybe_checkpoint(self) -> None:
        """One, when it is due."""
        age_seconds = self._place.clock.now() - self._saved_at
        if age_seconds >= CHECKPOINT_SECONDS or self._unsaved_bytes >= CHECKPOINT_BYTES:
            self.checkpoint()

    # Ranges

    def chunk(self, index: int) -> ByteRange:
        """The range of a chunk."""
        return ByteRange(index * CHUNK_BYTES, chunk_bytes(index, self.size_bytes))

    def skip_hole(self, index: int) -> bool:
        """Take all chunks of a hole at once; False when the chunk has data."""
        place, start = self._place, index * CHUNK_BYTES
        end = place.image.hole_end(start)
        if end < place.image.size_bytes:
            end -= end % CHUNK_BYTES
        if end <= start:
            return False
        untried = self.map.within(ByteRange(start, end - start))[0]
        if untried.end_bytes < end:
            end = untried.end_bytes - untried.end_bytes % CHUNK_BYTES
        where = ByteRange(start, end - start)
        if end <= start or untried.status is not BlockStatus.UNTRIED:
            return False
        place.patience.wait_out(partial(place.target.zero, start, where.length_bytes))
        place.manifest.zero(index, -(-where.length_bytes // CHUNK_BYTES))
        self._fresh.append(where)
        self._holes_bytes += where.length_bytes
        self.map = self.map.advance(where, BlockStatus.DONE)
        self._tell()
        place.meter.tick()
        place.control.poll()
        return True

    def copy(self, span: ByteRange) -> ByteRange | None:
        """Copy a part of one chunk, forward; the read that failed or was slow, where it ended."""
        stumbled = self._place.patience.wait_out(partial(self._copy, span))
        self.maybe_checkpoint()
        return stumbled

    def _copy(self, span: ByteRange) -> ByteRange | None:
        index = span.offset_bytes // CHUNK_BYTES
        in_one_go = span == self.chunk(index)
        if in_one_go:
            self._hasher.begin(index, span.length_bytes)
        holes_bytes, gaps, stumbled = 0, list[ByteRange](), None
        read = Piece(b"")
        for unit in units(span):
            read, is_slow = self._reads.timed(unit)
            is_lost = self._reads.lost(unit, read.gaps)
            holes_bytes += self._write(unit, read, hashed=in_one_go and not is_lost)
            gaps += read.gaps
            if is_lost or (is_slow and unit.end_bytes < span.end_bytes):
                stumbled = unit
                break
            self._moved(unit, read)
        self._holes_bytes += holes_bytes
        self._mark(span_to(span, stumbled), gaps, BlockStatus.UNTRIMMED)
        if stumbled is not None or not in_one_go:
            self._touched.add(index)
        if stumbled is not None:
            self._moved(stumbled, read)
        return stumbled

    def attempt(self, where: ByteRange, failed: BlockStatus, *, patient: bool = False) -> bool:
        """Read a part of one chunk at once, write and mark it; False: some of it has failed.

        `patient`: a read that fails is taken apart to sectors.
        """
        whole = self._place.patience.wait_out(partial(self._attempt, where, failed, patient))
        self.maybe_checkpoint()
        return whole

    def _attempt(self, where: ByteRange, failed: BlockStatus, patient: bool) -> bool:  # noqa: FBT001 - by partial
        read = self._reads.patiently(where) if patient else self._reads.once(where)
        is_lost = self._reads.lost(where, read.gaps)
        self._holes_bytes += self._write(where, read, hashed=False)
        self._mark(where, list(read.gaps), failed)
        self._touched.add(where.offset_bytes // CHUNK_BYTES)
        self._moved(where, read)
        return not is_lost

    def give_up(self, where: ByteRange) -> None:
        """A range stays unread, because that is asked for: zeros."""
        for part in units(where):
            self._place.patience.wait_out(
                partial(self._place.target.zero, part.offset_bytes, part.length_bytes)
            )
            self._mark(part, [part], BlockStatus.BAD)
            self._touched.update(
                range(part.offset_bytes // CHUNK_BYTES, -(-part.end_bytes // CHUNK_BYTES))
            )
        self.maybe_checkpoint()

    def _write(self, where: ByteRange, read: Piece, *, hashed: bool) -> int:
        target, hasher = self._place.target, self._hasher
        with self._place.patience.writing_to(target.path):
            if is_zeros(read.data):
                target.zero(where.offset_bytes, where.length_bytes)
                if hashed:
                    hasher.zeros(where.length_bytes)
                return where.length_bytes
            if hashed:
                hasher.update(read.data)
            return target.write(where.offset_bytes, read.data)

    def _mark(self, where: ByteRange, gaps: list[ByteRange], failed: BlockStatus) -> None:
        self._fresh.append(where)
        copy_map = self.map.advance(where, BlockStatus.DONE)
        for gap in gaps:
            status = failed if self.has_source(gap) else BlockStatus.BAD
            copy_map = copy_map.advance(gap, status)
        self.map = replace(copy_map, position_bytes=where.end_bytes)
        self._unsaved_bytes += where.length_bytes
        self._recent.update(
            range(where.offset_bytes // CHUNK_BYTES, -(-where.end_bytes // CHUNK_BYTES))
        )
        self._tell()

    def _moved(self, unit: ByteRange, read: Piece) -> None:
        gaps_bytes = sum(gap.length_bytes for gap in read.gaps)
        place = self._place
        place.meter.moved(unit.length_bytes, good=gaps_bytes < unit.length_bytes)
        place.meter.tick()
        place.control.poll()
        place.control.brake(unit.length_bytes)

    def _tell(self) -> None:
        meter = self._place.meter
        meter.done_bytes = self.map.total_bytes(BlockStatus.DONE)
        meter.unreadable_bytes = self.size_bytes - meter.done_bytes
        meter.unreadable_bytes -= self.map.total_bytes(BlockStatus.UNTRIED)
        meter.holes_bytes = self._holes_bytes
