"""Names of XenServer's volume groups and logical volumes, and what each of them stands for.

The only place that knows `VG_XenStorage-`, `VHD-`, the journals' names and their LVM tags.
Source: sm (xapi-project/sm, libs/sm: lvhdutil.py, journaler.py, cleanup.py, trim_util.py, LVHDSR.py);
`QCOW2-` from XCP-ng's qcow2 builds (lvmcowutil.py). Matching is strict: a prefix without a uuid
behind it is somebody else's name, so that an ordinary VG with an LV `VHD-backup` is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

SrUuid = NewType("SrUuid", str)
VdiUuid = NewType("VdiUuid", str)

NEUTRAL_PREFIX = "lvtui-"
"""Names under which lvtui restores: neither scan nor collector looks at them."""

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class GroupKind(StrEnum):
    """What a volume group is to XenServer."""

    LVM_SR = "lvm-sr"
    """`VG_XenStorage-<sr>`: every VDI is an LV."""
    EXT_SR = "ext-sr"
    """`XSLocalEXT-<sr>`: one LV with an ext file system full of .vhd files."""
    LARGE_BLOCK_SR = "large-block-sr"
    """`XSLocalLargeBlock-<sr>`: the same on a disk with 4 KiB sectors."""
    OTHER = "other"


class VolumeRole(StrEnum):
    """What an LV of an LVM SR is; the words of commands.md."""

    VHD = "vhd"
    RAW = "raw"
    QCOW2 = "qcow2"
    MGT = "mgt"
    JOURNAL = "journal"
    CBTLOG = "cbtlog"
    TRIM = "trim"
    """Takes all free extents and discards them: what was lost before it is gone."""
    OLD = "old"
    """A leaf whose data was merged into its parent by a leaf-coalesce."""
    REDO = "redo"
    HEARTBEAT = "heartbeat"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupName:
    """A volume group's name taken apart."""

    kind: GroupKind
    sr_uuid: SrUuid | None

    @property
    def is_lvm_sr(self) -> bool:
        """Whether the group's LVs are VDIs."""
        return self.kind is GroupKind.LVM_SR


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeName:
    """An LV's name taken apart."""

    role: VolumeRole
    vdi_uuid: VdiUuid | None = None
    """The VDI that it holds or concerns; None where the name tells none."""
    journal: str | None = None
    """`clone`, `inflate`, `leaf`, `relink`, `coalesce`, `zero`, `jvhd`; None for all other roles."""
    journal_value: str | None = None
    """What stands behind the VDI in the journal's name; `1` may mean that it stands in the LV."""
    tagged_hidden: bool = False
    """LVM tag `hidden`: a raw base copy. VHDs carry it in their footer."""
    neutral: bool = False
    """lvtui's own name for a restored LV."""

    @property
    def holds_disk(self) -> bool:
        """Whether a guest's disk is in it."""
        return self.role in {VolumeRole.VHD, VolumeRole.RAW, VolumeRole.QCOW2, VolumeRole.OLD}

    @property
    def is_temporary(self) -> bool:
        """Whether the storage manager makes and removes it in passing."""
        return self.role in {VolumeRole.JOURNAL, VolumeRole.TRIM}


_GROUPS = {
    "VG_XenStorage-": GroupKind.LVM_SR,
    "XSLocalEXT-": GroupKind.EXT_SR,
    "XSLocalLargeBlock-": GroupKind.LARGE_BLOCK_SR,
}
_DISKS = {"VHD": VolumeRole.VHD, "LV": VolumeRole.RAW, "QCOW2": VolumeRole.QCOW2}
_DISK = re.compile(rf"(VHD|LV|QCOW2)-(OLD_)?({_UUID})")
_JOURNAL = re.compile(rf"(clone|inflate|leaf|relink|coalesce|zero)_({_UUID})_(.+)")
_NEUTRAL = re.compile(rf"{NEUTRAL_PREFIX}({_UUID})(?:-[0-9]+)?")
_ANY_UUID = re.compile(_UUID)
_OTHERS = (
    (re.compile(r"MGT"), VolumeRole.MGT),
    (re.compile(rf"jvhd_{_UUID}"), VolumeRole.JOURNAL),
    (re.compile(rf"{_UUID}\.cbtlog"), VolumeRole.CBTLOG),
    (re.compile(rf"{_UUID}_trim_lv"), VolumeRole.TRIM),
    (re.compile(r"host-heartbeat"), VolumeRole.HEARTBEAT),
    (re.compile(r"redo_log"), VolumeRole.REDO),
)
_BY_TAG = {
    "journaler": VolumeRole.JOURNAL,
    "jvhd": VolumeRole.JOURNAL,
    "cbtlog": VolumeRole.CBTLOG,
}


def parse_group(vg_name: str) -> GroupName:
    """Take a volume group's name apart; any other VG is `OTHER` without an SR."""
    for prefix, kind in _GROUPS.items():
        rest = vg_name.removeprefix(prefix)
        if rest != vg_name and _ANY_UUID.fullmatch(rest):
            return GroupName(kind=kind, sr_uuid=SrUuid(rest))
    return GroupName(kind=GroupKind.OTHER, sr_uuid=None)


def parse_volume(lv_name: str, tags: Iterable[str] = ()) -> VolumeName:
    """Take the name of an LV of an LVM SR apart.

    Only meaningful in a group whose `is_lvm_sr` holds: `volume_in` asks both.
    """
    tagged = frozenset(tags)
    hidden = "hidden" in tagged
    if match := _DISK.fullmatch(lv_name):
        return VolumeName(
            role=VolumeRole.OLD if match[2] else _DISKS[match[1]],
            vdi_uuid=VdiUuid(match[3]),
            tagged_hidden=hidden,
        )
    if match := _JOURNAL.fullmatch(lv_name):
        return VolumeName(
            role=VolumeRole.JOURNAL,
            vdi_uuid=VdiUuid(match[2]),
            journal=match[1],
            journal_value=match[3],
        )
    if match := _NEUTRAL.fullmatch(lv_name):
        return VolumeName(role=VolumeRole.OTHER, vdi_uuid=VdiUuid(match[1]), neutral=True)
    role = next((role for pattern, role in _OTHERS if pattern.fullmatch(lv_name)), None)
    if role is None:
        # A name that nobody knows, but the storage manager's own tag.
        role = next((_BY_TAG[tag] for tag in sorted(tagged) if tag in _BY_TAG), VolumeRole.OTHER)
    found = _ANY_UUID.search(lv_name) if role is not VolumeRole.OTHER else None
    return VolumeName(
        role=role,
        vdi_uuid=VdiUuid(found[0]) if found and role is not VolumeRole.TRIM else None,
        journal="jvhd" if lv_name.startswith("jvhd_") and role is VolumeRole.JOURNAL else None,
        tagged_hidden=hidden,
    )


def volume_in(vg_name: str, lv_name: str, tags: Iterable[str] = ()) -> VolumeName:
    """What an LV is, by its group as well: outside an LVM SR everything is `OTHER`."""
    if not parse_group(vg_name).is_lvm_sr:
        return VolumeName(role=VolumeRole.OTHER)
    return parse_volume(lv_name, tags)


def neutral_name(vdi_uuid: str, number: int = 1) -> str:
    """`lvtui-<vdi>`, and `lvtui-<vdi>-2` for a second LV of one VDI."""
    return f"{NEUTRAL_PREFIX}{vdi_uuid}" + (f"-{number}" if number > 1 else "")
