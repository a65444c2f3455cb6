"""The manifest: the sha256 of each 4 MiB chunk of the image, taken while it is read from the source.

A file of 32 bytes a chunk. 32 zero bytes stand for a chunk of zeros, whose digest is a constant: so
the manifest of an empty 15 TiB image is a hole. Which chunks are there is the map's matter. The state
of a running hash does not survive a crash; these digests do.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lvtui.host.files import Files, write_all
from lvtui.units import KiB, MiB

CHUNK_BYTES = 4 * MiB
UNIT_BYTES = 1 * MiB
"""What is read, written and hashed at a time: a worker must fit into 20 MB."""

DIGEST_BYTES = 32
ZERO_ENTRY = bytes(DIGEST_BYTES)
ZERO_UNIT = bytearray(UNIT_BYTES)


BLOCK_BYTES = 64 * KiB
"""Zeros are left out in runs of such blocks."""
ZERO_BLOCK = bytearray(BLOCK_BYTES)


def is_zeros(data: bytes | memoryview) -> bool:
    """Whether `data`, of at most a unit, is zeros."""
    zeros: object = ZERO_UNIT
    if len(data) == len(ZERO_BLOCK):
        zeros = ZERO_BLOCK
    elif len(data) != UNIT_BYTES:
        zeros = ZERO_UNIT[: len(data)]
    return zeros == data  # the bytearray on the left: memcmp, 30 times faster


@cache
def zero_digest(length_bytes: int) -> bytes:
    """The digest of that many zeros."""
    digest = hashlib.sha256()
    for start in range(0, length_bytes, UNIT_BYTES):
        digest.update(memoryview(ZERO_UNIT)[: min(UNIT_BYTES, length_bytes - start)])
    return digest.digest()


def chunk_count(size_bytes: int) -> int:
    """How many chunks an image has."""
    return -(-size_bytes // CHUNK_BYTES)


def chunk_bytes(index: int, size_bytes: int) -> int:
    """The length of a chunk: the last one may be shorter."""
    return min(CHUNK_BYTES, size_bytes - index * CHUNK_BYTES)


class Manifest:
    """The file of digests."""

    def __init__(self, path: Path, size_bytes: int, files: Files) -> None:
        """Open or make it."""
        self._files = files
        self._path = path
        self.size_bytes = size_bytes
        self.existed = path.exists()
        if self.existed:
            self._descriptor = files.open_existing(path)
        else:
            self._descriptor = files.open_new(path)
            files.fsync_folder(path.parent)
        size = chunk_count(size_bytes) * DIGEST_BYTES
        if os.fstat(self._descriptor).st_size != size:
            files.truncate(self._descriptor, size)

    def write(self, digests: dict[int, bytes]) -> None:
        """Store digests of chunks; not durable before `sync`."""
        for index, digest in digests.items():
            is_zero = digest == zero_digest(chunk_bytes(index, self.size_bytes))
            entry = ZERO_ENTRY if is_zero else digest
            if is_zero and self._entry(index) == ZERO_ENTRY:
                continue
            write_all(self._files, self._descriptor, entry, index * DIGEST_BYTES)

    def zero(self, first: int, count: int) -> None:
        """Store that chunks are zeros, where the file does not say so already."""
        end = (first + count) * DIGEST_BYTES
        for start in range(first * DIGEST_BYTES, end, UNIT_BYTES):
            run = min(UNIT_BYTES, end - start)
            if os.pread(self._descriptor, run, start).strip(b"\0"):
                write_all(self._files, self._descriptor, bytes(run), start)

    def reopen(self) -> None:
        """A descriptor whose sync failed has forgotten it: take a new one."""
        self._files.close(self._descriptor)
        self._descriptor = self._files.open_existing(self._path)

    def sync(self) -> None:
        """Make it durable."""
        self._files.fdatasync(self._descriptor)

    def digest(self, index: int) -> bytes:
        """The digest of a chunk."""
        entry = self._entry(index)
        if entry == ZERO_ENTRY:
            return zero_digest(chunk_bytes(index, self.size_bytes))
        return entry

    def entries(self) -> Iterator[bytes]:
        """What is stored of each chunk, in order; `ZERO_ENTRY` for zeros."""
        whole = chunk_count(self.size_bytes) * DIGEST_BYTES
        for start in range(0, whole, UNIT_BYTES):
            length = min(UNIT_BYTES, whole - start)
            data = os.pread(self._descriptor, length, start).ljust(length, b"\0")
            for at in range(0, length, DIGEST_BYTES):
                yield data[at : at + DIGEST_BYTES]

    def zero_chunks(self, index: int, most: int = 1) -> int:
        """How many chunks of zeros there are from this one on, up to `most`, or less of a long run."""
        count = min(UNIT_BYTES // DIGEST_BYTES, chunk_count(self.size_bytes) - index, most)
        data = os.pread(self._descriptor, count * DIGEST_BYTES, index * DIGEST_BYTES)
        data = data.ljust(count * DIGEST_BYTES, b"\0")
        if is_zeros(data):
            return count
        return (len(data) - len(data.lstrip(b"\0"))) // DIGEST_BYTES

    def sha256(self) -> str:
        """`manifest_sha256` of commands.md: the sha256 over the digests in order."""
        whole, count = hashlib.sha256(), chunk_count(self.size_bytes)
        zeros = zero_digest(CHUNK_BYTES)
        for index, entry in enumerate(self.entries()):
            if entry != ZERO_ENTRY:
                whole.update(entry)
            elif index < count - 1:
                whole.update(zeros)
            else:
                whole.update(zero_digest(chunk_bytes(index, self.size_bytes)))
        return whole.hexdigest()

    def close(self) -> None:
        """Close it."""
        self._files.close(self._descriptor)

    def _entry(self, index: int) -> bytes:
        entry = os.pread(self._descriptor, DIGEST_BYTES, index * DIGEST_BYTES)
        return entry.ljust(DIGEST_BYTES, b"\0")
