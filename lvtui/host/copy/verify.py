"""Reading the image back past the page cache, and comparing it with the digests of the source."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import mmap
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from types import TracebackType
from typing import Protocol, Self

from lvtui.host.copy.hasher import ChunkHasher
from lvtui.host.copy.manifest import (
    BLOCK_BYTES,
    CHUNK_BYTES,
    UNIT_BYTES,
    ZERO_UNIT,
    chunk_bytes,
    chunk_count,
    is_zeros,
)
from lvtui.source import ByteRange
from lvtui.units import TiB


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What the image holds."""

    differing: tuple[ByteRange, ...]
    """Chunks that are not what was read from the source."""
    sha256: str
    """Of all of it; empty where it was not taken."""
    zeros_bytes: int
    """In whole blocks of 64 KiB: what a sparse copy leaves out."""


JUDGED_AT_ONCE = 16
"""Chunks between two waits for their digests."""
HOLE_CHUNKS_MAX = 256
"""Of a hole at once: a second of hashing, so that the worker does not look hung."""
HASHED_HOLES_BYTES_MAX = 2 * TiB
"""Zeros hash at about a gigabyte a second: above half an hour of them the sha256 of the whole image is
left out. The manifest, whose chunks of zeros cost nothing, proves the same."""


class BackReader:
    """Reads what is on the disk, not what the kernel remembers of writing it."""

    def __init__(self, path: Path, *, follow: bool = False) -> None:
        """Open the image; without O_DIRECT (tmpfs, some shares) its cached pages are dropped."""
        flags = os.O_RDONLY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
        self.is_direct = True
        try:
            self._descriptor = os.open(path, flags | os.O_DIRECT)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self._descriptor = os.open(path, flags)
            self._go_buffered()
        facts = os.fstat(self._descriptor)
        self.size_bytes = facts.st_size
        self.holes_bytes = max(0, facts.st_size - facts.st_blocks * 512)
        self._buffer = mmap.mmap(-1, UNIT_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def digest(self, where: ByteRange) -> bytes:
        """The sha256 of a chunk."""
        digest = hashlib.sha256()
        for start in range(where.offset_bytes, where.end_bytes, UNIT_BYTES):
            digest.update(self.read(start, min(UNIT_BYTES, where.end_bytes - start)))
        return digest.digest()

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """Up to a unit, `offset_bytes` a multiple of one; shorter at the end only."""
        got = 0
        while got < length_bytes:
            view = memoryview(self._buffer)[got:]
            try:
                count = os.preadv(self._descriptor, [view], offset_bytes + got)
            except OSError as error:
                if error.errno != errno.EINVAL or not self.is_direct:
                    raise
                self._go_buffered()
                continue
            if count == 0:
                break
            got += count
            if got < length_bytes and got % mmap.PAGESIZE and self.is_direct:
                break  # a direct read stops unaligned only at the end of the file
        return self._buffer[: min(got, length_bytes)]

    def data_from(self, offset_bytes: int) -> int:
        """Where data begins at or after an offset, the size if only a hole follows."""
        try:
            return os.lseek(self._descriptor, offset_bytes, os.SEEK_DATA)
        except OSError as error:
            return self.size_bytes if error.errno == errno.ENXIO else offset_bytes

    def _go_buffered(self) -> None:
        self.is_direct = False
        flags = fcntl.fcntl(self._descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self._descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


class _WholeHash:
    """The sha256 of the whole file, in a thread."""

    def __init__(self) -> None:
        self.is_wanted = True
        self._sha256 = hashlib.sha256()
        self._queue: Queue[bytes | int | None] = Queue(2)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def update(self, item: bytes | int) -> None:
        """The next bytes, or a number of zeros."""
        if self.is_wanted:
            self._queue.put(item)

    def close(self) -> str:
        """End the thread; the digest of what was given."""
        self._queue.put(None)
        self._thread.join()
        return self._sha256.hexdigest() if self.is_wanted else ""

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, int):
                for start in range(0, item, UNIT_BYTES):
                    self._sha256.update(memoryview(ZERO_UNIT)[: min(UNIT_BYTES, item - start)])
            else:
                self._sha256.update(item)


class Digests(Protocol):
    """What an image has to be: a job's manifest, or the one beside an image."""

    @property
    def size_bytes(self) -> int:
        """The size of the image."""
        ...

    def digest(self, index: int) -> bytes:
        """The digest of a chunk."""
        ...

    def zero_chunks(self, index: int, most: int = 1) -> int:
        """How many chunks of zeros there are from this one on, up to `most`, or less."""
        ...


def read_back(path: Path, manifest: Digests, on_unit: Callable[[int, bool], None]) -> ReadBack:
    """Read all of the image; `on_unit` is told lengths, and whether they had to be read; it may raise.

    Holes of the file that are to be zeros are not read, and not hashed above `HASHED_HOLES_BYTES_MAX`.

    Raises:
        OSError: it cannot be read.
    """
    with BackReader(path) as reader:
        return read_back_from(reader, manifest, on_unit)


def read_back_from(
    reader: BackReader, manifest: Digests, on_unit: Callable[[int, bool], None]
) -> ReadBack:
    """The same, of what is open already."""
    size_bytes, zeros_bytes = manifest.size_bytes, 0
    differing: list[ByteRange] = []
    unjudged: list[ByteRange] = []
    hasher, whole = ChunkHasher(), _WholeHash()
    try:
        whole.is_wanted = reader.holes_bytes <= HASHED_HOLES_BYTES_MAX
        index = 0
        while index < chunk_count(size_bytes):
            chunk = ByteRange(index * CHUNK_BYTES, chunk_bytes(index, size_bytes))
            if (hole := _hole(reader, manifest, index, whole)) > 0:
                length = min(hole * CHUNK_BYTES, size_bytes - chunk.offset_bytes)
                zeros_bytes += length
                whole.update(length)
                on_unit(length, False)  # noqa: FBT003 - not read
                index += hole
                continue
            hasher.begin(index, chunk.length_bytes)
            for start in range(chunk.offset_bytes, chunk.end_bytes, UNIT_BYTES):
                length = min(UNIT_BYTES, chunk.end_bytes - start)
                zeros_bytes += _read_unit(reader, start, length, whole, hasher)
                on_unit(length, True)  # noqa: FBT003 - read
            unjudged.append(chunk)
            if len(unjudged) == JUDGED_AT_ONCE:
                differing += _differing(unjudged, hasher.take(), manifest)
                unjudged.clear()
            index += 1
        differing += _differing(unjudged, hasher.take(), manifest)
        if reader.size_bytes > size_bytes:
            differing.append(ByteRange(size_bytes, reader.size_bytes - size_bytes))
    finally:
        sha256 = whole.close()
        hasher.close()
    return ReadBack(differing=tuple(differing), sha256=sha256, zeros_bytes=zeros_bytes)


def _hole(reader: BackReader, manifest: Digests, index: int, whole: _WholeHash) -> int:
    """How many chunks from here on are a hole that is to be zeros; no more than can be waited for."""
    start = index * CHUNK_BYTES
    data = reader.data_from(start)
    chunks = (data - start) // CHUNK_BYTES
    if data >= reader.size_bytes >= manifest.size_bytes:
        chunks = chunk_count(manifest.size_bytes) - index
    if chunks <= 0:
        return 0
    return manifest.zero_chunks(index, min(chunks, HOLE_CHUNKS_MAX) if whole.is_wanted else chunks)


def _differing(
    chunks: list[ByteRange], digests: dict[int, bytes], manifest: Digests
) -> list[ByteRange]:
    """Chunks with another digest, or cut short and so with none."""
    indexes = ((chunk, chunk.offset_bytes // CHUNK_BYTES) for chunk in chunks)
    return [chunk for chunk, index in indexes if digests.get(index) != manifest.digest(index)]


def _read_unit(
    reader: BackReader, start: int, length: int, whole: _WholeHash, hasher: ChunkHasher
) -> int:
    """Read a unit and have it hashed; returns how much of it a sparse copy leaves out."""
    is_hole = reader.data_from(start) >= start + length <= reader.size_bytes
    data = b"" if is_hole else reader.read(start, length)
    if is_hole or is_zeros(data):
        whole.update(length)
        hasher.zeros(length)
        return length
    whole.update(data)
    hasher.update(data)
    return sum(
        len(block)
        for at in range(0, length, BLOCK_BYTES)
        if is_zeros(block := data[at : at + BLOCK_BYTES])
    )
