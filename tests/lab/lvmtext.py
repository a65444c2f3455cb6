"""An independent small reader of LVM2's on-disk structures and text: the lab's own truth.

It shares no code with lvtui on purpose: what it says is compared with what lvtui says.
"""

from __future__ import annotations

import itertools
import re
import struct
import zlib
from typing import IO, Any, NamedTuple

MAGIC = b" LVM2 x[5A%r0N*>"
TOKEN = re.compile(
    r'\s+|#[^\n]*|(?P<str>"(?:[^"\\]|\\.)*")|(?P<num>-?\d+(?:\.\d+)?)(?![^\s,\]#}])'
    r"|(?P<id>[^\s={}\[\],#\"]+)|(?P<p>[{}\[\]=,])"
)
Tree = dict[str, Any]


class Label(NamedTuple):
    """A PV label: offsets and sizes in bytes."""

    sector: int
    uuid: str
    size: int
    data: list[tuple[int, int]]
    mda: list[tuple[int, int]]
    ext_at: int


class Header(NamedTuple):
    """A metadata area's header with its committed location."""

    start: int
    size: int
    offset: int
    length: int
    crc: int
    flags: int
    ok: bool


class _Reader:
    """Recursive descent over tokens; the lab reads only what real LVM2 wrote."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        pos = 0
        while pos < len(text):
            m = TOKEN.match(text, pos)
            if not m:
                raise ValueError(f"bad token at {pos}: {text[pos : pos + 20]!r}")
            pos = m.end()
            if m.lastgroup:
                self.tokens.append((m.lastgroup, m.group(m.lastgroup)))
        self.at = 0

    def take(self) -> tuple[str, str]:
        self.at += 1
        return self.tokens[self.at - 1]

    def value(self) -> Any:  # noqa: ANN401 - a tree of LVM's values
        kind, text = self.take()
        if (kind, text) == ("p", "["):
            out = []
            while self.tokens[self.at] != ("p", "]"):
                if self.tokens[self.at] == ("p", ","):
                    self.at += 1
                else:
                    out.append(self.value())
            self.at += 1
            return out
        if kind == "str":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "num":
            return float(text) if "." in text else int(text)
        raise ValueError("bad value")

    def section(self, *, top: bool) -> Tree:
        out: Tree = {}
        while self.at < len(self.tokens):
            kind, name = self.take()
            if (kind, name) == ("p", "}"):
                return out
            follows = self.take()
            if follows == ("p", "{"):
                out[name] = self.section(top=False)
            elif follows == ("p", "="):
                out[name] = self.value()
            else:
                raise ValueError("bad syntax")
        if not top:
            raise ValueError("unterminated section")
        return out


def parse(text: str) -> Tree:
    """LVM text → nested dicts."""
    return _Reader(text).section(top=True)


def vg_of(text: str) -> tuple[str, Tree, Tree]:
    """Name, VG section and whole tree of a text."""
    tree = parse(text.rstrip("\0"))
    for key, value in tree.items():
        if isinstance(value, dict):
            return key, value, tree
    raise ValueError("no VG section")


def segments(vg: Tree, lv_name: str) -> list[tuple[str, int, int]]:
    """[(pv key, first extent, extents)] in logical order; linear only."""
    lv = vg["logical_volumes"][lv_name]
    out = []
    for n in range(1, lv["segment_count"] + 1):
        seg = lv[f"segment{n}"]
        assert seg["type"] == "striped", seg
        assert seg["stripe_count"] == 1, seg
        out.append((seg["stripes"][0], seg["stripes"][1], seg["extent_count"]))
    return out


def dashed(uuid: str) -> str:
    """An LVM uuid with its dashes."""
    cuts = (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(uuid[a:b] for a, b in itertools.pairwise(cuts))


def lvm_crc(data: bytes) -> int:
    """LVM's CRC-32."""
    return zlib.crc32(data, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def label(f: IO[bytes], base: int = 0) -> Label | None:
    """The PV label at `base`."""
    f.seek(base)
    block = f.read(4096)
    for sector in range(4):
        at = sector * 512
        if block[at : at + 8] != b"LABELONE" or block[at + 24 : at + 32] != b"LVM2 001":
            continue
        at += struct.unpack_from("<I", block, at + 20)[0]
        uuid = block[at : at + 32].decode()
        (size,) = struct.unpack_from("<Q", block, at + 32)
        at += 40
        lists: list[list[tuple[int, int]]] = [[], []]
        for found in lists:
            while True:
                start, length = struct.unpack_from("<QQ", block, at)
                at += 16
                if not start:
                    break
                found.append((start, length))
        return Label(sector, uuid, size, lists[0], lists[1], at)
    return None


def mda(f: IO[bytes], start: int) -> Header | None:
    """The metadata area header at `start`."""
    f.seek(start)
    block = f.read(512)
    if block[4:20] != MAGIC:
        return None
    at, size = struct.unpack_from("<QQ", block, 24)
    offset, length, crc, flags = struct.unpack_from("<QQII", block, 40)
    good = lvm_crc(block[4:]) == struct.unpack_from("<I", block)[0]
    return Header(at, size, offset, length, crc, flags, good)


def mda_text(f: IO[bytes], start: int, size: int, offset: int, length: int) -> bytes:
    """The bytes of a text, wrapped part joined."""
    first = min(length, size - offset)
    f.seek(start + offset)
    text = f.read(first)
    if first < length:
        f.seek(start + 512)
        text += f.read(length - first)
    return text
