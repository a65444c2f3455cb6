"""Virtual disks with something on them: a GPT with one ext4, or an ext4 on the whole disk.

Real mke2fs and debugfs write the file system. Files go in by debugfs, not by `mke2fs -d`, which would
copy the making host's change times and directory order.
"""

from __future__ import annotations

import random
import struct
import subprocess
import uuid
import zlib
from pathlib import Path

from tests.lab.toolbox import tool_env

SECTOR = 512
FIRST_LBA = 2048
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


def _header(own: int, table: int, last: int, disk: uuid.UUID, entries: bytes) -> bytes:
    other = last + 1 - own  # the backup header is in the last sector, the first in sector 1
    out = bytearray(92)
    fields = (b"EFI PART", 0x10000, 92, 0, 0, own, other, 34, last - 33)
    struct.pack_into("<8sIIIIQQQQ", out, 0, *fields)
    out[56:72] = disk.bytes_le
    struct.pack_into("<QIII", out, 72, table, 128, 128, zlib.crc32(entries))
    struct.pack_into("<I", out, 16, zlib.crc32(out))
    return bytes(out).ljust(SECTOR, b"\0")


def with_gpt(filesystem: bytes, size: int, rng: random.Random) -> bytes:
    """A disk of `size` bytes whose only partition, at 1 MiB, is `filesystem`."""
    last = size // SECTOR - 1
    end = FIRST_LBA + len(filesystem) // SECTOR - 1
    disk, part = (uuid.UUID(int=rng.getrandbits(128), version=4) for _ in range(2))
    entry = LINUX.bytes_le + part.bytes_le + struct.pack("<QQQ", FIRST_LBA, end, 0)
    entries = (entry + "root".encode("utf-16-le").ljust(72, b"\0")).ljust(128 * 128, b"\0")
    out = bytearray(size)
    protective = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, last)
    out[446:462] = protective
    out[510:512] = b"\x55\xaa"
    out[SECTOR : 2 * SECTOR] = _header(1, 2, last, disk, entries)
    out[2 * SECTOR : 34 * SECTOR] = entries
    out[FIRST_LBA * SECTOR : (end + 1) * SECTOR] = filesystem
    out[(last - 32) * SECTOR : last * SECTOR] = entries
    out[last * SECTOR :] = _header(last, last - 32, last, disk, entries)
    return bytes(out)


def ext4(
    folder: Path, size: int, files: dict[str, bytes], *, label: str, now: int, rng: random.Random
) -> bytes:
    """An ext4 of `size` bytes that holds `files` (path → content)."""
    image = folder / "fs.img"
    with image.open("wb") as f:
        f.truncate(size)
    own = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    env = tool_env(E2FSPROGS_FAKE_TIME=str(now), LAB_TIME=str(now))
    argv = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-b", "4096", "-L", label, "-U", own]
    argv += ["-m", "0", "-N", "256", "-E", f"hash_seed={own},root_owner=0:0", str(image)]
    subprocess.run(argv, check=True, env=env, stdin=subprocess.DEVNULL)
    write(image, files, now=now)
    return image.read_bytes()


def write(image: Path, files: dict[str, bytes], *, now: int) -> None:
    """Put files into an ext4."""
    lines: list[str] = []
    made: set[str] = set()
    for number, (path, content) in enumerate(files.items()):
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts)):
            above = "/".join(parts[:depth])
            if above not in made:
                made.add(above)
                lines.append(f"mkdir /{above}")
        local = image.parent / f"file{number}"
        local.write_bytes(content)
        lines += [f"write {local} /{'/'.join(parts)}"]
    script = image.with_suffix(".debugfs")
    script.write_text("".join(line + "\n" for line in lines))
    env = tool_env(E2FSPROGS_FAKE_TIME=str(now), LAB_TIME=str(now))
    argv = ["debugfs", "-w", "-f", str(script), str(image)]
    done = subprocess.run(argv, check=True, env=env, capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines()[1:] if "already exists" not in line]
    assert not complaints, complaints


def text(title: str, rng: random.Random, lines: int) -> bytes:
    """A readable file, different for every seed."""
    words = ("invoice", "server", "backup", "report", "mail", "order", "night", "disk", "rescue")
    body = [" ".join(rng.choices(words, k=9)) for _ in range(lines)]
    return ("\n".join([title, "", *body]) + "\n").encode()
