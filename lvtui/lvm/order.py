"""The true order of texts: by their place in each ring, joined over all rings of a group.

A ring is written in one direction, so that the text behind the write head is the oldest. Seqnos
repeat after a vgcfgrestore and clocks jump; the place does not lie. Where no header tells the head,
it is where time falls back while the seqno does not go on by one. A ring that was started again from
its front (pvcreate over it, a vgimportclone) holds pieces that are each in order; they are put by
time. Texts without a ring (backup files) are put by time between the others.
Facts: next start = old end rounded up to 512 (one sector more if it was a multiple), to 4096 on
2.02.177 (lvm2 `lib/format_text/format-text.c`; facts of the release table in `carve`).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from lvtui.lvm.carve import CopyState, MetadataCopy, Origin, Slot
from lvtui.lvm.version import Version

_SECTOR_BYTES = 512
_PAGE_BYTES = 4096


class _Placed(NamedTuple):
    """A copy, and the number of its text."""

    text: int
    copy: MetadataCopy


def true_order(texts: Sequence[Sequence[MetadataCopy]]) -> list[int]:
    """The order of the texts of one group, oldest first; each given by all of its copies."""
    rings: dict[tuple[int, int | None], list[_Placed]] = {}
    in_rings = {Origin.RING, Origin.SCAN}
    for number, copies in enumerate(texts):
        for copy in copies:
            if copy.origin in in_rings:
                rings.setdefault((copy.device, copy.area), []).append(_Placed(number, copy))
    sequences = [_ring_order(placed) for placed in rings.values()]
    if len(sequences) == 1 and len(sequences[0]) == len(texts):
        return sequences[0]
    return _joined(texts, sequences)


def missing_between(before: Version, after: Version) -> tuple[int, int] | None:
    """[first, last] seqnos that lie between two versions that follow each other, if any."""
    first, last = before.seqno, after.seqno
    if first is None or last is None or last <= first + 1 or adjacent(before, after):
        return None
    return first + 1, last - 1


def adjacent(before: Version, after: Version) -> bool:
    """Whether in some ring one text was written right behind the other."""
    starts: dict[tuple[int, int | None], int] = {
        (copy.device, copy.area): copy.offset_bytes
        for copy in after.copies
        if copy.area is not None and copy.origin is Origin.RING
    }
    return any(
        copy.state is CopyState.WHOLE and follows(copy, starts[copy.device, copy.area])
        for copy in before.copies
        if (copy.device, copy.area) in starts and copy.origin is Origin.RING
    )


def follows(copy: MetadataCopy, start: int) -> bool:
    """Whether a text at `start` was written right behind this one, by the rule of any release."""
    end = copy.offset_bytes + copy.length_bytes + 1  # the NUL
    rounded = -(-end // _SECTOR_BYTES) * _SECTOR_BYTES
    return start in {rounded, rounded + _SECTOR_BYTES, -(-end // _PAGE_BYTES) * _PAGE_BYTES}


def _ring_order(placed: list[_Placed]) -> list[int]:
    placed.sort(key=lambda one: one.copy.offset_bytes)
    heads = [n for n, one in enumerate(placed) if one.copy.slot is Slot.COMMITTED]
    if heads:
        head = heads[-1] + 1
        placed = placed[head:] + placed[:head]
        early = [one for one in placed if not one.copy.never_committed]
        late = [one for one in placed if one.copy.never_committed]
        runs = _cut_where_time_falls(early, headed=True)
        runs = [*sorted(runs[:-1], key=_first_time), *runs[-1:], late]
    else:
        runs = _cut_where_time_falls(_from_the_fall(placed), headed=False)
        runs.sort(key=_first_time)
    order: dict[int, None] = {}
    for run in runs:
        for one in run:
            order.pop(one.text, None)  # the later place of a text that is there twice
            order[one.text] = None
    return list(order)


def _cut_where_time_falls(placed: list[_Placed], *, headed: bool) -> list[list[_Placed]]:
    """Pieces that are each in order; a clock that was set back does not cut."""
    runs: list[list[_Placed]] = [[]]
    time = seqno = None
    for one in placed:
        index = one.copy.index
        if index.creation_time is not None and index.seqno is not None:
            if time is not None and seqno is not None and index.creation_time < time:
                goes_on = index.seqno > seqno if headed else index.seqno == seqno + 1
                if not goes_on:
                    runs.append([])
            time, seqno = index.creation_time, index.seqno
        runs[-1].append(one)
    return runs


def _from_the_fall(placed: list[_Placed]) -> list[_Placed]:
    """Of a ring that goes on at its front within the same second: from where the seqno falls."""
    seqnos = [one.copy.index.seqno for one in placed]
    told = [(number, seqno) for number, seqno in enumerate(seqnos) if seqno is not None]
    if len(told) < 2 or told[0][1] != told[-1][1] + 1:
        return placed
    if _first_time(placed[told[0][0] :]) != _first_time(placed[told[-1][0] :]):
        return placed
    falls = [(one[1] - two[1], two[0]) for one, two in pairwise(told)]
    at = max(falls)[1]
    while at > 0 and seqnos[at - 1] is None:
        at -= 1  # a torn text there is older than what follows it
    return placed[at:] + placed[:at]


def _first_time(run: list[_Placed]) -> int:
    return next((c for one in run if (c := one.copy.index.creation_time) is not None), 0)


def _joined(texts: Sequence[Sequence[MetadataCopy]], sequences: list[list[int]]) -> list[int]:
    """Keep every ring's own order; between rings and for texts without one, by time and seqno."""
    keys = _keys(texts, sequences)
    waits = [0] * len(texts)
    followers: list[list[int]] = [[] for _ in texts]
    for sequence in sequences:
        for before, after in pairwise(sequence):
            followers[before].append(after)
            waits[after] += 1
    ready = [(key, number) for number, key in enumerate(keys) if not waits[number]]
    heapq.heapify(ready)
    # Rings that contradict each other would leave texts that wait for one another for ever.
    by_key = iter(sorted(range(len(texts)), key=keys.__getitem__))
    done: dict[int, None] = {}
    while len(done) < len(texts):
        number = heapq.heappop(ready)[1] if ready else next(n for n in by_key if n not in done)
        if number in done:
            continue
        done[number] = None
        for after in followers[number]:
            waits[after] -= 1
            if waits[after] == 0:
                heapq.heappush(ready, (keys[after], after))
    return list(done)


def _keys(
    texts: Sequence[Sequence[MetadataCopy]], sequences: list[list[int]]
) -> list[tuple[int, int]]:
    """(time, seqno); a torn text without them takes those of the next in its ring."""
    keys: list[tuple[int, int] | None] = [None] * len(texts)
    for number, copies in enumerate(texts):
        index = copies[0].index
        if index.creation_time is not None:
            keys[number] = (index.creation_time, index.seqno or 0)
    for sequence in sequences:
        following: tuple[int, int] | None = None
        for number in reversed(sequence):
            own = keys[number]
            if own is None:
                keys[number] = following
            else:
                following = own
    known = sorted(key for key in keys if key is not None)
    return [key or _key_by_number(texts[n][0], known) for n, key in enumerate(keys)]


def _key_by_number(copy: MetadataCopy, known: list[tuple[int, int]]) -> tuple[int, int]:
    """Of a pasted text without a time: behind the newest text of no higher number."""
    seqno = copy.index.seqno
    if seqno is None or copy.file is None:
        return (0, 0)
    time = max((time for time, other in known if other <= seqno), default=0)
    return (time, seqno)
