"""The built-in damaged disk: the only place that knows how it is packed.

`disk.xz` is a sparse image: a header, a table of runs, then the bytes of the runs that are not one
byte repeated. `disk.json` says what the whole image is (size, sha256) and what made it. Both are
made by `tests/make_demo` with real LVM2.
"""

from __future__ import annotations

import json
import lzma
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

MAGIC = b"lvtui-demo-disk\n"
HEADER = struct.Struct(">16sQI")
"""Magic, size of the image in bytes, number of runs."""
RUN = struct.Struct(">QIh")
"""Offset in the image, length, the byte that is repeated or -1 when the bytes are stored."""
STORED = -1
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes of the image; all that lies between runs is zero."""

    offset_bytes: int
    length_bytes: int
    fill: int
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDisk:
    """The disk, and what the demo has to know of it beforehand."""

    size_bytes: int
    sha256: str
    """Of the whole image, holes as zeros."""
    recommended_lv: str
    """The intact lost volume; its sizes give the copy's rate, nothing else is taken from here."""
    recommended_size_bytes: int
    recommended_data_bytes: int
    """Without the pages that are zero: a copy skips holes."""
    runs: tuple[Run, ...]

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) in ascending order, each at most 1 MiB; the rest of the image is zero."""
        for run in self.runs:
            if run.fill == STORED:
                yield run.offset_bytes, run.data
                continue
            chunk = bytes([run.fill]) * min(run.length_bytes, CHUNK_BYTES)
            for done in range(0, run.length_bytes, CHUNK_BYTES):
                yield run.offset_bytes + done, chunk[: run.length_bytes - done]


def pack(size_bytes: int, runs: Iterable[Run]) -> bytes:
    """The bytes of `disk.xz`; `unpack` gives the runs back."""
    kept = tuple(runs)
    table = b"".join(RUN.pack(run.offset_bytes, run.length_bytes, run.fill) for run in kept)
    blob = HEADER.pack(MAGIC, size_bytes, len(kept)) + table + b"".join(run.data for run in kept)
    return lzma.compress(blob, check=lzma.CHECK_SHA256, preset=9 | lzma.PRESET_EXTREME)


def unpack(packed: bytes) -> tuple[int, tuple[Run, ...]]:
    """Size of the image and its runs; the container's own SHA-256 proves the bytes."""
    blob = lzma.decompress(packed, format=lzma.FORMAT_XZ)
    magic, size_bytes, count = HEADER.unpack_from(blob)
    if magic != MAGIC:
        raise ValueError("not a packed demo disk")
    at = HEADER.size + count * RUN.size
    runs = []
    for offset, length, fill in RUN.iter_unpack(blob[HEADER.size : at]):
        stored = length if fill == STORED else 0
        runs.append(Run(offset, length, fill, blob[at : at + stored]))
        at += stored
    return size_bytes, tuple(runs)


def load() -> DemoDisk:
    """The disk from the package's data."""
    here = files(__package__)
    facts = json.loads(here.joinpath("disk.json").read_bytes())
    size_bytes, runs = unpack(here.joinpath("disk.xz").read_bytes())
    return DemoDisk(
        size_bytes=size_bytes,
        sha256=facts["sha256"],
        recommended_lv=facts["recommended_lv"],
        recommended_size_bytes=facts["recommended_size_bytes"],
        recommended_data_bytes=facts["recommended_data_bytes"],
        runs=runs,
    )
