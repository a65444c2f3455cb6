"""Block devices as sysfs shows them: what they are, what they are made of, what stands on them.

Nothing is opened but files of /sys and /proc. Names: Documentation/ABI/stable/sysfs-block of Linux.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

SYS = Path("/sys")


def number_of(device: int) -> str:
    """`major:minor` of a device number as `stat` gives it."""
    return f"{os.major(device)}:{os.minor(device)}"


def folder_of(number: str) -> Path | None:
    """The sysfs folder of a block device."""
    link = SYS / "dev/block" / number
    return link.resolve() if link.exists() else None


def block_number(path: str | Path) -> str | None:
    """`major:minor` of the block device at a path; None when it is none."""
    try:
        facts = Path(path).stat()
    except (OSError, ValueError):
        return None
    return number_of(facts.st_rdev) if stat.S_ISBLK(facts.st_mode) else None


def text(folder: Path, name: str) -> str:
    """The content of a sysfs file; empty when it is not there or does not answer."""
    try:
        return (folder / name).read_text(encoding="utf-8", errors="replace").strip(" \0\n")
    except OSError:
        return ""


def integer(folder: Path, name: str) -> int:
    """A number of sysfs, 0 when it is not there."""
    value = text(folder, name)
    return int(value) if value.isdecimal() else 0


def is_partition(folder: Path) -> bool:
    """Whether the device is a partition; its folder lies in its disk's."""
    return (folder / "partition").exists()


def names(folder: Path, name: str) -> tuple[str, ...]:
    """The devices that a folder such as `slaves` or `holders` lists."""
    try:
        return tuple(sorted(entry.name for entry in (folder / name).iterdir()))
    except OSError:
        return ()


def numbers(folder: Path, name: str) -> tuple[str, ...]:
    """The same as `major:minor`."""
    return tuple(n for entry in names(folder, name) if (n := text(folder / name / entry, "dev")))


def device_path(folder: Path) -> str:
    """Where the device's node is, by the name that an operator knows."""
    name = text(folder, "dm/name")
    mapper = f"/dev/mapper/{name}"
    if name and "/" not in name and Path(mapper).exists():
        return mapper
    return "/dev/" + folder.name.replace("!", "/")
