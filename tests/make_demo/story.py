"""What happened to the demo's disk: two and a half days of an SR, then a loss at three in the morning.

The first place of each volume is fixed here, so that which loss is intact and which is not does not
depend on how LVM allocates.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.sandbox import Sandbox
from tests.lab.toolbox import MB
from tests.make_demo import guest
from tests.make_demo.sr import Extents, Node, Sr

DISK_MB = 2048
START = 1795132800
"""2026-11-20 00:00:00 UTC."""
PARK: Extents = ((508, 1),)
"""Where journals stand, away from everything that is lost."""
BULK_MB = 88
MAIL_DATA = 71
"""Its first extent."""


@dataclass(slots=True)
class Story:
    """The SR and who plays which part in it."""

    sr: Sr
    folder: Path
    parts: dict[str, Node] = field(default_factory=dict)
    """Part in the demo (`recommended`, `damaged`, …) → the lost VHD."""
    others: dict[str, Node] = field(default_factory=dict)
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Label → path → content."""
    rng: random.Random = field(default_factory=lambda: random.Random("demo guest"))

    def disk(self, label: str, mib: int, *, gpt: bool = False) -> bytes:
        """The bytes of a virtual disk with some files."""
        host = label.split(maxsplit=1)[0].lower()
        files = {
            "etc/hostname": f"{host}\n".encode(),
            "etc/fstab": b"LABEL=root / ext4 defaults 0 1\n",
            "root/NOTES.txt": guest.text(f"Notes about {label}", self.rng, 12),
        }
        if gpt:
            files |= {
                "var/www/html/index.html": b"<!doctype html>\n<h1>web01 is back.</h1>\n",
                "var/www/html/orders.csv": guest.text("order;customer;amount", self.rng, 240),
                "home/admin/README.txt": b"If you can read this, the volume web01 root is whole.\n",
                "home/admin/photo.bin": self.rng.randbytes(48 << 10),
            }
        if mib >= 128 and gpt:
            # bulk that packs to nothing: a copy has something to read, see `disk.load`
            letters = b"".join(bytes([65 + n % 26]) * MB for n in range(BULK_MB))
            files["var/lib/mysql/orders.ibd"] = letters
        self.files[label] = files
        size = mib * MB
        fs_size = size - 2 * MB if gpt else size
        fs = guest.ext4(
            self.folder, fs_size, files, label="root", now=self.sr.box.now, rng=self.rng
        )
        return guest.with_gpt(fs, size, self.rng) if gpt else fs

    def vdi(self, when: str, label: str, mib: int, first: int, *, gpt: bool = False) -> Node:
        """A VDI of `mib` MiB whose LV begins at extent `first`."""
        self.sr.at(when)
        raw = self.disk(label, mib, gpt=gpt)
        count = self.sr.new_node(label, raw).full_extents
        return self.sr.create_vdi(label, raw, ((first, count),))

    def guest_writes(self, node: Node, path: str, lines: int) -> None:
        """A file more on a disk without a partition table."""
        image = self.folder / "fs.img"
        image.write_bytes(node.raw)
        content = guest.text(path, self.rng, lines)
        guest.write(image, {path: content}, now=self.sr.box.now)
        self.files[node.label] = {**self.files[node.label], path: content}
        node.raw = image.read_bytes()
        self.sr.put_vhd(node)

    def tell(self) -> None:
        """All of it."""
        self._first_day()
        self._second_day()
        self._night()

    def _first_day(self) -> None:
        sr, parts, others = self.sr, self.parts, self.others
        sr.at("2026-11-20 09:02:11")
        sr.create_group()
        parts["recommended"] = self.vdi("2026-11-20 09:14:03", "web01 root", 96, 1, gpt=True)
        others["web-data"] = self.vdi("2026-11-20 09:15:40", "web01 data", 96, 27)
        self.vdi("2026-11-20 09:31:18", "mail root", 64, 53)
        parts["damaged"] = self.vdi("2026-11-20 09:32:02", "mail data", 160, MAIL_DATA)
        self.vdi("2026-11-20 10:05:27", "dc01 system", 96, 113)
        self.vdi("2026-11-20 10:40:59", "db01 root", 64, 139)
        others["db-data"] = self.vdi("2026-11-20 10:41:33", "db01 data [prod]", 96, 157)
        parts["at-risk"] = self.vdi("2026-11-20 11:20:06", "files01 shares", 128, 183)
        template = self.vdi("2026-11-20 11:58:44", "Debian 12 template", 64, 217)
        erp = self.vdi("2026-11-20 13:10:20", "erp01 root", 64, 235)
        self.vdi("2026-11-20 13:55:08", "print01 root", 32, 253)
        others["monitor"] = self.vdi("2026-11-20 14:21:37", "monitor01 root", 64, 263)
        others["archive"] = self.vdi("2026-11-20 15:02:50", "Архив почты 2025", 32, 281)
        others["scratch"] = self.vdi("2026-11-20 16:38:15", "backup scratch", 64, 291)

        sr.at("2026-11-20 17:05:30")
        others["template"], dev = sr.snapshot(template, ((309, 18), (327, 18)), PARK)
        dev.label = "dev02 root"
        self.files[dev.label] = dict(self.files["Debian 12 template"])
        sr.mgt.delete(dev.vdi)
        sr.mgt.add_vdi(dev.vdi, dev.label)
        sr.save_names()
        sr.at("2026-11-20 17:40:02")
        self.guest_writes(dev, "root/build.log", 90)
        parts["child"], parts["parent"] = dev, template
        sr.at("2026-11-20 18:20:41")
        leaf, before = sr.snapshot(erp, ((345, 18), (363, 2)), PARK)
        self.guest_writes(leaf, "root/upgrade.log", 60)
        parts["orphan"], parts["lost-parent"], others["erp-before"] = leaf, erp, before
        sr.at("2026-11-20 22:00:04")
        others["web-leaf"], others["web-snap"] = sr.snapshot(
            others["web-data"], ((365, 26), (391, 2)), PARK
        )
        sr.at("2026-11-20 22:00:31")
        others["db-leaf"], others["db-snap1"] = sr.snapshot(
            others["db-data"], ((393, 26), (419, 2)), PARK
        )
        self.guest_writes(others["db-leaf"], "root/night-1.log", 40)

    def _second_day(self) -> None:
        sr, parts, others = self.sr, self.parts, self.others
        sr.at("2026-11-21 02:10:05")
        others["db-middle"] = others["db-leaf"]
        others["db-leaf"], others["db-snap2"] = sr.snapshot(
            others["db-middle"], ((421, 26), (447, 2)), PARK
        )
        self.guest_writes(others["web-leaf"], "root/night.log", 40)
        sr.at("2026-11-21 06:30:12")
        sr.destroy_vdi(others["web-snap"])
        sr.at("2026-11-21 06:30:41")
        base = others["web-data"]
        ((first, kept),) = self._extents_of(base.name)
        sr.leaf_coalesce(others["web-leaf"], ((first + kept, base.full_extents - kept),), PARK)
        sr.at("2026-11-21 08:40:19")
        sr.destroy_vdi(others["db-snap1"])
        sr.at("2026-11-21 08:40:52")
        sr.coalesce(others["db-middle"], [others["db-leaf"], others["db-snap2"]], PARK)
        sr.at("2026-11-21 10:05:33")
        sr.destroy_vdi(others["erp-before"])
        sr.at("2026-11-21 10:12:08")
        lost_parent = parts["lost-parent"]
        where = self._extents_of(lost_parent.name)
        sr.remove(lost_parent.name, lost_parent.label)  # by hand: "not in XenCenter, so not used"
        sr.at("2026-11-21 11:30:26")
        self._create(
            "test03 disk", 32, ((where[0][0], 10),)
        )  # over the base and what it left behind
        sr.at("2026-11-21 12:02:17")
        web_root = parts["recommended"]
        web_root.raw = self.disk("web01 root", 128, gpt=True)
        sr.grow(web_root.name, web_root.full_extents, ((449, 8),))
        sr.put_vhd(web_root)
        sr.at("2026-11-21 14:10:05")
        files = parts["at-risk"]
        where = self._extents_of(files.name)
        sr.destroy_vdi(files)
        sr.at("2026-11-21 15:00:47")
        restore = self._create("restore test", 64, ((where[0][0] + 6, 18),))
        sr.at("2026-11-21 15:41:30")
        sr.destroy_vdi(restore)
        sr.at("2026-11-21 18:15:00")
        sr.change("MGT", "--addtag checked")
        sr.at("2026-11-21 21:45:19")
        sr.destroy_vdi(parts["orphan"])
        sr.at("2026-11-21 23:05:43")
        sr.destroy_vdi(parts["damaged"])

    def _night(self) -> None:
        sr, parts, others = self.sr, self.parts, self.others
        sr.at("2026-11-22 00:12:09")
        self._create("test-vm disk", 64, ((MAIL_DATA + 22, 10), *self._free(8)))
        sr.at("2026-11-22 00:31:55")
        journal = sr.journal(f"inflate_{others['db-snap2'].vdi}_75497472", PARK)
        sr.grow(others["db-snap2"].name, 18, self._free(16))
        sr.put_footer(others["db-snap2"])
        sr.remove(journal)
        sr.at("2026-11-22 01:20:11")
        sr.destroy_vdi(others["template"])
        sr.at("2026-11-22 01:20:30")
        sr.destroy_vdi(parts["child"])
        sr.at("2026-11-22 01:20:52")
        sr.remove(parts["parent"].name, "base copy")  # by the collector: nobody needs it any more
        sr.mgt.delete(parts["parent"].vdi)
        sr.save_names()
        for when, node in (("02:40:01", others["archive"]), ("02:40:02", others["monitor"])):
            sr.at(f"2026-11-22 {when}")
            self._grow_by_one(node)
        sr.at("2026-11-22 02:51:36")
        sr.destroy_vdi(parts["recommended"])
        self._grow_by_one(others["scratch"])
        sr.at("2026-11-22 02:58:10")
        sr.change("MGT", "--deltag checked")

    def _create(self, label: str, mib: int, where: Extents) -> Node:
        return self.sr.create_vdi(label, self.disk(label, mib), where)

    def _grow_by_one(self, node: Node) -> None:
        count = sum(n for _, n in self._extents_of(node.name)) + 1
        self.sr.grow(node.name, count, self._free(1))
        self.sr.put_footer(node)

    def _extents_of(self, name: str) -> Extents:
        uuid = self.sr.tree()["logical_volumes"][name]["id"]
        return _runs(e for e, owner in sorted(self.sr.owners[-1].items()) if owner == uuid)

    def _free(self, count: int) -> Extents:
        """Extents that no LV ever had: whatever takes them destroys nothing."""
        used = {extent for owners in self.sr.owners for extent in owners}
        free = [extent for extent in range(449 + 8, PARK[0][0]) if extent not in used]
        assert len(free) >= count, (len(free), count)
        return _runs(free[:count])


def _runs(extents: Iterable[int]) -> Extents:
    """Sorted extents as ((first, count), …)."""
    out: list[tuple[int, int]] = []
    for extent in extents:
        if out and sum(out[-1]) == extent:
            out[-1] = (out[-1][0], out[-1][1] + 1)
        else:
            out.append((extent, 1))
    return tuple(out)


def tell(folder: Path) -> Story:
    """Run the story on a new disk; the sandbox stays open."""
    box = Sandbox("demo", "xs-01", START)
    box.add_disk(DISK_MB, "/dev/sdb")
    box.start()
    story = Story(sr=Sr(box, "SATA array", "demo sr"), folder=folder)
    story.tell()
    return story
