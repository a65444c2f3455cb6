"""Field cases about texts: stripes, odd strings, names like keywords, pasted backup files."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable

from tests.field import ondisk
from tests.field.ondisk import EXTENT, MB
from tests.field.workshop import Info, Workshop


def striped2(w: Workshop) -> Info:
    """The lost LV is striped over two PVs (the stripes list stands on several lines)."""
    for file, dev in (("p0.img", "sdb"), ("p1.img", "sdc")):
        w.file(file, 40 * MB)
        w.attach(file, dev)
    vg = "vg_stripe"
    w.newvg(vg, "sdb", "sdc")
    w.mklv(vg, "keep", 1)
    w.mklv(vg, "lost", 4, "-i2", "-I64k")
    text = ondisk.current_vg(w.img("p0.img"))
    lv = text["logical_volumes"]["lost"]
    segment, places = lv["segment1"], w.places()
    unit, count = segment["stripe_size"] * 512, segment["stripe_count"]
    noise = w.rng.randbytes(64 * 1024) * (4 * EXTENT // 65536 // 4)
    data = b"".join(
        struct.pack(">Q", i) + noise[(i % 997) : (i % 997) + 504] for i in range(4 * EXTENT // 512)
    )
    columns = []
    for k in range(count):
        pv = text["physical_volumes"][segment["stripes"][2 * k]]
        file, base = places[pv["id"]]
        at = base + pv["pe_start"] * 512 + segment["stripes"][2 * k + 1] * EXTENT
        columns.append([file, at, segment["extent_count"] * EXTENT // count])
        part = b"".join(data[i : i + unit] for i in range(k * unit, len(data), unit * count))
        ondisk.write_at(w.img(file), at, part)
    w.lose(vg, "lost")
    target = {
        "lv": "lost",
        "id": lv["id"],
        "bytes": len(data),
        "stripe_bytes": unit,
        "stripes": columns,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {
        "facts": {"segment": segment},
        "targets": [target],
        "must": [
            "give the content in LV order (64 KiB from each PV in turn)",
            "or say plainly that striped LVs are not supported and stop",
        ],
        "must_not": ["concatenate the two PVs' parts"],
    }


def odd_strings(w: Workshop) -> Info:
    """Descriptions with escaped quotes, hundreds of tags, host names with # { } and a backslash."""
    w.file("disk.img", 40 * MB)
    w.attach("disk.img", "sdb")
    vg = w.sr_name()
    w.host = "rack#3 {b} é"
    w.newvg(vg, "sdb")
    kept, lost = w.vhd_name(), "LV-" + w.uuid()
    w.mklv(vg, kept, 2)
    w.host = "back\\slash\\\\2"
    config = 'devices{scan=["/dev"]} global{suffix=1}'
    options = ("-an", "-Wn", "-Zn", "-n", lost, "-l", "3", vg)
    w.lvm("lvcreate", "--config", config, *options)
    w.fill("sdb", lost)
    w.host = "(none)"
    tags = [f"osd.fsid={w.uuid()}" for _ in range(150)]
    tags += [*(f"k{i}=a#b:c!d/e&f" for i in range(150)), "#", "-x", "hidden"]
    w.lvm("lvchange", *(word for tag in tags for word in ("--addtag", tag)), f"{vg}/{lost}")
    target = w.target("sdb", lost, tags=sorted(tags))
    w.host = "it's\ttabbed"
    w.lvm("lvremove", "-f", "--config", 'log{prefix="}{\\"#"}', f"{vg}/{lost}")
    found = w.search("sdb")
    ring = ondisk.read_at(w.img("disk.img"), 4608, 400 * 1024)
    said = [d.decode("utf8", "replace") for d in re.findall(rb'\ndescription = "(.*)"\n', ring)]
    hosts = re.findall(rb'\ncreation_host = "(.*?)"\t#', ring)
    return {
        "facts": {
            "pvck_seqnos": found,
            "descriptions": [description[:200] for description in said],
            "hosts": [host.decode("utf8", "replace") for host in hosts],
            "longest_description": max(map(len, said)),
        },
        "targets": [target],
        "must": [
            "parse all texts (braces and # in quoted strings are data; # starts a comment only outside)",
            'show the description with \\" undone, other backslashes as they are',
            "keep all tags when looking, drop `hidden` (and only XenServer's own tags) on a graft",
            (
                "survive UTF-8, tabs and backslashes in host names; never send control characters "
                "to the terminal"
            ),
        ],
        "must_not": ["count braces to find a text's end", "cut a text at the first # or }"],
    }


def odd_names(w: Workshop) -> Info:
    """Names that look like keywords: VG `D`, LVs `3`, `pv0`, `segment1`, `id`, `logical_volumes`, …"""
    w.file("disk.img", 64 * MB)
    w.attach("disk.img", "sdb")
    w.newvg("D", "sdb")
    names = ["3", "pv0", "segment1", "id", "tags", "logical_volumes", "physical_volumes"]
    names += ["a.b-c+d_1", "contents", "x" * 100]
    for name in names:
        w.mklv("D", name, 1)
        w.fill("sdb", name)
    lost = ["logical_volumes", "id", "3", "x" * 100]
    targets = [w.target("sdb", name) for name in lost]
    for name in lost:
        w.lose("D", name)
    return {
        "facts": {"lvs": w.try_lvm("lvs", "-a"), "pvck_seqnos": w.search("sdb")},
        "targets": targets,
        "must": [
            "list exactly these four as lost",
            "merge `logical_volumes` back as an LV inside the section of the same name",
        ],
        "must_not": ["take the LV `logical_volumes` for the section"],
    }


PASTED: dict[str, Callable[[str, str, str], str]] = {
    "pasted.vg": lambda good, vg, _: good[good.index(f"{vg} {{") :].replace("\t", "        "),
    "crlf.vg": lambda good, _vg, _lv: "\ufeff" + good.replace("\n", "\r\n"),
    "cut.vg": lambda good, _vg, lv: good[: good.index(lv) + 400],
    "quoted.vg": lambda good, _vg, _lv: "\n".join("> " + x for x in good.splitlines()) + "\n",
    "smart.vg": lambda good, _vg, _lv: good.replace('"pv0"', "\u201cpv0\u201d"),
}


def pasted_backup(w: Workshop) -> Info:
    """The ring is gone; what is left is a backup file, and copies of it damaged by pasting."""
    w.file("disk.img", 40 * MB)
    w.attach("disk.img", "sdb")
    vg = w.sr_name()
    w.newvg(vg, "sdb")
    kept, lost = w.vhd_name(), w.vhd_name()
    w.mklv(vg, kept, 2)
    w.mklv(vg, lost, 4)
    w.fill("sdb", lost)
    target = w.target("sdb", lost)
    w.lvm("vgcfgbackup", "-f", "out/good.vg", vg)
    w.lose(vg, lost)
    good = w.img("good.vg").read_text()
    for name, spoil in PASTED.items():
        w.img(name).write_text(spoil(good, vg, lost), newline="")
    restored = {
        name: w.try_lvm("vgcfgrestore", "--test", "-f", f"out/{name}", vg)[0]
        for name in ("good.vg", *PASTED)
    }
    ondisk.write_at(w.img("disk.img"), 4096, bytes(2 * MB - 4096))
    return {
        "facts": {"vgcfgrestore_test_while_ring_whole": restored, "pvck_seqnos": w.search("sdb")},
        "targets": [target],
        "must": [
            "take good.vg (header first, tabs, size comments) as one more version",
            (
                "read pasted.vg and crlf.vg too: the VG section is whole; say that the trailer is "
                "missing and that it will be written anew"
            ),
            "refuse cut.vg, quoted.vg and smart.vg with the line where it breaks",
        ],
        "must_not": [
            "feed any of them to vgcfgrestore unread",
            "take the file's date for the version's date",
        ],
    }


CASES = {make.__name__: make for make in (striped2, odd_strings, odd_names, pasted_backup)}
