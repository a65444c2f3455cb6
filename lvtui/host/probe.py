"""The block devices of this host and the places to copy to, as values. Opens no device."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lvtui.host import sysfs
from lvtui.host.mounts import Mount, existing, mount_of, mounts
from lvtui.host.stacking import mounts_of, stack_of
from lvtui.plan.facts import BlockDevice, DestinationFacts
from lvtui.units import GiB, sectors_to_bytes

SWAPS = Path("/proc/swaps")
MISC_DEVICES = Path("/proc/misc")

FILE_SIZE_LIMITS_BYTES = {"vfat": 4 * GiB - 1, "msdos": 4 * GiB - 1}
NO_FILES_HERE = frozenset(
    {
        "autofs",
        "binfmt_misc",
        "bpf",
        "cgroup",
        "cgroup2",
        "configfs",
        "debugfs",
        "devpts",
        "devtmpfs",
        "efivarfs",
        "fusectl",
        "hugetlbfs",
        "mqueue",
        "nsfs",
        "proc",
        "pstore",
        "rpc_pipefs",
        "securityfs",
        "squashfs",
        "sysfs",
        "tracefs",
    }
)
"""File systems of the kernel's own, or that cannot be written: no place for an image."""

IN_MEMORY = frozenset({"ramfs", "tmpfs"})


def block_devices() -> tuple[BlockDevice, ...]:
    """The disks, partitions and assembled devices of this host, in sysfs's order."""
    swaps = _swaps()
    folders = (
        folder
        for name in sysfs.names(sysfs.SYS, "class/block")
        if (folder := sysfs.folder_of(sysfs.text(sysfs.SYS / "class/block" / name, "dev")))
    )
    return tuple(_device(folder, sysfs.device_path(folder), swaps) for folder in folders)


def block_device(path: str) -> BlockDevice | None:
    """The facts of one; None for what is no block device."""
    number = sysfs.block_number(path)
    folder = sysfs.folder_of(number) if number is not None else None
    return None if folder is None else _device(folder, path, _swaps())


def destination_facts(path: str) -> DestinationFacts:
    """What is known about a place to copy to."""
    where = Path(path)
    kind, exists = _kind(where)
    mount = mount_of(where)
    parent = where if kind == "folder" else where.parent
    return DestinationFacts(
        path=path,
        exists=exists,
        kind=kind,
        parent_exists=parent.is_dir(),
        parent_writable=_is_writable(parent, mount),
        free_bytes=_free_bytes(where),
        filesystem=mount.filesystem if mount else None,
        mount_point=mount.point if mount else None,
        file_size_limit_bytes=FILE_SIZE_LIMITS_BYTES.get(mount.filesystem) if mount else None,
        stacked_on=stack_of(where),
    )


def places() -> tuple[DestinationFacts, ...]:
    """The mounted file systems that can hold an image, one row each, the most free space first."""
    found: dict[str, DestinationFacts] = {}
    for mount in mounts():
        if mount.filesystem in NO_FILES_HERE | IN_MEMORY or not Path(mount.point).is_dir():
            continue
        if mount_of(Path(mount.point)) != mount:  # another one was mounted over it
            continue
        if _is_writable(Path(mount.point), mount):
            # bind mounts show one file system again and again: its shortest place counts
            before = found.get(mount.device)
            if before is None or len(mount.point) < len(before.path):
                found[mount.device] = destination_facts(mount.point)
    return tuple(sorted(found.values(), key=lambda place: -(place.free_bytes or 0)))


def is_in_memory(filesystem: str | None) -> bool:
    """Whether what lies there is gone after a reboot."""
    return filesystem in IN_MEMORY


def is_blocked(filesystem: str | None) -> bool:
    """Whether no image can lie on a file system of that type."""
    return filesystem in NO_FILES_HERE


def _device(folder: Path, path: str, swaps: frozenset[str]) -> BlockDevice:
    number = sysfs.text(folder, "dev")
    is_partition = sysfs.is_partition(folder)
    disk = folder.parent if is_partition else folder
    return BlockDevice(
        path=path,
        size_bytes=sectors_to_bytes(sysfs.integer(folder, "size")),
        model=_model(disk),
        serial=_serial(disk),
        parent=sysfs.device_path(disk) if is_partition else None,
        holders=_paths(folder, "holders"),
        slaves=_paths(folder, "slaves"),
        mounts=mounts_of(number),
        swap=number in swaps,
        read_only=sysfs.text(folder, "ro") == "1",
        sector_bytes=sysfs.integer(disk, "queue/logical_block_size") or 512,
    )


def _model(disk: Path) -> str:
    """Vendor and model; what an assembled device is, for one that has none."""
    words = (sysfs.text(disk, "device/vendor"), sysfs.text(disk, "device/model"))
    # 0x1af4 and the like are numbers of a bus, no names
    named = " ".join(word for word in words if word and not word.startswith("0x"))
    return named or sysfs.text(disk, "dm/name") or sysfs.text(disk, "loop/backing_file")


def _serial(disk: Path) -> str:
    """Of NVMe and virtio from their own file; of SCSI from page 0x80, whose head is 4 bytes."""
    for name in ("device/serial", "serial"):
        if (serial := sysfs.text(disk, name)) != "":
            return serial
    try:
        page = (disk / "device/vpd_pg80").read_bytes()
    except OSError:
        return ""
    return page[4:].decode("ascii", "replace").strip(" \0")


def _paths(folder: Path, name: str) -> tuple[str, ...]:
    found = (sysfs.folder_of(number) for number in sysfs.numbers(folder, name))
    return tuple(sysfs.device_path(other) for other in found if other is not None)


def _swaps() -> frozenset[str]:
    try:
        lines = SWAPS.read_text(encoding="utf-8", errors="replace").split("\n")[1:]
    except OSError:
        return frozenset()
    paths = (line.split(" ", 1)[0] for line in lines)
    return frozenset(number for path in paths if (number := sysfs.block_number(path)))


def _kind(where: Path) -> tuple[str, bool]:
    try:
        mode = where.stat().st_mode
    except (OSError, ValueError):
        return "file", os.path.lexists(where)  # a dangling link is in the way, too
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISBLK, "block"))
    return next((kind for test, kind in kinds if test(mode)), "other"), True


def _is_writable(folder: Path, mount: Mount | None) -> bool:
    if mount is not None and mount.read_only:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _free_bytes(where: Path) -> int | None:
    try:
        facts = os.statvfs(existing(where))
    except OSError:
        return None
    return facts.f_bavail * facts.f_frsize


def has_device_mapper() -> bool:
    """Whether this kernel can map volumes; without it LVM changes metadata, but activates nothing."""
    try:
        return " device-mapper\n" in MISC_DEVICES.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
