"""An own VHD writer and reader in the style of libvhd (creator "tap"): dynamic and differencing.

Independent of lvtui's VHD code on purpose; the layout is that of the VHD specification 1.0 with
libvhd's batmap, as facts of XenServer's storage manager have it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

BLOCK = 2 << 20
SECTOR = 512
UNUSED = 0xFFFFFFFF
DYNAMIC, DIFFERENCING = 3, 4


def cksum(data: bytes | bytearray) -> int:
    """One's complement of the sum of all bytes."""
    return ~sum(data) & 0xFFFFFFFF


def geometry(size: int) -> int:
    """Cylinders, heads, sectors as the specification computes them."""
    total = min(size // SECTOR, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        spt, heads = 255, 16
        cyl_heads = total // spt
    else:
        spt = 17
        cyl_heads = total // spt
        heads = max(4, (cyl_heads + 1023) // 1024)
        if cyl_heads >= heads * 1024 or heads > 16:
            spt, heads = 31, 16
            cyl_heads = total // spt
        if cyl_heads >= heads * 1024:
            spt, heads = 63, 16
            cyl_heads = total // spt
    return (cyl_heads // heads) << 16 | heads << 8 | spt


def _summed(footer: bytearray) -> bytes:
    footer[64:68] = bytes(4)
    struct.pack_into(">I", footer, 64, cksum(footer))
    return bytes(footer)


def footer(
    size: int, uuid: bytes, disk_type: int, time: int, *, original: int | None = None
) -> bytes:
    """A footer of 512 bytes."""
    out = bytearray(SECTOR)
    fields = (b"conectix", 2, 0x10000, SECTOR, time, b"tap\0", 0x00010003, 0)
    struct.pack_into(">8sIIQI4sII", out, 0, *fields)
    struct.pack_into(">QQII", out, 40, original or size, size, geometry(size), disk_type)
    out[68:84] = uuid
    return _summed(out)


def patch_footer(old: bytes, uuid: bytes | None = None, *, hidden: bool | None = None) -> bytes:
    """Another uuid or hidden flag; the geometry is put right too.

    qemu-img -o force_size=on writes 65535/16/255, which libvhd refuses ("geometry too large").
    """
    out = bytearray(old)
    if uuid:
        out[68:84] = uuid
    if hidden is not None:
        out[85] = hidden
    struct.pack_into(">I", out, 56, geometry(struct.unpack_from(">Q", out, 48)[0]))
    return _summed(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """What a child must know of its parent."""

    raw: bytes
    uuid: bytes
    name: str
    """The name in /dev/mapper, dashes doubled."""
    time: int


def _locators(parent: Parent, at: int) -> list[tuple[int, bytes, int]]:
    windows = (".\\" + parent.name).encode("utf-16-le")
    three = (
        (0x4D616358, ("file://./" + parent.name).encode()),
        (0x57326B75, windows),
        (0x57327275, windows),
    )
    return [(code, data, at + i * SECTOR) for i, (code, data) in enumerate(three)]


def _header(entries: int, parent: Parent | None, locators: list[tuple[int, bytes, int]]) -> bytes:
    out = bytearray(1024)
    struct.pack_into(">8sQQIII", out, 0, b"cxsparse", 2**64 - 1, 1536, 0x10000, entries, BLOCK)
    if parent:
        out[40:56] = parent.uuid
        struct.pack_into(">I", out, 56, parent.time)
        name = parent.name.encode("utf-16-be")[:510]
        out[64 : 64 + len(name)] = name
    for i, (code, data, at) in enumerate(locators):
        struct.pack_into(">IIIIQ", out, 576 + 24 * i, code, SECTOR, len(data), 0, at)
    struct.pack_into(">I", out, 36, cksum(out))
    return bytes(out)


def _block(new: bytes, old: bytes | None) -> tuple[bytes, bool]:
    """Bitmap and data of one block, and whether every sector is set."""
    bits, body, full = bytearray(SECTOR), bytearray(BLOCK), True
    for s in range(len(new) // SECTOR):
        now = new[s * SECTOR : (s + 1) * SECTOR]
        if old is None or now != old[s * SECTOR : (s + 1) * SECTOR]:
            bits[s >> 3] |= 0x80 >> (s & 7)
            body[s * SECTOR : (s + 1) * SECTOR] = now
        else:
            full = False
    return bytes(bits + body), full


def make(
    raw: bytes, uuid: bytes, time: int, parent: Parent | None = None, *, table: int | None = None
) -> tuple[bytes, bytes]:
    """The VHD without its trailing footer, and the footer.

    Args:
        raw: the virtual disk's bytes.
        uuid: of the VHD.
        time: seconds since 2000.
        parent: for a differencing child; `parent.raw` is as long as `raw`.
        table: entries of the block table (2^20 on a real SR), default as many as blocks.
    """
    used = (len(raw) + BLOCK - 1) // BLOCK
    entries = table or used
    table_at = 1536
    map_header_at = table_at + (entries * 4 + 511) // 512 * 512
    map_at = map_header_at + SECTOR
    map_sectors = ((entries + 7) // 8 + 511) // 512
    locators = _locators(parent, map_at + map_sectors * SECTOR) if parent else []
    pos = map_at + (map_sectors + len(locators)) * SECTOR
    table_now = [UNUSED] * entries
    block_map = bytearray(map_sectors * SECTOR)
    blocks = []
    for i in range(used):
        new = raw[i * BLOCK : (i + 1) * BLOCK]
        old = parent.raw[i * BLOCK : (i + 1) * BLOCK] if parent else bytes(len(new))
        if new == old:
            continue
        data, full = _block(new, old if parent else None)
        pos += -(pos + SECTOR) % 4096  # libvhd puts the data behind the bitmap on a 4 KiB page
        table_now[i] = pos // SECTOR
        if full and len(new) == BLOCK:
            block_map[i >> 3] |= 0x80 >> (i & 7)
        blocks.append((pos, data))
        pos += SECTOR + BLOCK
    foot = footer(len(raw), uuid, DIFFERENCING if parent else DYNAMIC, time)
    out = bytearray(pos)
    out[0:SECTOR] = foot
    out[SECTOR:table_at] = _header(entries, parent, locators)
    out[table_at : table_at + entries * 4] = struct.pack(f">{entries}I", *table_now)
    out[table_at + entries * 4 : map_header_at] = b"\xff" * (map_header_at - table_at - entries * 4)
    summed = ((used + 7) // 8 + 511) // 512 * 512  # the disk's size counts here, not the table's
    fields = (b"tdbatmap", map_at, map_sectors, 0x00010002, cksum(block_map[:summed]))
    struct.pack_into(">8sQIII", out, map_header_at, *fields)
    out[map_at : map_at + len(block_map)] = block_map
    for _, data, at in locators:
        out[at : at + len(data)] = data
    for at, data in blocks:
        out[at : at + len(data)] = data
    return bytes(out), foot


def read(image: bytes, parent: bytes | None = None) -> bytes:
    """The virtual disk's bytes; the footer is at the image's very end, or its copy at 0 counts."""
    foot = image[-512:] if image[-512:-504] == b"conectix" else image[:512]
    (size,) = struct.unpack_from(">Q", foot, 48)
    (header_at,) = struct.unpack_from(">Q", foot, 16)
    (table_at,) = struct.unpack_from(">Q", image, header_at + 16)
    entries, block = struct.unpack_from(">II", image, header_at + 28)
    out = bytearray(parent if parent is not None else bytes(size))
    bitmap_bytes = ((block // SECTOR + 7) // 8 + 511) // 512 * 512
    for i, at in enumerate(struct.unpack_from(f">{entries}I", image, table_at)):
        if at == UNUSED:
            continue
        bits = image[at * SECTOR : at * SECTOR + bitmap_bytes]
        data = at * SECTOR + bitmap_bytes
        for s in range(min(block, size - i * block) // SECTOR):
            if bits[s >> 3] & (0x80 >> (s & 7)):
                to = i * block + s * SECTOR
                out[to : to + SECTOR] = image[data + s * SECTOR : data + (s + 1) * SECTOR]
    return bytes(out[:size])
