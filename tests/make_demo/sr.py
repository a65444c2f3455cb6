"""A storage repository that does to its volume group what XenServer's storage manager does.

Real LVM2 makes every version of the metadata; bytes of volumes go straight to their extents in the
image, because no device-mapper is needed for that. What is lost is recorded at the moment of loss.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.lab import lvmtext, mgtlab, vhdlab
from tests.lab.sandbox import LvmRefusedError, Sandbox
from tests.lab.toolbox import EXTENT_BYTES

DEV = "/dev/sdb"
EPOCH_2000 = 946684800
TABLE_ENTRIES = 1 << 20
"""The storage manager makes every block table for 2 TiB."""
EMPTY_BYTES = 4329472
"""Where the data of the first block begin (sm: calcOverheadEmpty of 2 TiB)."""
Extents = tuple[tuple[int, int], ...]
"""((first, count), …) on the PV."""


@dataclass(slots=True, kw_only=True)
class Node:
    """A VHD: its LV's name changes, the VHD's own uuid stays."""

    vdi: str
    label: str
    raw: bytes
    vhd: bytes
    time: int
    parent: Node | None = None
    lv_uuid: str = ""
    footer: bytes = b""

    @property
    def name(self) -> str:
        return f"VHD-{self.vdi}"

    @property
    def full_extents(self) -> int:
        """Extents of the LV when it has room for every block."""
        blocks = -(-len(self.raw) // vhdlab.BLOCK)
        return -(-(len(self.raw) + EMPTY_BYTES + 4096 * blocks) // EXTENT_BYTES)


@dataclass(slots=True, kw_only=True)
class Loss:
    """An LV as it was when it went."""

    name: str
    lv_uuid: str
    label: str | None
    size_bytes: int
    seqno: int
    """Of the last version that has it."""
    segments: list[dict[str, int]]
    sha256: str
    pages: list[bytes] = field(repr=False)


class Names(mgtlab.Mgt):
    """The MGT volume with the records of snapshots and base copies too."""

    def add_vdi(self, vdi: str, label: str, **more: str) -> None:
        self.add(vdi, label, mgtlab.TAGS, "vhd")
        for i, (record, _) in enumerate(self.slots):
            if record["uuid"] == vdi:
                record.update(more)
                self._put(i)


class Sr:
    """The SR, its volume group and what became of it."""

    def __init__(self, box: Sandbox, name: str, seed: str) -> None:
        self.box = box
        self.rng = random.Random(seed)
        self.uuid = self.new_uuid()
        self.vg = f"VG_XenStorage-{self.uuid}"
        self.mgt = Names(self.uuid, name)
        self.losses: list[Loss] = []
        self.owners: list[dict[int, str]] = []
        """For each version: extent → LV uuid."""

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    # the clock

    def at(self, when: str) -> None:
        """Set the clock of the host: `2026-11-22 02:51:36`, UTC."""
        to = int(datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp())
        assert to >= self.box.now, when
        self.box.tick(to - self.box.now)

    # LVM

    def lvm(self, command: str) -> None:
        """Run it; the clock goes on by a second afterwards."""
        if not self.box.run(command):
            raise LvmRefusedError(command, self.box.messages)
        if not command.startswith("pvcreate"):
            self.owners.append(self._owners())
        self.box.tick(1)

    def tree(self) -> dict[str, Any]:
        """The VG section that the metadata header points to."""
        disk = self.box.disks[0]
        with disk.img.open("rb") as f:
            label = lvmtext.label(f)
            assert label is not None
            start = label.mda[0][0]
            head = lvmtext.mda(f, start)
            assert head is not None
            text = lvmtext.mda_text(f, start, head.size, head.offset, head.length)
        vg: dict[str, Any] = lvmtext.vg_of(text.decode())[1]
        return vg

    def _owners(self) -> dict[int, str]:
        vg = self.tree()
        return {
            extent: lv["id"]
            for name, lv in vg.get("logical_volumes", {}).items()
            for _, first, count in lvmtext.segments(vg, name)
            for extent in range(first, first + count)
        }

    def create_group(self) -> None:
        self.lvm(f"pvcreate -ff -y --metadatasize 10M {DEV}")
        self.lvm(f"vgcreate --metadatasize 10M {self.vg} {DEV}")
        self.create("MGT", ((0, 1),))
        self.save_names()

    def create(self, name: str, where: Extents, tag: str | None = None) -> str:
        """`lvcreate` on these extents; its first 4 KiB are zeroed, as LVM does. The LV's uuid."""
        count = sum(n for _, n in where)
        tagged = f"--addtag {tag} " if tag else ""
        self.lvm(f"lvcreate -an -Zn -Wn -n {name} -l {count} {tagged}{self.vg} {_on(where)}")
        self.write(name, 0, bytes(4096))
        return str(self.tree()["logical_volumes"][name]["id"])

    def grow(self, name: str, count: int, where: Extents) -> None:
        self.lvm(f"lvresize -f -y -l {count} {self.vg}/{name} {_on(where)}")

    def shrink(self, name: str, count: int) -> None:
        self.lvm(f"lvresize -f -y -l {count} {self.vg}/{name}")

    def change(self, name: str, option: str) -> None:
        self.lvm(f"lvchange {option} {self.vg}/{name}")

    def rename(self, old: str, new: str) -> None:
        self.lvm(f"lvrename {self.vg} {old} {new}")

    def remove(self, name: str, label: str | None = None) -> None:
        """`lvremove`; what goes is recorded."""
        vg = self.tree()
        data = self.read(name)
        self.losses.append(
            Loss(
                name=name,
                lv_uuid=vg["logical_volumes"][name]["id"],
                label=label,
                size_bytes=len(data),
                seqno=vg["seqno"],
                segments=[
                    {"pv_start_extent": first, "extent_count": count}
                    for _, first, count in lvmtext.segments(vg, name)
                ],
                sha256=hashlib.sha256(data).hexdigest(),
                pages=pages(data),
            )
        )
        self.lvm(f"lvremove -f {self.vg}/{name}")

    # bytes

    def byte_ranges(self, segments: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """(offset in the image, length) of runs of extents."""
        base = next(iter(self.tree()["physical_volumes"].values()))["pe_start"] * 512
        return [(base + first * EXTENT_BYTES, n * EXTENT_BYTES) for first, n in segments]

    def _ranges(self, name: str) -> list[tuple[int, int]]:
        return self.byte_ranges([(f, n) for _, f, n in lvmtext.segments(self.tree(), name)])

    def read(self, name: str) -> bytes:
        return b"".join(self.box.peek(0, at, n) for at, n in self._ranges(name))

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Through the LV's extents; pages of zeros are written too, as a disk would."""
        lv_at = 0
        for at, length in self._ranges(name):
            low, high = max(offset, lv_at), min(offset + len(data), lv_at + length)
            if low < high:
                self.box.poke(0, at + low - lv_at, data[low - offset : high - offset])
            lv_at += length
        assert offset + len(data) <= lv_at, (name, offset + len(data), lv_at)

    def save_names(self) -> None:
        self.write("MGT", 0, self.mgt.to_bytes())

    # VHDs

    def put_vhd(self, node: Node) -> None:
        """(Re)write the whole VHD of a node into its LV."""
        parent = node.parent and vhdlab.Parent(
            raw=node.parent.raw,
            uuid=node.parent.vhd,
            name=self.vg.replace("-", "--") + "-" + node.parent.name.replace("-", "--"),
            time=node.parent.time,
        )
        body, node.footer = vhdlab.make(
            node.raw, node.vhd, node.time, parent or None, table=TABLE_ENTRIES
        )
        self.write(node.name, 0, body)
        self.put_footer(node)

    def put_footer(self, node: Node, *, hidden: bool = False) -> None:
        """Both footers, as `vhd-util set -n … -f hidden` does."""
        node.footer = vhdlab.patch_footer(node.footer, hidden=hidden)
        size = sum(n for _, n in self._ranges(node.name))
        self.write(node.name, 0, node.footer)
        self.write(node.name, size - 512, node.footer)

    def new_node(self, label: str, raw: bytes, parent: Node | None = None) -> Node:
        return Node(
            vdi=self.new_uuid(),
            label=label,
            raw=raw,
            vhd=uuid.UUID(int=self.rng.getrandbits(128), version=4).bytes,
            time=self.box.now - EPOCH_2000,
            parent=parent,
        )

    def create_vdi(
        self, label: str, raw: bytes, where: Extents, parent: Node | None = None
    ) -> Node:
        """`vdi-create` and what the guest wrote since."""
        node = self.new_node(label, raw, parent)
        node.lv_uuid = self.create(node.name, where)
        self.put_vhd(node)
        self.mgt.add_vdi(node.vdi, label)
        self.save_names()
        return node

    def destroy_vdi(self, node: Node) -> None:
        """`vdi-destroy`: hidden first, then the LV goes, then its name is marked deleted."""
        self.put_footer(node, hidden=True)
        self.remove(node.name, node.label)
        self.mgt.delete(node.vdi)
        self.save_names()

    def journal(self, name: str, where: Extents) -> str:
        self.create(name, where, "journaler")
        return name

    def snapshot(self, node: Node, extra: Extents, park: Extents) -> tuple[Node, Node]:
        """`vdi-snapshot`: the LV becomes the base copy, the VDI and its snapshot get new ones.

        Args:
            node: is the base afterwards, read-only and hidden; it is shrunk to its data.
            extra: extents for the new leaf and, its last two, for the snapshot.
            park: where the journal stands meanwhile.

        Returns:
            The new leaf (same VDI) and the snapshot.
        """
        journal = self.journal(f"clone_{node.vdi}_1", park)
        base_vdi, old_name = self.new_uuid(), node.name
        self.write(journal, 0, f"73 {base_vdi}_{node.vdi}".encode())
        leaf = self.new_node(node.label, node.raw, node)
        leaf.vdi = node.vdi
        node.vdi = base_vdi
        self.rename(old_name, node.name)
        blocks = sum(
            any(node.raw[at : at + vhdlab.BLOCK]) for at in range(0, len(node.raw), vhdlab.BLOCK)
        )
        self.shrink(node.name, -(-(EMPTY_BYTES + blocks * (vhdlab.BLOCK + 4096)) // EXTENT_BYTES))
        leaf.lv_uuid = self.create(leaf.name, extra[:-1])
        snap = self.new_node(leaf.label, node.raw, node)
        snap.lv_uuid = self.create(snap.name, extra[-1:])
        self.put_vhd(leaf)
        self.put_vhd(snap)
        self.put_footer(node, hidden=True)
        self.change(node.name, "-pr")
        self.remove(journal)
        more = {"is_a_snapshot": "1", "snapshot_of": leaf.vdi, "read_only": "1"}
        self.mgt.add_vdi(node.vdi, "base copy", managed="0", read_only="1")
        self.mgt.add_vdi(snap.vdi, leaf.label, **more)
        self.save_names()
        return leaf, snap

    def leaf_coalesce(self, leaf: Node, growth: Extents, park: Extents) -> Node:
        """The collector merges a leaf into its parent, whose LV takes the leaf's name."""
        base = leaf.parent
        assert base is not None
        journal = self.journal(f"leaf_{leaf.vdi}_1", park)
        self.write(journal, 0, f"36 {base.vdi}".encode())
        self.change(base.name, "-prw")
        self.grow(base.name, base.full_extents, growth)
        base.raw, base_vdi = leaf.raw, base.vdi
        self.rename(leaf.name, f"VHD-OLD_{leaf.vdi}")
        self.rename(base.name, leaf.name)
        base.vdi, base.label = leaf.vdi, leaf.label
        self.put_vhd(base)
        self.remove(journal)
        self.remove(f"VHD-OLD_{leaf.vdi}", leaf.label)
        self.mgt.delete(base_vdi)
        self.save_names()
        return base

    def coalesce(self, node: Node, children: list[Node], park: Extents) -> None:
        """The collector merges an inner node into its parent."""
        into = node.parent
        assert into is not None
        journal = self.journal(f"coalesce_{node.vdi}_1", park)
        self.change(into.name, "-prw")
        into.raw = node.raw
        self.put_vhd(into)
        self.put_footer(into, hidden=True)
        self.change(into.name, "-pr")
        self.remove(journal)
        journal = self.journal(f"relink_{node.vdi}_1", park)
        for child in children:
            child.parent = into
            self.put_vhd(child)
        self.remove(journal)
        self.remove(node.name, node.label)
        self.mgt.delete(node.vdi)
        self.save_names()


def pages(data: bytes) -> list[bytes]:
    """A digest of each 4 KiB."""
    return [
        hashlib.blake2b(data[at : at + 4096], digest_size=8).digest()
        for at in range(0, len(data), 4096)
    ]


def _on(where: Extents) -> str:
    return " ".join(f"{DEV}:{first}-{first + count - 1}" for first, count in where)
