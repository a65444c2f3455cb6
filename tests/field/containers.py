"""Field cases about what lies round a PV: a GPT in 4 KiB units, a partition table written anew."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path

from tests.field import ondisk
from tests.field.ondisk import MB
from tests.field.workshop import Info, Workshop

LVM_TYPE = bytes.fromhex("a2a0d0ebe5b9334487c068b6b72699c7")


def write_gpt(path: Path, parts: list[tuple[int, int, str]], sector: int = 512) -> None:
    """A protective MBR and both GPTs; parts: [(first byte, bytes, name)]."""
    count = path.stat().st_size // sector
    entries = bytearray(128 * 128)
    rng = random.Random(path.name)
    for i, (start, length, name) in enumerate(parts):
        first, last = start // sector, (start + length) // sector - 1
        guid, label = rng.randbytes(16), name.encode("utf-16-le")
        fields = (LVM_TYPE, guid, first, last, 0, label)
        struct.pack_into("<16s16sQQQ72s", entries, i * 128, *fields)
    entry_sectors = (len(entries) + sector - 1) // sector
    disk_guid = rng.randbytes(16)
    checksum = zlib.crc32(bytes(entries))

    def head(me: int, other: int, table: int) -> bytes:
        out = bytearray(92)
        struct.pack_into("<8sIIII", out, 0, b"EFI PART", 0x10000, 92, 0, 0)
        usable = (2 + entry_sectors, count - 2 - entry_sectors)
        struct.pack_into("<QQQQ16s", out, 24, me, other, *usable, disk_guid)
        struct.pack_into("<QIII", out, 72, table, 128, 128, checksum)
        struct.pack_into("<I", out, 16, zlib.crc32(bytes(out)))
        return bytes(out)

    mbr = bytearray(512)
    whole = min(count - 1, 0xFFFFFFFF)
    struct.pack_into("<BBBBBBBBII", mbr, 446, 0, 0, 2, 0, 0xEE, 255, 255, 255, 1, whole)
    mbr[510:] = b"\x55\xaa"
    ondisk.write_at(path, 0, bytes(mbr))
    ondisk.write_at(path, sector, head(1, count - 1, 2))
    ondisk.write_at(path, 2 * sector, bytes(entries))
    ondisk.write_at(path, (count - 1 - entry_sectors) * sector, bytes(entries))
    ondisk.write_at(path, (count - 1) * sector, head(count - 1, 1, count - 1 - entry_sectors))


def gpt_4kn(w: Workshop) -> Info:
    """Whole image of a 4 KiB-sector disk: GPT in 4096-byte units; the SR is LargeBlock, one LV."""
    image, dev = w.file("nvme.img", 96 * MB), "nvme0n1p3"
    parts = [(1 * MB, 8 * MB, "root"), (9 * MB, 8 * MB, ""), (17 * MB, 78 * MB, "")]
    write_gpt(image, parts, sector=4096)
    w.attach("nvme.img", dev, 17 * MB, 78 * MB, sector=4096)
    vg, lost = "XSLocalLargeBlock-" + w.uuid(), w.uuid()
    w.lvm("pvcreate", "-y", f"/dev/{dev}")
    w.lvm("vgcreate", vg, f"/dev/{dev}")
    w.mklv(vg, lost, 15)
    w.fill(dev, lost)
    target = w.target(dev, lost)
    w.lose(vg, lost)
    return {
        "facts": {"pv_base": 17 * MB, "pvck_seqnos": w.search(dev)},
        "targets": [target],
        "must": [
            "find the GPT at byte 4096 too when a file is given (its sector size is not known)",
            "know that this LV is a whole ext4 file system holding *.vhd files, not one VDI",
        ],
        "must_not": ["say that there is no partition table", "multiply LBAs by 512"],
    }


def lost_partition(w: Workshop) -> Info:
    """The partition table was written anew: the PV starts at an odd sector inside another partition."""
    image, start = w.file("disk.img", 128 * MB), 46139 * 512
    w.attach("disk.img", "sda3", start, 90 * MB)
    vg = w.sr_name()
    w.newvg(vg, "sda3")
    kept, lost = w.vhd_name(), w.vhd_name()
    w.mklv(vg, kept, 4)
    w.mklv(vg, lost, 5)
    w.fill("sda3", lost)
    target = w.target("sda3", lost)
    w.lose(vg, lost)
    write_gpt(image, [(1 * MB, 60 * MB, "root"), (61 * MB, 60 * MB, "")])
    ondisk.write_at(image, 1 * MB + 1080, b"\x53\xef")
    return {
        "facts": {"pv_at": start, "pvck_seqnos": w.search("sda3")},
        "targets": [target],
        "must": [
            (
                "search the whole disk for labels at any 512-byte place, not only at partition "
                "starts and 1 MiB steps"
            ),
            "report where the PV lies, and that a partition now covers it",
            "copy out by absolute offsets",
        ],
        "must_not": ["suggest changing the partition table as the first step"],
    }


CASES = {make.__name__: make for make in (gpt_4kn, lost_partition)}
