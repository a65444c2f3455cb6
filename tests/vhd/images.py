"""Disk images for tests, written by code that shares nothing with the product, and a naive model."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lvtui.source import ByteRange, BytesSource, Piece

SECTOR = 512
BLOCK = 2 << 20
UNUSED = 0xFFFFFFFF
Sectors = Mapping[int, bytes]
"""Sector of the virtual disk → its 512 bytes."""


def up(value: int, unit: int) -> int:
    return (value + unit - 1) // unit * unit


def csum(data: bytes | bytearray) -> int:
    return ~sum(data) & 0xFFFFFFFF


def chs(size: int) -> int:
    """As qemu and libvhd compute it: cylinders, heads, sectors packed."""
    total = min(size // 512, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        spt, heads = 255, 16
        cth = total // spt
    else:
        spt = 17
        cth = total // spt
        heads = max((cth + 1023) // 1024, 4)
        if cth >= heads * 1024 or heads > 16:
            spt, heads = 31, 16
            cth = total // spt
        if cth >= heads * 1024:
            spt, heads = 63, 16
            cth = total // spt
    return cth // heads << 16 | heads << 8 | spt


def footer(
    size: int,
    uuid: bytes,
    kind: int = 3,
    *,
    hidden: int = 0,
    original: int | None = None,
    app: bytes = b"tap\0",
    version: int = 0x00010003,
) -> bytes:
    data = bytearray(512)
    struct.pack_into(
        ">8sIIQI4sIIQQII",
        data,
        0,
        b"conectix",
        2,
        0x10000,
        512 if kind != 2 else 2**64 - 1,
        750_000_000,
        app,
        version,
        0,
        original or size,
        size,
        chs(size),
        kind,
    )
    data[68:84] = uuid
    data[85] = hidden
    struct.pack_into(">I", data, 64, csum(data))
    return bytes(data)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What an image holds and how it is laid out."""

    size: int
    uuid: bytes
    sectors: Sectors = field(default_factory=dict)
    kind: int = 3
    parent: bytes = bytes(16)
    parent_name: str = ""
    locators: Sequence[tuple[bytes, bytes]] = ()
    entries: int | None = None
    block: int = BLOCK
    container: int | None = None
    """Size of the LV; None: a file that ends with its tail footer."""
    tail: str = "ok"
    hidden: int = 0
    batmap: bool = True
    encrypted: bool = False
    order: Sequence[int] | None = None
    """Blocks in the order in which they were allocated."""
    canary: bytes | None = None
    """64 bytes that fill every sector whose bit is clear, and all that lies behind the data."""


@dataclass(frozen=True)
class Made:
    data: bytearray
    entry: dict[int, int]
    """Block → sector of its bitmap."""
    spec: Spec

    @property
    def source(self) -> BytesSource:
        return BytesSource(bytes(self.data))


def make(spec: Spec) -> Made:  # noqa: C901 - one pass over the layout, top to bottom
    per_block = spec.block // SECTOR
    bitmap_bytes = up(per_block, 4096) // 8
    count = spec.entries or up(spec.size, spec.block) // spec.block
    table_bytes = up(count * 4, 512)
    map_at = 1536 + table_bytes
    map_bytes = up(up(count, 8) // 8, 512)
    at = map_at + (512 + map_bytes if spec.batmap else 0)
    header = bytearray(1024)
    struct.pack_into(
        ">8sQQIII", header, 0, b"cxsparse", 2**64 - 1, 1536, 0x10000, count, spec.block
    )
    header[40:56] = spec.parent
    name = spec.parent_name.encode("utf-16-be")[:510]
    header[64 : 64 + len(name)] = name
    places = []
    for number, (code, text) in enumerate(spec.locators):
        struct.pack_into(">4sIIIQ", header, 576 + 24 * number, code, 512, len(text), 0, at)
        places.append((at, text))
        at += 512
    struct.pack_into(">I", header, 36, csum(header))
    used = sorted({sector // per_block for sector in spec.sectors} | set(spec.order or ()))
    entry: dict[int, int] = {}
    for block in spec.order if spec.order is not None else used:
        at += -(at + bitmap_bytes) % 4096
        entry[block] = at // SECTOR
        at += bitmap_bytes + spec.block
    end = spec.container or at + 512
    stale = spec.canary or bytes(64)
    data = bytearray((stale * (end // 64 + 1))[:end])
    data[:512] = footer(spec.size, spec.uuid, spec.kind, hidden=spec.hidden)
    data[512:1536] = header
    table = [entry.get(block, UNUSED) for block in range(count)]
    data[1536:map_at] = struct.pack(f">{count}I", *table).ljust(table_bytes, b"\xff")
    full = bytearray(map_bytes)
    for block, sector in entry.items():
        bits = bytearray(bitmap_bytes)
        start = (sector * SECTOR) + bitmap_bytes
        held = 0
        for number in range(per_block):
            content = spec.sectors.get(block * per_block + number)
            if content is not None:
                held += 1
                bits[number >> 3] |= 0x80 >> (number & 7)
                data[start + number * SECTOR : start + (number + 1) * SECTOR] = content
        data[sector * SECTOR : start] = bits
        if held == per_block:
            full[block >> 3] |= 0x80 >> (block & 7)
    if spec.batmap:
        head = bytearray(512)
        part = up(up(spec.size // spec.block, 8) // 8, 512)
        struct.pack_into(
            ">8sQIII", head, 0, b"tdbatmap", map_at + 512, map_bytes // 512, 0x10002,
            csum(full[:part]),
        )  # fmt: skip
        head[29] = int(spec.encrypted)
        data[map_at : map_at + 512] = head
        data[map_at + 512 : map_at + 512 + map_bytes] = full
    for place, text in places:
        data[place : place + 512] = text.ljust(512, b"\0")
    if spec.tail == "ok":
        data[-512:] = data[:512]
    elif spec.tail == "killed":
        data[-512:] = b"\xc7" * 512
    return Made(data, entry, spec)


def flat(size: int, layers: Sequence[tuple[Sectors | bytes, int]]) -> bytes:
    """Root first: what each layer says, sector by sector; (content, size of the layer)."""
    disk = bytearray(size)
    for content, layer_size in layers:
        # A layer smaller than what stands on it ends there with zeros.
        disk[layer_size:] = bytes(max(0, size - layer_size))
        if isinstance(content, bytes):
            part = content[: min(size, layer_size)]
            disk[: len(part)] = part
            continue
        for sector, text in content.items():
            if sector * SECTOR < min(size, layer_size):
                disk[sector * SECTOR : (sector + 1) * SECTOR] = text
    return bytes(disk)


@dataclass(frozen=True)
class HoledSource:
    """A source of which ranges cannot be read."""

    data: bytes
    holes: tuple[ByteRange, ...]

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        data = bytearray(self.data[offset_bytes : offset_bytes + length_bytes])
        gaps = []
        for hole in self.holes:
            low = max(hole.offset_bytes, offset_bytes)
            high = min(hole.end_bytes, offset_bytes + len(data))
            if low < high:
                data[low - offset_bytes : high - offset_bytes] = bytes(high - low)
                gaps.append(ByteRange(low, high - low))
        return Piece(bytes(data), tuple(gaps))


@dataclass(frozen=True)
class SparseSource:
    """A huge source of zeros with some bytes in it."""

    size_bytes: int
    parts: tuple[tuple[int, bytes], ...]

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        length = max(0, min(length_bytes, self.size_bytes - offset_bytes))
        data = bytearray(length)
        for at, text in self.parts:
            low, high = max(at, offset_bytes), min(at + len(text), offset_bytes + length)
            if low < high:
                data[low - offset_bytes : high - offset_bytes] = text[low - at : high - at]
        return Piece(bytes(data))
