"""Where metadata texts lie in bytes: whole, wrapped round the ring's end, or torn.

One scan over the bytes finds heads on the 512-byte grid, `lvm/index.py` reads what a
list of versions needs without parsing it. Old texts carry no checksum; a text is whole when its
structure is (one head, balanced braces, one trailer, final LF LF NUL). What is on disk, per release
(measured, but for the source's word on 2.02.177 in a full ring):

    release      next text starts at         at the ring's end             behind the NUL
    2.02.84      next 512                    split, goes on at area + 512  older text stays
    2.02.177     next 4096                   back to the ring's start      zeros up to 4096
    2.02.180     next 512                    split                         older text stays
    2.03.6+      next 512                    split                         zeros up to 512

So a text ends at its first NUL, and what follows in the same sector is never read: it may hold a
complete trailer of another text. Writes go round, so that at most one old text is cut by the newest
one: its head is gone, its tail is left. Heads of which the rest is gone come from a ring that was
started anew, or from damage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple

from lvtui.lvm.index import (
    END_NEEDLE,
    GRID_BYTES,
    SEQNO_NEEDLE,
    TextIndex,
    head_start,
    is_tail,
    run_end,
    run_start,
    torn_index,
    whole_index,
)
from lvtui.source import ByteRange

Progress = Callable[[int], bool]
"""(bytes done) → whether to go on."""

_PROGRESS_BYTES = 256 * 1024


class CopyState(StrEnum):
    """How much of a text is still on disk, and whether it is believed."""

    WHOLE = "whole"
    WRAPPED = "wrapped"
    """Whole, split at the ring's end."""
    TORN = "torn"
    SUSPECT = "suspect"
    """Complete, but it contradicts itself or its neighbours; never from the carver itself."""


class FoundText(NamedTuple):
    """A text in a buffer; offsets are the buffer's."""

    start: int
    end: int
    """Behind its last byte, the NUL not counted; less than `start` where it is wrapped."""
    state: CopyState
    text: bytes
    known: TextIndex


def find_texts(
    buffer: bytes,
    *,
    start: int = 0,
    wraps: bool = False,
    gaps: tuple[ByteRange, ...] = (),
    progress: Progress | None = None,
) -> list[FoundText]:
    """Every text in `buffer`, ordered by offset.

    Args:
        buffer: its first byte stands on the 512-byte grid.
        start: where the ring begins; nothing before it is read.
        wraps: whether a text that meets the buffer's end goes on at `start`.
        gaps: unreadable ranges of the buffer, zero in it; a text over one is torn.
        progress: called with bytes done; returning False stops with what is found.
    """
    return _Scan(buffer, start=start, wraps=wraps, gaps=gaps).run(progress)


class _Scan:
    """One scan of one buffer."""

    def __init__(
        self, buffer: bytes, *, start: int, wraps: bool, gaps: tuple[ByteRange, ...]
    ) -> None:
        self._buffer = buffer
        self._start = start
        self._wraps = wraps
        self._gaps = gaps

    def run(self, progress: Progress | None) -> list[FoundText]:
        texts: list[FoundText] = []
        reported = 0
        heads = self._heads()
        found = next(heads, None)
        while found is not None:
            head, next_seqno = found
            found = next(heads, None)
            texts.append(self._text_at(head, next_seqno, None if found is None else found[0]))
            if progress is not None and head - reported >= _PROGRESS_BYTES:
                reported = head
                if not progress(head):
                    return texts
        texts += self._tails(texts)
        texts.sort(key=attrgetter("start"))
        return texts

    def _heads(self) -> Iterator[tuple[int, int]]:
        """Where each head begins, and the next seqno behind its own (a head's or another)."""
        buffer = self._buffer
        at = buffer.find(SEQNO_NEEDLE, self._start)
        while at >= 0:
            following = buffer.find(SEQNO_NEEDLE, at + len(SEQNO_NEEDLE))
            head = head_start(buffer, at)
            if head is not None and head >= self._start:
                yield head, following if following >= 0 else len(buffer)
            at = following

    def _text_at(self, head: int, next_seqno: int, following: int | None) -> FoundText:
        buffer = self._buffer
        limit = len(buffer) if following is None else following
        nul = buffer.find(b"\0", head, limit)
        if nul >= 0:
            text = buffer[head:nul]
            index = whole_index(text, lone=nul <= next_seqno)
            if index is not None and not self._meets_gap(head, nul + 1):
                return FoundText(head, nul, CopyState.WHOLE, text, index)
        elif following is None and self._wraps:
            wrapped = self._wrapped(head)
            if wrapped is not None:
                return wrapped
        end = run_end(buffer, head, limit if nul < 0 else nul)
        text = buffer[head:end]
        return FoundText(head, end, CopyState.TORN, text, torn_index(text))

    def _wrapped(self, head: int) -> FoundText | None:
        buffer = self._buffer
        nul = buffer.find(b"\0", self._start, head)
        if nul < 0 or self._meets_gap(head, len(buffer)) or self._meets_gap(self._start, nul + 1):
            return None
        text = buffer[head:] + buffer[self._start : nul]
        # The rest may be another text's: only a joint that holds line by line is believed.
        index = whole_index(text, exact=True)
        return FoundText(head, nul, CopyState.WRAPPED, text, index) if index is not None else None

    def _tails(self, texts: list[FoundText]) -> Iterator[FoundText]:
        """What is left of texts without a head, between the texts that have one."""
        buffer = self._buffer
        at = self._start
        if texts and texts[-1].state is CopyState.WRAPPED:
            at = texts[-1].end + 1
        for limit, behind in [(text.start, text.end) for text in texts] + [(len(buffer), -1)]:
            # A piece that reaches no boundary is residue in a newer text's last sector.
            if -(-at // GRID_BYTES) * GRID_BYTES < limit:
                yield from self._tails_between(at, limit, texts)
            at = behind + 1 if behind >= limit else limit
            if behind >= 0 and behind < limit:
                return

    def _tails_between(self, start: int, limit: int, texts: list[FoundText]) -> Iterator[FoundText]:
        buffer = self._buffer
        at = start
        while (at := buffer.find(END_NEEDLE, at, limit)) >= 0:
            nul = at + len(END_NEEDLE) - 1
            begin = run_start(buffer, start, nul)
            start = at = nul + 1
            text = buffer[begin:nul]
            if begin == self._start and self._wraps:
                before = self._before_ring_end(texts)
                begin = before if before < len(buffer) else begin
                text = buffer[before:] + text
            elif -(-begin // GRID_BYTES) * GRID_BYTES >= nul:
                continue
            if is_tail(text):
                yield FoundText(begin, nul, CopyState.TORN, text, torn_index(text))

    def _before_ring_end(self, texts: list[FoundText]) -> int:
        """Where the run of text begins that goes on at the ring's start; the end if there is none."""
        floor = self._start
        if texts:
            last = texts[-1]
            floor = last.end + 1 if last.state is CopyState.WHOLE else last.end
        return run_start(self._buffer, min(floor, len(self._buffer)), len(self._buffer))

    def _meets_gap(self, start: int, end: int) -> bool:
        return bool(self._gaps) and any(
            gap.offset_bytes < end and start < gap.end_bytes for gap in self._gaps
        )
