"""The families of cases: how an SR loses logical volumes, and what happens to the disk afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.lab import lvmtext
from tests.lab.guests import GuestRepository
from tests.lab.toolbox import MB

if TYPE_CHECKING:
    from tests.lab.lvmtext import Tree

Family = Callable[[GuestRepository], None]
FAMILIES: dict[str, Family] = {}
LONG_WWID = "/dev/mapper/3600a098038304437415d4b6a59676d51"


def family(make: Family) -> Family:
    """Register a family under its function's name."""
    FAMILIES[make.__name__] = make
    return make


def standard(
    r: GuestRepository, count: int = 0, churn: int = 25, mda: str = "10M", mb: int = 768
) -> list[str]:
    """An SR with a few VHDs and some life behind it; the VHDs' LV ids."""
    if not r.box.disks:
        r.box.add_disk(mb, "/dev/sda3")
    r.box.start()
    r.mkvg(mda)
    made = []
    for i in range(count or r.rng.randint(3, 4)):
        size = r.rng.choice([8, 12, 16])
        made.append(r.vhd_lv(size, tags=(f"vm{i}",) if r.rng.random() < 0.3 else ()))
    r.churn(churn)
    return made


def read_only(r: GuestRepository, *lids: str) -> None:
    """What the storage manager does to a parent."""
    for lid in lids:
        r.lvm(f"lvchange -pr {r.path_of(lid)}", ok=False)


@family
def simple(r: GuestRepository) -> None:
    """One VHD LV removed by mistake, almost nothing after it."""
    base = standard(r)
    r.rm(r.rng.choice(base), "removed")
    r.calm(r.rng.randint(0, 4))


@family
def multi(r: GuestRepository) -> None:
    """Several lost at once: a parent and its child, a raw LV and an unrelated VHD."""
    base = standard(r)
    child = r.vhd_lv(0, parent=base[0])
    read_only(r, base[0])
    raw = r.raw_lv(8)
    r.churn(8)
    for lid in (child, base[0], raw, base[1]):
        r.rm(lid, "removed")
    r.calm()


@family
def chain(r: GuestRepository) -> None:
    """A chain of three; only the leaf (odd seeds) or only the middle lost."""
    root = standard(r, count=2)[0]
    middle = r.vhd_lv(0, parent=root)
    leaf = r.vhd_lv(0, parent=middle)
    read_only(r, root, middle)
    r.rm(leaf if r.seed % 2 else middle, "removed")
    r.calm()


@family
def reused(r: GuestRepository) -> None:
    """Lost, then a new LV takes some of its extents and is written."""
    base = standard(r)
    lost = base[r.seed % len(base)]
    r.rm(lost, "removed, partly re-used")
    first = r.volumes[lost].info["pe_segments"][0]
    count = max(1, first["count"] // 2)
    start = first["start"] + r.rng.randint(0, first["count"] - count)
    name, content = "VHD-" + r.new_uuid(), r.rng.randbytes(4 * count * MB)
    assert r.lv(name, 4 * count, content, pes=[(0, f"{start}-{start + count - 1}")])
    r.calm()


@family
def fragmented(r: GuestRepository) -> None:
    """The lost LV has many segments, out of order."""
    standard(r, churn=10)
    small = [r.filler() for _ in range(16)]
    for lid in small[::2]:
        r.rm(lid)
    holes = [r.volumes[lid].info["pe_segments"][0]["start"] for lid in small[::2]]
    r.rng.shuffle(holes)
    lost = r.vhd_lv(16, lv_mb=20, pes=[(0, str(hole)) for hole in holes[:5]])
    r.inflate(lost, 24)
    assert len(r.ranges(str(r.name_of(lost)))) > 2
    r.rm(lost, "fragmented")
    r.calm()


@family
def twopv(r: GuestRepository) -> None:
    """Two PVs; the lost LV spans both."""
    r.box.add_disk(320, "/dev/sda3")
    r.box.add_disk(320, "/dev/sdb")
    base = standard(r, churn=12, count=3)
    lost = r.vhd_lv(24, lv_mb=28, pes=[(0, "70-72"), (1, "30-33")])
    assert {at.disk for at in r.ranges(str(r.name_of(lost)))} == {0, 1}
    r.churn(6)
    r.rm(lost, "spans two PVs")
    r.rm(base[0], "removed")
    r.calm()


@family
def ringwrap(r: GuestRepository) -> None:
    """A metadata area of 1 MiB, history several times the ring; loss near the end."""
    base = standard(r, mda="1M", churn=30)
    for _ in range(12):
        r.filler()
    r.ring.backup_every = 50
    r.spin(300 + r.rng.randint(0, 40))
    r.rm(base[0], "removed near the end")
    r.spin(r.rng.randint(5, 60))


@family
def vgrename(r: GuestRepository) -> None:
    """The VG renamed between the loss and now."""
    base = standard(r)
    r.rm(base[0], "removed, then vgrename")
    old, r.vg = r.vg, "VG_XenStorage-" + r.new_uuid()
    r.lvm(f"vgrename {old} {r.vg}")
    r.calm()


@family
def mdahdr(r: GuestRepository) -> None:
    """The metadata area's header zeroed; the ring is whole."""
    base = standard(r)
    r.rm(base[0], "removed")
    r.calm()
    r.poke_pv(0, r.ring_start, bytes(512))
    r.notes.update(damage="mda header zeroed", vg_gone=False)


@family
def labelgone(r: GuestRepository) -> None:
    """The label zeroed: the first 4 KiB (odd seeds) or sector 1."""
    base = standard(r)
    r.rm(base[0], "removed")
    r.calm()
    r.poke_pv(0, 0 if r.seed % 2 else 512, bytes(4096 if r.seed % 2 else 512))
    r.notes["damage"] = "label zeroed"


@family
def garbage(r: GuestRepository) -> None:
    """Random bytes over parts of the ring, among them the best text; a decoy behind the live one."""
    base = standard(r, churn=40)
    r.rm(base[0], "removed; its newest text is damaged")
    versions = r.ring.versions
    r.calm()
    best = versions[r.volumes[base[0]].info["last_idx"]].copies[0]
    sector = 512 * r.rng.randint(1, best["length"] // 512 - 1)
    r.poke_pv(0, r.ring_start + best["mda_offset"] + sector, r.rng.randbytes(512))
    for _ in range(6):
        copy = r.rng.choice(versions[5:-1]).copies[0]
        at = r.ring_start + copy["mda_offset"] + r.rng.randint(0, copy["length"] - 10)
        r.poke_pv(0, at, r.rng.randbytes(r.rng.choice([1, 3, 40, 600])))
    last = versions[-1].copies[0]
    at = r.ring_start + last["mda_offset"] + last["length"] + 8192
    r.poke_pv(0, at, r.rng.randbytes(5000))
    decoy = (
        'VG_XenStorage-decoy {\nid = "AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAAAA"\n'
        'seqno = 9999\nformat = "lvm2"\nstatus = ["RESIZEABLE"'
    )
    r.poke_pv(0, at + 8192, decoy.encode())
    r.notes["damage"] = "garbage in the ring"


@family
def resized(r: GuestRepository) -> None:
    """The lost LV was inflated over its life; another one was shrunk by mistake and is still there."""
    base = standard(r, churn=12)
    for mb in (28, 36, 40):
        r.inflate(base[0], mb)
        r.churn(3)
    r.rm(base[0], "inflated, then removed")
    shrunk = base[1]
    r.capture(shrunk)
    r.lvm(f"lvresize -f -y -L 4M {r.path_of(shrunk)}")
    r.volumes[shrunk].info["lost_by"] = "lvreduce"
    r.targets[shrunk] = "shrunk to 4 MiB, still listed"
    r.calm(2)


FILLER_LV = """\t\t%s {
\t\t\tid = "%s"
\t\t\tstatus = ["READ", "WRITE", "VISIBLE"]
\t\t\tflags = []
\t\t\tcreation_time = %d
\t\t\tcreation_host = "xcp"
\t\t\tsegment_count = 1

\t\t\tsegment1 {
\t\t\t\tstart_extent = 0
\t\t\t\textent_count = 1

\t\t\t\ttype = "striped"
\t\t\t\tstripe_count = 1

\t\t\t\tstripes = [
\t\t\t\t\t"pv0", %d
\t\t\t\t]
\t\t\t}
\t\t}
"""


def free_extents(vg: Tree) -> list[int]:
    """Extents of pv0 that no LV holds."""
    used: set[int] = set()
    for name in vg["logical_volumes"]:
        for _, first, count in lvmtext.segments(vg, name):
            used.update(range(first, first + count))
    return [x for x in range(vg["physical_volumes"]["pv0"]["pe_count"]) if x not in used]


def add_many(r: GuestRepository, upto: int) -> list[str]:
    """So many LVs in one step, through vgcfgrestore."""
    r.lvm(f"vgcfgbackup -f mid.vg {r.vg}")
    path = r.box.tmp / "mid.vg"
    text, vg = path.read_text(), r.ring.current()
    free = free_extents(vg)
    blocks, added = [], []
    for i in range(upto - len(vg["logical_volumes"])):
        lid = lvmtext.dashed((r.rng.randbytes(16).hex() + "abcdef")[:32])
        name = "VHD-" + r.new_uuid()
        blocks.append(FILLER_LV % (name, lid, r.box.now, free[i]))
        added.append((lid, name))
    end = re.search(r"\t\}\n\s*\}\s*$", text)
    assert end
    path.write_text(text[: end.start()] + "\n" + "\n".join(blocks) + text[end.start() :])
    r.lvm(f"vgcfgrestore -f mid.vg {r.vg}")
    for lid, name in added:
        r.adopt(lid, name)
    assert len(r.ring.current()["logical_volumes"]) == upto
    return [lid for lid, _ in added]


@family
def biglv(r: GuestRepository) -> None:
    """512 LVs in the VG: texts of about 200 KB."""
    r.box.add_disk(2600, LONG_WWID)
    r.ring.backup_every = 10**9
    base = standard(r, count=3, churn=6)
    for _ in range(20):
        r.filler(4096)
    added = add_many(r, 512)
    r.spin(60)
    r.rm(base[1], "removed, 512 LVs")
    for lid in r.rng.sample(added, 3):
        r.rm(lid, "removed, 512 LVs")
    r.spin(6)


@family
def manyversions(r: GuestRepository) -> None:
    """A ring of 10 MiB with thousands of versions."""
    base = standard(r, count=3, churn=8)
    r.ring.backup_every = 500
    r.spin(1500 + r.seed % 100)
    r.rm(base[0], "removed in the middle of thousands of versions")
    r.spin(800)
    r.rm(base[1], "removed later")
    r.spin(700)
