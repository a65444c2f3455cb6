"""What a path stands on, all the way down: partitions, RAID, LVM, loop files, their file systems.

A set of names: `b:MAJ:MIN` a block device, `f:DEV:INO` a file, `v:UUID` an LVM volume group (its uuid
without dashes, as device-mapper names it). A copy is refused when the destination's set meets what the
damaged volume group lies on.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lvtui.host import sysfs
from lvtui.host.mounts import Mount, existing, mount_of, mounts

DM_LVM_PREFIX = "LVM-"
VG_UUID_CHARS = 32


def stack_of(path: str | Path) -> frozenset[str]:
    """Everything below a block device, a file or a folder (or the nearest one above that exists)."""
    return frozenset(_walk([existing(Path(path))]))


def same_bytes(path: str | Path) -> frozenset[str]:
    """The source itself under its other names: members of its mirror or paths, its loop's file.

    Unlike `stack_of` this leaves out what only holds the source among other things: the disk of a
    partition, the file system of an image.
    """
    found: set[str] = set()
    todo = [Path(path)]
    while todo:
        here = todo.pop()
        try:
            facts = here.stat()
        except OSError:
            continue
        name = _name(facts)
        if name in found:
            continue
        found.add(name)
        folder = sysfs.folder_of(sysfs.number_of(facts.st_rdev)) if name.startswith("b:") else None
        if folder is None:
            continue
        if (backing := sysfs.text(folder, "loop/backing_file")) != "":
            todo.append(Path(backing.removesuffix(" (deleted)")))
        if (folder / "md").exists() or sysfs.text(folder, "dm/uuid").startswith("mpath-"):
            found |= {f"b:{number}" for number in sysfs.numbers(folder, "slaves")}
    return frozenset(found)


def _walk(todo: list[Path]) -> set[str]:
    found: set[str] = set()
    devices: list[str] = []
    while todo or devices:
        if devices:
            number = devices.pop()
            if f"b:{number}" not in found:
                found.add(f"b:{number}")
                _below_device(number, todo, devices, found)
            continue
        path = todo.pop()
        try:
            facts = path.stat()
        except OSError:
            continue
        if stat.S_ISBLK(facts.st_mode):
            devices.append(sysfs.number_of(facts.st_rdev))
            continue
        if (name := _name(facts)) not in found:
            found.add(name)
            _below_file(path, facts, todo, devices)
    return found


def _name(facts: os.stat_result) -> str:
    if stat.S_ISBLK(facts.st_mode):
        return f"b:{sysfs.number_of(facts.st_rdev)}"
    return f"f:{sysfs.number_of(facts.st_dev)}:{facts.st_ino}"


def _below_device(number: str, todo: list[Path], devices: list[str], found: set[str]) -> None:
    folder = sysfs.folder_of(number)
    if folder is None:
        return
    if sysfs.is_partition(folder):
        devices.append(sysfs.text(folder.parent, "dev"))
    devices.extend(sysfs.numbers(folder, "slaves"))
    if (backing := sysfs.text(folder, "loop/backing_file")) != "":
        todo.append(Path(backing.removesuffix(" (deleted)")))
    uuid = sysfs.text(folder, "dm/uuid")
    if uuid.startswith(DM_LVM_PREFIX):
        found.add("v:" + uuid.removeprefix(DM_LVM_PREFIX)[:VG_UUID_CHARS])


def _below_file(path: Path, facts: os.stat_result, todo: list[Path], devices: list[str]) -> None:
    """The device of the file's file system; for those that have none of their own, their parts."""
    number = sysfs.number_of(facts.st_dev)
    if sysfs.folder_of(number) is not None:
        devices.append(number)
    mount = mount_of(path)
    if mount is None:
        return
    if mount.filesystem == "overlay":
        todo.extend(_layers(mount))
    if (source := sysfs.block_number(mount.source)) is not None:
        devices.append(source)  # btrfs, FUSE: the file system's own number is none of a device
    if mount.filesystem == "btrfs" and source is not None:
        devices.extend(_btrfs_members(source))


def _layers(mount: Mount) -> list[Path]:
    named = dict(option.partition("=")[::2] for option in mount.options)
    layers = [named.get("upperdir", ""), *named.get("lowerdir", "").split(":")]
    return [Path(layer) for layer in layers if layer.startswith("/")]


def _btrfs_members(number: str) -> tuple[str, ...]:
    folder = sysfs.folder_of(number)
    if folder is None:
        return ()
    for uuid in sysfs.names(sysfs.SYS, "fs/btrfs"):
        members = sysfs.SYS / "fs/btrfs" / uuid
        if folder.name in sysfs.names(members, "devices"):
            return sysfs.numbers(members, "devices")
    return ()


def mounts_of(number: str) -> tuple[str, ...]:
    """Where a block device is mounted."""
    return tuple(
        mount.point
        for mount in mounts()
        if mount.device == number or sysfs.block_number(mount.source) == number
    )
