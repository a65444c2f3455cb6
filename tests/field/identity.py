"""Field cases about who is who: two VGs of one name, a torn header, a guest's own PV, foreign VGs."""

from __future__ import annotations

import shutil

from tests.field import ondisk
from tests.field.ondisk import MB
from tests.field.workshop import Info, Workshop
from tests.lab.lvmtext import lvm_crc


def same_vg_name(w: Workshop) -> Info:
    """Two different VGs with one and the same name on two disks."""
    vg = w.sr_name()
    first, both, second = w.vhd_name(), w.vhd_name(), w.vhd_name()
    ids, targets = {}, []
    plan = {
        "sdb": ("old.img", ((first, 2), (both, 3))),
        "sdc": ("new.img", ((both, 2), (second, 3))),
    }
    for dev, (file, lvs) in plan.items():
        w.file(file, 48 * MB)
        w.attach(file, dev)
        w.visible = [dev]
        w.newvg(vg, dev)
        w.mklv(vg, "MGT", 1)
        for lv, extents in lvs:
            w.mklv(vg, lv, extents)
            w.fill(dev, lv, dev + lv)
        if dev == "sdb":
            targets.append(w.target(dev, both))
            w.lose(vg, both)
        ids[file] = ondisk.current_vg(w.img(file))["id"]
    w.visible = ["sdb", "sdc"]
    vgs = w.try_lvm("vgs")
    (w.tmp / "t.vg").write_text(ondisk.current(w.img("old.img")))
    restore = w.try_lvm("vgcfgrestore", "--test", "-f", "t.vg", vg)
    vgck = w.try_lvm("vgck", vg)
    return {
        "facts": {"vg_ids": ids, "vgs": vgs, "vgcfgrestore_test": restore, "vgck": vgck},
        "targets": targets,
        "must": [
            "keep the two VGs apart by VG id",
            "list the lost LV although its name exists in the other VG",
            (
                "limit every LVM command to the right PV: every command by VG name, vgcfgrestore apart, "
                "is refused with 5 while both are visible"
            ),
        ],
        "must_not": [
            "say that the LV is not lost because an LV of that name is there",
            "end with a restored LV that cannot be activated and no word on why",
        ],
    }


def torn_header(w: Workshop) -> Info:
    """A header with a bad checksum but a good pointer (in mid-update); the same disk a moment later."""
    settled, torn = w.file("settled.img", 32 * MB), w.img("torn.img")
    w.attach("settled.img", "sdb")
    vg = w.sr_name()
    w.newvg(vg, "sdb")
    kept, lost = w.vhd_name(), w.vhd_name()
    w.mklv(vg, kept, 2)
    w.mklv(vg, lost, 2)
    w.fill("sdb", lost)
    target = w.target("sdb", lost)
    old = ondisk.read_at(settled, 4096, 512)
    w.lose(vg, lost)
    shutil.copy(settled, torn)
    new = ondisk.read_at(torn, 4096, 512)
    ondisk.write_at(torn, 4096, old[:4] + new[4:])  # the new pointer, the old checksum
    for segment in target["segments"]:
        segment[0] = "torn.img"
    head = ondisk.header(torn, 4096)
    text = ondisk.read_at(torn, 4096 + head.offset, head.length)
    assert not head.ok
    assert lvm_crc(text) == head.crc
    w.attach("torn.img", "sdc")
    w.visible = ["sdc"]
    vgs = w.try_lvm("vgs")
    cure = w.try_lvm("vgck", "--updatemetadata", vg)
    return {
        "facts": {"vgs": vgs, "vgck_updatemetadata": cure, "pointer": [head.offset, head.length]},
        "targets": [target],
        "must": [
            "read the header again before calling it damaged (another host may be writing)",
            (
                "if it stays: say that the header's checksum is wrong, that the text it points to has a "
                "right checksum and is therefore the current one"
            ),
            "find the lost LV in the version before",
            (
                "say that LVM refuses every write until the header is repaired, so that a graft needs "
                "that step first (and that the cure LVM names, vgck --updatemetadata, fails here)"
            ),
        ],
        "must_not": ["treat the PV as having no current version", "hide the VG"],
    }


def guest_pv(w: Workshop) -> Info:
    """A raw VDI whose guest is itself an LVM PV: a second ring close behind the first."""
    image = w.file("sr.img", 96 * MB)
    w.attach("sr.img", "sdb")
    vg = w.sr_name()
    w.newvg(vg, "sdb", meta="10M")
    raw, lost = "LV-" + w.uuid(), w.vhd_name()
    w.mklv(vg, raw, 12)
    w.mklv(vg, lost, 3)
    w.fill("sdb", lost)
    target = w.target("sdb", lost)
    ((_, offset, length),) = w.segments("sdb", raw)[0]
    w.attach("sr.img", "xvdb", int(offset), int(length))
    w.visible = ["xvdb"]
    guest_vg = w.sr_name()
    guest_lost = w.vhd_name()
    w.newvg(guest_vg, "xvdb")
    for _ in range(6):
        w.mklv(guest_vg, w.vhd_name(), 1)
    w.mklv(guest_vg, guest_lost, 2)
    w.lose(guest_vg, guest_lost)
    w.detach("xvdb")
    w.visible = ["sdb"]
    w.lose(vg, lost)
    head = ondisk.read_at(image, 0, 20 * MB)
    counts = {name: head.count(f"{name} {{\n".encode()) for name in (vg, guest_vg)}
    return {
        "facts": {
            "sr_vg": vg,
            "guest_vg": guest_vg,
            "guest_pv_at": offset,
            "texts_in_first_20MB": {"sr": counts[vg], "guest": counts[guest_vg]},
        },
        "targets": [target],
        "not_targets": [
            {"lv": guest_lost, "vg": guest_vg, "why": f"belongs to the guest's VG inside {raw}"}
        ],
        "must": [
            "list only the SR's own VG as the SR's history",
            (
                "if the guest's texts are shown at all: as another VG, at its place in the LV that "
                "holds it"
            ),
        ],
        "must_not": [
            "offer the guest's lost LV for a graft into the SR",
            "take the guest's label or header as a second one of this PV",
        ],
    }


def foreign_vg(w: Workshop) -> Info:
    """A VG exported, and a VG with another host's system_id: an LV was lost before that."""
    targets = []
    for file, dev in (("exported.img", "sdb"), ("sysid.img", "sdc")):
        w.file(file, 36 * MB)
        w.attach(file, dev)
        w.visible = [dev]
        vg = w.sr_name()
        w.newvg(vg, dev)
        kept, lost = w.vhd_name(), w.vhd_name()
        w.mklv(vg, kept, 2)
        w.mklv(vg, lost, 2)
        w.fill(dev, lost)
        targets.append(w.target(dev, lost))
        w.lose(vg, lost)
        if file == "exported.img":
            w.lvm("vgexport", vg)
        else:
            w.try_lvm("vgchange", "-y", "--systemid", "host-that-died", vg)
    w.visible = ["sdb", "sdc"]
    now = [ondisk.current_vg(w.img(file)) for file in ("exported.img", "sysid.img")]
    return {
        "facts": {
            "status": [vg["status"] for vg in now],
            "system_id": [vg.get("system_id") for vg in now],
            "vgs": w.try_lvm("vgs"),
            "lvs": w.try_lvm("lvs", "-a"),
        },
        "targets": targets,
        "must": [
            "show both VGs although lvs hides them or refuses",
            "say what stands in the way (exported: vgimport; system_id of another host)",
            "copy the LVs out by extents without touching that state",
        ],
        "must_not": [
            "drop EXPORTED or system_id in a merge without saying so",
            "report success of vgcfgrestore as an available LV",
        ],
    }


CASES = {make.__name__: make for make in (same_vg_name, torn_header, guest_pv, foreign_vg)}
