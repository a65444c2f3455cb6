"""The devices of this host, or the given paths, and what is on each: `lvtui scan`, the Device page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lvtui.errors import LvtuiError, NoMetadataError
from lvtui.flow.discover import Discovery, discover
from lvtui.host.paths import absolute, file_size_bytes, is_folder
from lvtui.host.probe import block_device, block_devices
from lvtui.message import Message, message
from lvtui.plan.facts import BlockDevice
from lvtui.xen.names import GroupKind, parse_group


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One line of `lvtui scan` and of the Device page."""

    path: str
    size_bytes: int
    disk: str
    """Model and short serial; the file name for an image."""
    holds: str
    """`SR "…"`, `VG <name>`, `dom0 system`, `nothing known`, …"""
    pv_uuid: str | None
    vg_name: str | None
    vg_uuid: str | None
    sr_uuid: str | None
    versions: int
    current_seqno: int | None
    label: str
    """`ok`, `bad` or `none`."""
    lost: int
    error: Message | None
    """Why it cannot be chosen."""
    is_blank: bool = False
    """It can be read, and the quick way found nothing: a search of all of it may find more."""


def scan_devices(
    paths: tuple[str, ...] = (), *, progress: Callable[[str], bool] | None = None
) -> tuple[DeviceRow, ...]:
    """The devices of this host (or the given paths) with what is on them.

    `progress` is called with each path before it is read; False ends the scan with what is there.
    A device that cannot be read is a row with its reason, never an error of the whole scan.
    """
    rows: list[DeviceRow] = []
    candidates = (
        [(path, block_device(path)) for path in paths]
        if paths
        else [(device.path, device) for device in block_devices() if _is_candidate(device)]
    )
    for path, device in candidates:
        if progress is not None and not progress(path):
            break
        rows.append(_row(path, device))
    return tuple(rows)


def _is_candidate(device: BlockDevice) -> bool:
    """Empty drives and loop devices without a file have no size; ram disks hold no SR."""
    return device.size_bytes > 0 and not device.path.startswith(("/dev/ram", "/dev/zram"))


def _row(path: str, device: BlockDevice | None) -> DeviceRow:
    try:
        return _found(path, device, discover(path))
    except NoMetadataError as error:
        return replace(_empty(path, device, error.message), is_blank=True)
    except LvtuiError as error:
        return _empty(path, device, error.message)


def _found(path: str, device: BlockDevice | None, discovery: Discovery) -> DeviceRow:
    source = discovery.sources[0]
    history = discovery.history
    vg_name = history.vg_name if history else None
    sr_uuid = parse_group(vg_name or "").sr_uuid
    label = source.label
    return DeviceRow(
        path=path,
        size_bytes=source.size_bytes,
        disk=_disk(path, device),
        holds=_holds(vg_name, device),
        pv_uuid=label.pv_uuid if label else None,
        vg_name=vg_name,
        vg_uuid=history.vg_uuid if history else None,
        sr_uuid=sr_uuid,
        versions=sum(len(h.versions) for h in discovery.histories),
        current_seqno=history.current.seqno if history and history.current else None,
        label="none" if label is None else "ok" if label.crc_ok and label.sector_ok else "bad",
        lost=sum(1 for report in discovery.lost if not report.name.is_temporary),
        error=None,
    )


def _empty(path: str, device: BlockDevice | None, reason: Message) -> DeviceRow:
    return DeviceRow(
        path=path,
        size_bytes=device.size_bytes if device else file_size_bytes(path),
        disk=_disk(path, device),
        holds=_holds(None, device),
        pv_uuid=None,
        vg_name=None,
        vg_uuid=None,
        sr_uuid=None,
        versions=0,
        current_seqno=None,
        label="none",
        lost=0,
        error=reason,
    )


def _disk(path: str, device: BlockDevice | None) -> str:
    if device is None:
        return absolute(path).rsplit("/", 1)[-1]
    return f"{device.model} {device.serial[-8:]}".strip() or "?"


def _holds(vg_name: str | None, device: BlockDevice | None) -> str:
    if vg_name:
        group = parse_group(vg_name)
        if group.kind is GroupKind.LVM_SR and group.sr_uuid:
            return f"SR {group.sr_uuid[:8]}"
        return f"VG {vg_name}"
    if device and "/" in device.mounts:
        return "dom0 system"
    if device and device.mounts:
        return f"mounted on {device.mounts[0]}"
    return "swap" if device and device.swap else "nothing known"


def text_folders() -> tuple[str, ...]:
    """Where LVM of this host keeps texts of its groups: `--texts` takes them."""
    return tuple(path for path in ("/etc/lvm/backup", "/etc/lvm/archive") if is_folder(path))


def no_devices() -> Message:
    """The sentence for a host where nothing can be chosen."""
    return message(
        "No disk with LVM metadata was found. You can: give an image file or a device as an "
        "argument, run lvtui as root to read the disks of this host, or practise with: lvtui demo"
    )
