"""An SR on real LVM2 and what happens to it: volumes made, written, renamed, hidden, removed.

Data goes through the extent map straight into the images: no device-mapper is needed.
"""

from __future__ import annotations

import hashlib
import random
import uuid as uuids
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.lab import lvmtext, mgtlab, vhdlab
from tests.lab.ringlog import Info, RingLog
from tests.lab.sandbox import LvmRefusedError, Sandbox

EPOCH = 1690000000
LABELS = (
    "mail server, system",
    "web01 root",
    "DB <prod> & logs",
    "\u041f\u043e\u0447\u0442\u0430 \u0441\u0438\u0441\u0442\u0435\u043c\u043d\u044b\u0439",
    "0",
    "dc01 C:",
    "backup 2016",
    "new disk",
    'Windows 2008 "old"',
)


class Range(NamedTuple):
    """Bytes of an LV on a disk; `offset` counts from the image's first byte."""

    disk: int
    offset: int
    length: int
    lv_offset: int


def blocks_4k(data: bytes) -> list[bytes]:
    """A digest of each 4 KiB."""
    return [
        hashlib.blake2b(data[i : i + 4096], digest_size=8).digest()
        for i in range(0, len(data), 4096)
    ]


@dataclass(slots=True, kw_only=True)
class Volume:
    """An LV, alive or lost."""

    info: Info
    """As in case.json."""
    alive: bool = True
    raw: bytes = b""
    """The virtual disk in its VHD."""
    footer: bytes = b""
    ranges: list[Range] = field(default_factory=list)
    """Where it lay when it was lost."""
    blocks: list[bytes] = field(default_factory=list)
    """What it held when it was lost."""

    @property
    def kind(self) -> str:
        """vhd, raw, churn, journal, filler or other."""
        return str(self.info["kind"])


class Repository:
    """The SR under test."""

    def __init__(self, family: str, seed: int) -> None:
        self.family, self.seed = family, seed
        self.rng = random.Random(f"{family}/{seed}")
        self.rng2 = random.Random(f"xen/{family}/{seed}")  # names, manner of loss, table size
        start = EPOCH + self.rng.randrange(86400 * 300)
        self.box = Sandbox(f"{family}/{seed}", f"xcp-host-{seed % 100:02d}", start)
        self.ring = RingLog(self.box)
        self.volumes: dict[str, Volume] = {}
        self.targets: dict[str, str] = {}
        self.notes: Info = {}
        self.vg = ""
        self.sr = ""

    # ---- LVM
    def lvm(self, command: str, *, ok: bool = True) -> bool:
        """Run one command a random while later, and record what it committed."""
        self.box.tick(self.rng.randint(20, 86400))
        self.box.commands += 1
        if not self.box.run(command):
            if ok:
                raise LvmRefusedError(f"{command}: {'; '.join(self.box.messages)}")
            return False
        self.ring.snap(command)
        return True

    def mkvg(self, mda: str = "10M") -> None:
        """PVs, VG and the SR's own volume of names."""
        self.sr = self.new_uuid()
        self.vg = "VG_XenStorage-" + self.sr
        disks = self.box.disks
        for disk in disks:
            self.lvm(f"pvcreate -ff -y --metadatasize {mda}   {disk.dev}")
        self.ring.find_areas()
        self.lvm(f"vgcreate --metadatasize {mda} {self.vg} {disks[0].dev}")
        for disk in disks[1:]:
            self.lvm(f"vgextend {self.vg} {disk.dev}")
        names = ["Local storage", "SATA array", "SR 2 (iSCSI & multipath)"]
        self.mgt = mgtlab.Mgt(self.sr, self.rng2.choice(names))
        self.lv("MGT", 4, self.mgt.to_bytes())

    def new_uuid(self) -> str:
        """A random uuid of version 4."""
        return str(uuids.UUID(int=self.rng.getrandbits(128), version=4))

    def name_of(self, lid: str) -> str | None:
        """The LV's name now."""
        lvs = self.ring.current()["logical_volumes"]
        return next((name for name, lv in lvs.items() if lv["id"] == lid), None)

    def path_of(self, lid: str) -> str:
        """VG/LV as commands want it."""
        return f"{self.vg}/{self.name_of(lid)}"

    # ---- data through the extent map
    def ranges(self, name: str, vg: lvmtext.Tree | None = None) -> list[Range]:
        """The LV's bytes in logical order."""
        vg = vg or self.ring.current()
        extent = vg["extent_size"] * 512
        out, at = [], 0
        for pv, first, count in lvmtext.segments(vg, name):
            section = vg["physical_volumes"][pv]
            di, disk = self.ring.disk_of(section["id"])
            start = disk.base + section["pe_start"] * 512
            out.append(Range(di, start + first * extent, count * extent, at))
            at += count * extent
        return out

    def write(self, ranges: list[Range], data: bytes, at: int = 0) -> None:
        """Write at an offset of the LV."""
        for r in ranges:
            a, b = max(at, r.lv_offset), min(at + len(data), r.lv_offset + r.length)
            if a < b:
                self.box.poke(r.disk, r.offset + a - r.lv_offset, data[a - at : b - at])

    def write_last(self, ranges: list[Range], sector: bytes) -> None:
        """Write the LV's last sector."""
        self.write(ranges, sector, ranges[-1].lv_offset + ranges[-1].length - 512)

    def read(self, ranges: list[Range]) -> bytes:
        """The LV's bytes now."""
        return b"".join(self.box.peek(r.disk, r.offset, r.length) for r in ranges)

    def lv(
        self,
        name: str,
        mb: int,
        content: bytes = b"",
        pes: list[tuple[int, str]] | None = None,
        kind: str = "other",
        **info: Any,  # noqa: ANN401 - joins case.json
    ) -> str:
        """`lvcreate`, what its `-Z y` would zero, then the content; "" where there is no room."""
        devices = " ".join(f"{self.box.disks[di].dev}:{run}" for di, run in pes or [])
        command = f"lvcreate -an -Zn -Wn -n {name} -L {mb}M {self.vg} {devices}"
        if not self.lvm(command, ok=pes is not None):
            return ""
        vg = self.ring.current()
        lid = str(vg["logical_volumes"][name]["id"])
        ranges = self.ranges(name, vg)
        self.write(ranges, bytes(4096))
        self.write(ranges, content)
        self.volumes[lid] = Volume(info={"id": lid, "name": name, "kind": kind, **info})
        return lid

    def adopt(self, lid: str, name: str) -> None:
        """Know an LV that came in by vgcfgrestore."""
        self.volumes[lid] = Volume(info={"id": lid, "name": name, "kind": "filler"})

    # ---- the SR's volume of names
    def name_vdi(self, lid: str, vdi: str, kind: str = "vhd") -> None:
        """Give a VDI a name in MGT."""
        label = f"{self.rng2.choice(LABELS)} {len(self.volumes)}"
        order = list(mgtlab.TAGS)
        self.rng2.shuffle(order)
        self.volumes[lid].info.update(vdi_uuid=vdi, label=label)
        self.mgt.add(vdi, label, order, "aio" if kind == "raw" else "vhd")
        self._write_mgt()

    def _write_mgt(self) -> None:
        if "MGT" in self.ring.current().get("logical_volumes", {}):
            self.write(self.ranges("MGT"), self.mgt.to_bytes())

    # ---- loss
    def _hide(self, lid: str) -> None:
        """What vdi-destroy does first: the footer byte in head and tail, or a raw volume's tag."""
        volume = self.volumes[lid]
        name = self.name_of(lid)
        assert name
        if volume.kind == "raw":
            self.lvm(f"lvchange --addtag hidden {self.vg}/{name}")
        elif volume.footer:
            footer = vhdlab.patch_footer(volume.footer, hidden=True)
            ranges = self.ranges(name)
            self.write(ranges, footer)
            self.write_last(ranges, footer)

    def capture(self, lid: str) -> None:
        """Keep the LV's state at the moment it is lost."""
        volume, vg = self.volumes[lid], self.ring.current()
        name = self.name_of(lid)
        assert name
        lv = vg["logical_volumes"][name]
        ranges = self.ranges(name, vg)
        data = self.read(ranges)
        volume.ranges, volume.blocks = ranges, blocks_4k(data)
        volume.info["name"] = name
        volume.info.update(
            size_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            last_idx=self.ring.versions[-1].idx,
            last_seqno=vg["seqno"],
            status=lv["status"],
            tags=lv.get("tags", []),
            segments=[
                {"disk": r.disk, "offset": r.offset, "bytes": r.length, "lv_offset": r.lv_offset}
                for r in ranges
            ],
            pe_segments=[
                {"pv": pv, "start": first, "count": count}
                for pv, first, count in lvmtext.segments(vg, name)
            ],
        )

    def rm(self, lid: str, target: str | None = None) -> None:
        """Lose an LV, by lvremove or as vdi-destroy does it; `target` says why it is wanted back."""
        volume = self.volumes[lid]
        ways = ["vdi-destroy", "vdi-destroy", "lvremove"]
        by = self.rng2.choice(ways) if volume.kind in {"vhd", "raw"} else "lvremove"
        volume.info["hidden"] = by == "vdi-destroy"
        if by == "vdi-destroy":
            self._hide(lid)
        self.capture(lid)
        self.lvm(f"lvremove -f {self.vg}/{volume.info['name']}")
        volume.alive = False
        volume.info["lost_by"] = by
        if by == "vdi-destroy" and volume.info.get("vdi_uuid"):
            self.mgt.delete(volume.info["vdi_uuid"])
            self._write_mgt()
        if target:
            self.targets[lid] = target

    def alive(self, *kinds: str) -> list[str]:
        """LVs that are there, of these kinds."""
        return [lid for lid, v in self.volumes.items() if v.alive and v.kind in kinds]

    def spin(self, count: int, name: str = "MGT") -> None:
        """So many cheap commits: a tag on and off."""
        for i in range(count):
            verb = "del" if i % 2 else "add"
            self.lvm(f"lvchange --{verb}tag sp{i // 2 % 7} {self.vg}/{name}", ok=False)

    def poke_pv(self, disk: int, offset: int, data: bytes) -> None:
        """Damage: bytes at an offset of the PV."""
        self.box.poke(disk, self.box.disks[disk].base + offset, data)

    @property
    def ring_start(self) -> int:
        """Offset in the PV of the first disk's first metadata area."""
        return self.box.disks[0].mdas[0][0]
