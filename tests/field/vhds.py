"""Field cases about the VHD inside an LV; written by hand, for no tool writes such damage."""

from __future__ import annotations

import hashlib
import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

from tests.field import ondisk
from tests.field.ondisk import MB
from tests.field.workshop import Info, Workshop
from tests.lab import vhdlab
from tests.lab.vhdlab import BLOCK, UNUSED

TIME = 750000000
Sectors = dict[int, bytes]
Blocks = dict[int, Sectors]


def foot(size: int, uuid: bytes, disk_type: int, *, hidden: bool, original: int) -> bytes:
    """A footer of tap."""
    out = vhdlab.footer(size, uuid, disk_type, TIME, original=original)
    return vhdlab.patch_footer(out, hidden=hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A VHD in an LV-sized file."""

    lv_size: int
    size: int
    uuid: bytes
    blocks: Blocks
    """In the order of their allocation."""
    disk_type: int = 3
    parent: bytes = bytes(16)
    parent_name: str = ""
    locators: tuple[tuple[bytes, bytes], ...] = ()
    hidden: bool = False
    original: int | None = None
    clobber: dict[int, int] = field(default_factory=dict)
    """Table entry → the block whose place it takes, or a sector."""
    entries: int = 64

    def write(self, path: Path) -> None:
        """Write it."""
        with path.open("wb") as f:
            f.truncate(self.lv_size)
        head = bytearray(1024)
        fields = (b"cxsparse", 2**64 - 1, 1536, 0x10000, self.entries, BLOCK)
        struct.pack_into(">8sQQIII", head, 0, *fields)
        head[40:56] = self.parent
        name = self.parent_name.encode("utf-16-be")
        head[64 : 64 + len(name)] = name
        pos = 1536 + (self.entries * 4 + 511) // 512 * 512
        for i, (code, data) in enumerate(self.locators):
            struct.pack_into(">4sIIIQ", head, 576 + 24 * i, code, 512, len(data), 0, pos)
            ondisk.write_at(path, pos, data)
            pos += 512
        struct.pack_into(">I", head, 36, vhdlab.cksum(head))
        table, places = [UNUSED] * self.entries, {}
        for i, sectors in self.blocks.items():
            pos += -(pos + 512) % 4096
            places[i] = table[i] = pos // 512
            bitmap = bytearray(512)
            for number, data in sectors.items():
                bitmap[number >> 3] |= 0x80 >> (number & 7)
                ondisk.write_at(path, pos + 512 + number * 512, data)
            ondisk.write_at(path, pos, bytes(bitmap))
            pos += 512 + BLOCK
        for i, value in self.clobber.items():
            table[i] = places.get(value, value)
        original = self.original or self.size
        last = foot(self.size, self.uuid, self.disk_type, hidden=self.hidden, original=original)
        ondisk.write_at(path, 0, last)
        ondisk.write_at(path, 512, bytes(head))
        ondisk.write_at(path, 1536, struct.pack(f">{self.entries}I", *table))
        ondisk.write_at(path, self.lv_size - 512, last)


def flat_sha(size: int, *layers: bytes | Blocks) -> str:
    """sha256 of the virtual disk; layers root first: a raw disk's bytes, or blocks of sectors."""
    out = bytearray(size)
    for layer in layers:
        if isinstance(layer, bytes):
            out[: min(len(layer), size)] = layer[:size]
            continue
        for block, sectors in layer.items():
            for number, data in sectors.items():
                at = block * BLOCK + number * 512
                out[at : at + 512] = data
    return hashlib.sha256(bytes(out)).hexdigest()


def noise(rng: random.Random, *runs: tuple[int, int]) -> Sectors:
    """Sectors of random bytes; runs: [first, behind the last)."""
    return {number: rng.randbytes(512) for first, end in runs for number in range(first, end)}


def vhd_type4_orphan(w: Workshop) -> Info:
    """The footer says differencing (type 4), the header has no parent: no UUID, no name, no locator."""
    blocks = {0: noise(w.rng, (0, 64)), 3: noise(w.rng, (10, 20))}
    uuid = w.rng.randbytes(16)
    plan = Plan(lv_size=16 * MB, size=16 * MB, uuid=uuid, blocks=blocks, disk_type=4)
    plan.write(w.img("lv.img"))
    return {
        "as_if_type3_sha256": flat_sha(16 * MB, blocks),
        "must": [
            "not crash",
            "say that type and header contradict each other",
            "offer the sectors that are there and mark all the others as unknown (not zero)",
            (
                "say that a scan by vhd-util of older releases crashes on such an LV, so the LV "
                "must not come back under a VHD- name"
            ),
        ],
        "must_not": [
            "take the all-zero parent UUID for a raw parent without a locator",
            "flatten it silently as dynamic",
        ],
    }


def vhd_two_footers(w: Workshop) -> Info:
    """Head and tail footer both valid but different: enlarged, and hidden set, between them."""
    uuid = w.rng.randbytes(16)
    blocks = {0: noise(w.rng, (0, 64)), 6: noise(w.rng, (0, 8)), 11: noise(w.rng, (100, 140))}
    plan = Plan(
        lv_size=28 * MB, size=24 * MB, uuid=uuid, blocks=blocks, hidden=True, original=12 * MB
    )
    plan.write(w.img("lv.img"))
    tail = foot(12 * MB, uuid, 3, hidden=False, original=12 * MB)
    ondisk.write_at(w.img("lv.img"), 28 * MB - 512, tail)
    early = {number: sectors for number, sectors in blocks.items() if number < 6}
    return {
        "facts": {
            "head": {"size": 24 * MB, "hidden": 1, "original_size": 12 * MB},
            "tail": {"size": 12 * MB, "hidden": 0},
            "highest_block": 11,
        },
        "sha256_with_head_size": flat_sha(24 * MB, blocks),
        "sha256_with_tail_size": flat_sha(12 * MB, early),
        "must": [
            "show both footers and where they differ",
            "take the size of 24 MiB: a block beyond 12 MiB is allocated",
            "treat it as hidden (either one hidden = hidden) and clear both on un-hide",
            "take `current size`, not `original size`",
        ],
        "must_not": ["choose by position alone"],
    }


def vhd_locators(w: Workshop) -> Info:
    """A child whose locators are paths of another host; a decoy has the name, another LV the UUID."""
    of_parent, of_child, of_decoy = (w.rng.randbytes(16) for _ in range(3))
    sr, name, real, child = w.uuid(), w.uuid(), w.uuid(), w.uuid()
    parent_blocks = {0: noise(w.rng, (0, 4096)), 2: noise(w.rng, (0, 100))}
    child_blocks = {0: noise(w.rng, (7, 9), (300, 303)), 5: noise(w.rng, (0, 1))}
    path = f"/dev/VG_XenStorage-{sr}/VHD-{name}"
    parent = Plan(lv_size=16 * MB, size=12 * MB, uuid=of_parent, blocks=parent_blocks, hidden=True)
    parent.write(w.img(f"VHD-{real}.img"))
    decoy_blocks = {0: noise(w.rng, (0, 4096))}
    decoy = Plan(lv_size=16 * MB, size=12 * MB, uuid=of_decoy, blocks=decoy_blocks)
    decoy.write(w.img(f"VHD-{name}.img"))
    Plan(
        lv_size=20 * MB,
        size=12 * MB,
        uuid=of_child,
        blocks=child_blocks,
        disk_type=4,
        parent=of_parent,
        parent_name="VHD-" + name,
        locators=(
            (b"MacX", f"file://{path}".encode()),
            (b"W2ku", f"D:\\old\\{name}.vhd".encode("utf-16-le")),
            (b"W2ru", ".\\..\\..\\etc\\shadow".encode("utf-16-le")),
        ),
    ).write(w.img(f"VHD-{child}.img"))
    return {
        "facts": {"child": child, "parent_by_uuid": real, "decoy_by_name": name},
        "flattened_sha256": flat_sha(12 * MB, parent_blocks, child_blocks),
        "must": [
            "choose the parent by footer UUID",
            "say that the name in the child points to another LV",
        ],
        "must_not": ["open any path from a locator", "use the decoy"],
    }


def vhd_bat_clobber(w: Workshop) -> Info:
    """Table damage: two entries share one block, one points into the header, one beyond the LV's end."""
    blocks = {number: noise(w.rng, (0, 4096)) for number in (4, 0, 2)}
    uuid = w.rng.randbytes(16)
    beyond = 20 * MB // 512 + 8
    clobber = {5: 4, 6: 2, 7: beyond, 1: 1}
    plan = Plan(lv_size=20 * MB, size=16 * MB, uuid=uuid, blocks=blocks, clobber=clobber)
    plan.write(w.img("lv.img"))
    first = b"".join(blocks[0][number] for number in range(4096))
    return {
        "facts": {
            "good_blocks": [0],
            "shared": [[2, 6], [4, 5]],
            "into_header": [1],
            "beyond_end": [7],
        },
        "good_block0_sha256": hashlib.sha256(first).hexdigest(),
        "must": [
            (
                "give the damaged guest ranges: 2-4, 4-6, 8-10, 10-12, 12-14, 14-16 MiB (shared ones as "
                "doubtful, both)"
            ),
            "still deliver block 0",
        ],
        "must_not": [
            "read outside the LV",
            "report it as healthy because the checksums fit (the table has none)",
        ],
    }


def vhd_raw_root(w: Workshop) -> Info:
    """A child of a RAW parent (no UUID, the locator names LV-…), with sectors set to zero on purpose."""
    parent, child = w.uuid(), w.uuid()
    raw = w.rng.randbytes(9 * MB) + bytes(3 * MB)
    w.img(f"LV-{parent}.img").write_bytes(raw)
    zeroed = {number: bytes(512) for number in range(8, 24)}
    blocks = {1: {**noise(w.rng, (0, 3)), **zeroed}, 6: noise(w.rng, (5, 6))}
    sr = w.uuid().replace("-", "--")
    name = f"VG_XenStorage--{sr}-LV--{parent.replace('-', '--')}"
    windows = f".\\{name}".encode("utf-16-le")
    Plan(
        lv_size=16 * MB,
        size=14 * MB,
        uuid=w.rng.randbytes(16),
        blocks=blocks,
        disk_type=4,
        parent_name=name,
        locators=(
            (b"MacX", f"file://./{name}".encode()),
            (b"W2ku", windows),
            (b"W2ru", windows),
        ),
    ).write(w.img(f"VHD-{child}.img"))
    return {
        "facts": {"raw_parent_bytes": 12 * MB, "child_virtual": 14 * MB},
        "flattened_sha256": flat_sha(14 * MB, raw, blocks),
        "must": [
            "take the raw LV as the parent (zero UUID + locator LV-<uuid>)",
            "give zeros where the child's bit is set and its data are zero",
            "zeros beyond the parent's end",
        ],
        "must_not": ["say `parent missing`", "treat zero sectors as `ask the parent`"],
    }


CASES = {
    make.__name__: make
    for make in (vhd_type4_orphan, vhd_two_footers, vhd_locators, vhd_bat_clobber, vhd_raw_root)
}
