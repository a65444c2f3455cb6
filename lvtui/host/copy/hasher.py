"""Hashing beside the copy, in a thread of its own: sha256 releases Python's lock while it works."""

from __future__ import annotations

import hashlib
import threading
from queue import Queue

from lvtui.host.copy.manifest import UNIT_BYTES, ZERO_UNIT, zero_digest


class ChunkHasher:
    """Digests of chunks, given unit by unit.

    Zeros are counted and only hashed where other bytes follow: a chunk of zeros costs nothing. The
    queue holds a few units, so memory stays flat.
    """

    QUEUE_UNITS = 3

    def __init__(self) -> None:
        """Start the thread."""
        self._queue: Queue[bytes | int | _Begin | threading.Event | None] = Queue(self.QUEUE_UNITS)
        self._digests: dict[int, bytes] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def begin(self, index: int, length_bytes: int) -> None:
        """A chunk begins; what came of an unfinished one is forgotten."""
        self._queue.put(_Begin(index, length_bytes))

    def update(self, data: bytes) -> None:
        """The next bytes of the chunk."""
        self._queue.put(data)

    def zeros(self, length_bytes: int) -> None:
        """The next bytes of the chunk are zeros."""
        self._queue.put(length_bytes)

    def take(self) -> dict[int, bytes]:
        """Wait for what was given; digests of the chunks that became whole since the last `take`."""
        reached = threading.Event()
        self._queue.put(reached)
        reached.wait()
        digests, self._digests = self._digests, {}
        return digests

    def close(self) -> None:
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        chunk: _Chunk | None = None
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif isinstance(item, _Begin):
                chunk = _Chunk(item)
            elif chunk is not None and (digest := chunk.add(item)) is not None:
                self._digests[chunk.index] = digest


class _Begin:
    """The message that a chunk begins."""

    def __init__(self, index: int, length_bytes: int) -> None:
        self.index = index
        self.length_bytes = length_bytes


class _Chunk:
    """The chunk under way."""

    def __init__(self, begin: _Begin) -> None:
        self.index = begin.index
        self._length_bytes = self._left_bytes = begin.length_bytes
        self._zeros_bytes = 0
        self._sha256 = hashlib.sha256()

    def add(self, item: bytes | int) -> bytes | None:
        """Add bytes, or a number of zeros; the digest when the chunk is whole."""
        if isinstance(item, int):
            self._zeros_bytes += item
            self._left_bytes -= item
        else:
            self._hash_zeros()
            self._sha256.update(item)
            self._left_bytes -= len(item)
        if self._left_bytes:
            return None
        if self._zeros_bytes == self._length_bytes:
            return zero_digest(self._length_bytes)
        self._hash_zeros()
        return self._sha256.digest()

    def _hash_zeros(self) -> None:
        while self._zeros_bytes:
            run = min(self._zeros_bytes, UNIT_BYTES)
            self._sha256.update(memoryview(ZERO_UNIT)[:run])
            self._zeros_bytes -= run
