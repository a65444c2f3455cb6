"""Bytes of LVM2 read and written by hand: what real LVM2 would not write itself, in its own places."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.lab import lvmtext
from tests.lab.lvmtext import MAGIC, Header, Label, Tree, lvm_crc

MB = 1 << 20
EXTENT = 4 * MB
Segment = list[str | int]
"""[file, offset, bytes], as in expect.json."""


def read_at(path: Path, offset: int, length: int) -> bytes:
    """Bytes of a file."""
    with path.open("rb") as f:
        f.seek(offset)
        return f.read(length)


def write_at(path: Path, offset: int, data: bytes) -> None:
    """Overwrite bytes of a file."""
    with path.open("r+b") as f:
        f.seek(offset)
        f.write(data)


def label(path: Path, base: int = 0) -> Label:
    """The PV label, which must be there."""
    found = find_label(path, base)
    assert found, f"no label in {path.name}"
    return found


def find_label(path: Path, base: int = 0) -> Label | None:
    """The PV label, if there is one."""
    with path.open("rb") as f:
        return lvmtext.label(f, base)


def fix_label(path: Path, base: int, sector: int) -> None:
    """Compute the label sector's checksum anew."""
    block = bytearray(read_at(path, base + sector * 512, 512))
    struct.pack_into("<I", block, 16, lvm_crc(bytes(block[20:])))
    write_at(path, base + sector * 512, bytes(block))


def header(path: Path, at: int) -> Header:
    """The metadata area's header, which must be there."""
    with path.open("rb") as f:
        found = lvmtext.mda(f, at)
    assert found, "no metadata area header"
    return found


def write_header(path: Path, at: int, new: Header) -> None:
    """Write a metadata area's header with a right checksum."""
    block = bytearray(512)
    block[4:20] = MAGIC
    struct.pack_into("<IQQ", block, 20, 1, new.start, new.size)
    struct.pack_into("<QQII", block, 40, new.offset, new.length, new.crc, new.flags)
    struct.pack_into("<I", block, 0, lvm_crc(bytes(block[4:])))
    write_at(path, at, bytes(block))


def current(path: Path, base: int = 0) -> str:
    """The committed text of the first metadata area."""
    at = base + label(path, base).mda[0][0]
    head = header(path, at)
    with path.open("rb") as f:
        return lvmtext.mda_text(f, at, head.size, head.offset, head.length).rstrip(b"\0").decode()


def current_vg(path: Path, base: int = 0) -> Tree:
    """The VG section of the committed text."""
    return lvmtext.vg_of(current(path, base))[1]


def put_text(path: Path, base: int, text: str) -> None:
    """Commit a text the way LVM places it: behind the last, on the 512 grid, split at the ring's end."""
    at = base + label(path, base).mda[0][0]
    head = header(path, at)
    data = text.encode().rstrip(b"\n\0") + b"\n\n\0"
    start = (head.offset + head.length + 511) // 512 * 512
    if start + 512 > head.size:
        start = 512
    first = min(len(data), head.size - start)
    write_at(path, at + start, data[:first])
    write_at(path, at + 512, data[first:]) if first < len(data) else None
    write_header(path, at, head._replace(offset=start, length=len(data), crc=lvm_crc(data)))
