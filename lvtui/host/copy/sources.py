"""The sources of a job, opened and known again, also where one came back under another path.

A disk that goes and comes back may get another name, and its old name may go to another disk. What
names a disk is its size and its first 4 KiB, which hold the label with the PV's uuid; for a PV inside
a whole disk the label where the PV begins is compared, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lvtui.errors import LvtuiError, SourceChangedError, SourceReadError
from lvtui.host.copy.manifest import zero_digest
from lvtui.host.device import HEAD_BYTES, SourceDevice
from lvtui.host.probe import block_devices
from lvtui.plan.facts import DeviceIdentity
from lvtui.plan.job import JobSource

OpenDevice = Callable[[str], SourceDevice]
"""How a source is opened: for real, or with a reader that has bad sectors."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that may be the source under another name."""

    path: str
    size_bytes: int


def open_source(
    source: JobSource,
    open_device: OpenDevice,
    candidates: Callable[[], tuple[Candidate, ...]] | None = None,
) -> SourceDevice:
    """Open a source where it was planned, or where it is now.

    Raises:
        SourceReadError, UserError: it is nowhere. SourceChangedError: another disk is there, and the
            right one is nowhere, or in more than one place.
    """
    try:
        return _open(source, open_device)
    except LvtuiError:
        found = _found_again(source, open_device, candidates or _block_devices)
        if not found:
            raise
        if len(found) > 1:
            raise SourceChangedError(
                "LV-SRC-16",
                "{path} is gone, and {count:count} devices look like it: {paths}. Nothing was copied "
                "from them. Leave one of them attached, then resume.",
                path=source.path,
                count=len(found),
                paths=", ".join(found),
            ) from None
        return open_device(found[0])


def still_there(source: JobSource, device: SourceDevice, open_device: OpenDevice) -> None:
    """Look whether an opened source, which gave nothing for a while, is still what it was.

    Raises:
        SourceReadError: it went, or answers every read with an error.
        SourceChangedError: another disk has its name.
    """
    with _open(source, open_device, path=device.path) as again:
        # its first sectors could be read when it was opened: what answers nothing now is no bad place
        if device.identity.head_sha256 != _BLANK and again.pread(0, HEAD_BYTES).gaps:
            raise SourceReadError(
                "LV-SRC-12",
                "{path} answers every read with an error, also where it could be read before: the "
                "disk went. What was read is kept. Attach it again, then resume.",
                path=device.path,
            )


_BLANK = zero_digest(HEAD_BYTES).hex()


def _open(source: JobSource, open_device: OpenDevice, *, path: str | None = None) -> SourceDevice:
    device = open_device(path or source.path)
    if not _is_same(device.identity, source.identity):
        device.close()
        raise SourceChangedError(
            "LV-SRC-11",
            "{path} is not the disk that this copy was made for (size {found:bytes}, planned "
            "{planned:bytes}). Nothing was copied from it. Attach the right one and resume.",
            path=source.path,
            found=device.size_bytes,
            planned=source.identity.size_bytes,
        )
    return device


def _is_same(found: DeviceIdentity, planned: DeviceIdentity) -> bool:
    """The same node of the same size, or one that came back with another number and the same head.

    The head holds the PV's label with its uuid; an empty one names nothing.
    """
    if found.kind != planned.kind or found.size_bytes != planned.size_bytes:
        return False
    if found.rdev == planned.rdev and found.inode == planned.inode:
        return True  # a head that changed is told by `changed_heads`
    return _same_head(found, planned)


def _same_head(found: DeviceIdentity, planned: DeviceIdentity) -> bool:
    return found.head_sha256 == planned.head_sha256 != _BLANK


def _block_devices() -> tuple[Candidate, ...]:
    return tuple(Candidate(disk.path, disk.size_bytes) for disk in block_devices())


def _found_again(
    source: JobSource, open_device: OpenDevice, candidates: Callable[[], tuple[Candidate, ...]]
) -> list[str]:
    """Paths of devices that are this source, by what is on them."""
    if source.identity.kind != "block":
        return []
    found = []
    for candidate in candidates():
        if candidate.size_bytes != source.identity.size_bytes:
            continue
        try:
            with open_device(candidate.path) as device:
                if _same_head(device.identity, source.identity) and _has_label(device, source):
                    found.append(candidate.path)
        except LvtuiError:
            continue
    return found


def _has_label(device: SourceDevice, source: JobSource) -> bool:
    if source.pv_uuid is None:
        return True
    head = device.pread(source.base_bytes, HEAD_BYTES)
    return source.pv_uuid.replace("-", "").encode() in head.data
