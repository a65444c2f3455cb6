"""What is mounted where, from /proc/self/mountinfo."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")

_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One line of mountinfo."""

    point: str
    device: str
    """`major:minor`; of an anonymous device (tmpfs, NFS, btrfs) it begins with `0:`."""
    root: str
    """Which folder of the file system is mounted."""
    filesystem: str
    source: str
    read_only: bool
    options: tuple[str, ...] = ()
    """Of the file system itself: overlayfs names its layers here."""


def parse_mountinfo(text: str) -> tuple[Mount, ...]:
    """The mounts in their order; lines that do not fit are left out."""
    mounts = []
    for line in text.split("\n"):
        left, dash, right = line.partition(" - ")
        fields, rest = left.split(" "), right.split(" ")
        if not dash or len(fields) < 6 or len(rest) < 3:
            continue
        mounts.append(
            Mount(
                point=_unescaped(fields[4]),
                device=fields[2],
                root=_unescaped(fields[3]),
                filesystem=rest[0],
                source=_unescaped(rest[1]),
                options=tuple(_unescaped(option) for option in rest[2].split(",")),
                read_only="ro" in fields[5].split(",") or "ro" in rest[2].split(","),
            )
        )
    return tuple(mounts)


def mounts() -> tuple[Mount, ...]:
    """The mounts of this process; none where /proc is not there."""
    try:
        return parse_mountinfo(MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return ()


def mount_of(path: Path) -> Mount | None:
    """The mount that holds an existing path (or the nearest folder above it that exists)."""
    resolved = os.path.realpath(existing(path))
    found = None
    for mount in mounts():
        inside = resolved == mount.point or resolved.startswith(mount.point.rstrip("/") + "/")
        # of two mounts on one place the later one is seen
        if inside and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def existing(path: Path) -> Path:
    """`path`, or the nearest folder above it that exists."""
    for candidate in (path, *path.parents):
        if candidate.exists():
            return candidate
    return Path("/")


def _unescaped(field: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)
