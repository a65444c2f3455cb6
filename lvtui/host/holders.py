"""What stands on a block device, with the name and kind that device-mapper gives it. Reads /sys only."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.host import sysfs


@dataclass(frozen=True, slots=True)
class Holder:
    """A device on top of another."""

    name: str
    """Its device-mapper name, else the kernel's."""
    dm_uuid: str
    """`LVM-<group><volume>`, `mpath-…`; empty where it is none of device-mapper's."""


def holders_of(path: str) -> tuple[Holder, ...]:
    """The devices that stand on the one at `path`; none for a file."""
    number = sysfs.block_number(path)
    folder = sysfs.folder_of(number) if number is not None else None
    if folder is None:
        return ()
    return tuple(
        Holder(
            sysfs.text(sysfs.SYS / "class/block" / name / "dm", "name") or name,
            sysfs.text(sysfs.SYS / "class/block" / name / "dm", "uuid"),
        )
        for name in sysfs.names(folder, "holders")
    )
