"""HostFacts, CopyProgress and their kin: what the edges report, as values.

`host` fills them, `flow` decides on them, `ui` shows them; nobody else probes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.message import Message
from lvtui.source import ByteRange


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceIdentity:
    """What makes a source that source; bound to the open descriptor, compared on resume."""

    kind: str
    """`block` or `file`."""
    rdev: str | None
    """`major:minor` of a block device."""
    inode: str | None
    """`dev:inode` of a file."""
    size_bytes: int
    head_sha256: str
    """Of the first 4 KiB as first read: the label's sectors. A changed one is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A disk, partition or assembled device of this host (sysfs facts only; nothing was opened)."""

    path: str
    size_bytes: int
    model: str
    serial: str
    parent: str | None
    """Path of the whole disk for a partition; None for a disk."""
    holders: tuple[str, ...]
    """Paths stacked on it (dm, md)."""
    slaves: tuple[str, ...]
    """Paths that it is made of."""
    mounts: tuple[str, ...]
    swap: bool
    read_only: bool
    sector_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationFacts:
    """What is known about a place to copy to."""

    path: str
    exists: bool
    kind: str
    """`file`, `folder`, `block` or `other`."""
    parent_exists: bool
    parent_writable: bool
    free_bytes: int | None
    filesystem: str | None
    """Type as in /proc/mounts: ext4, nfs4, vfat, …"""
    mount_point: str | None
    file_size_limit_bytes: int | None
    """Of the file system type, where it has one that matters (vfat: 4 GiB - 1)."""
    stacked_on: frozenset[str]
    """Every block device and backing file below it, transitively, as `b:MAJ:MIN` or `f:DEV:INO`;
    volume groups as `v:UUID` without dashes."""


class CopyState(StrEnum):
    """State of a copy job as a viewer sees it."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    VERIFYING = "verifying"
    STALLED = "stalled"
    """The worker lives but has not written its progress for a while."""
    STOPPED = "stopped"
    """No worker; resumable."""
    FAILED = "failed"
    """No worker; it says why; resumable if the cause is removed."""
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyResult:
    """How a copy ended: the fields of `lvtui.extract/1`."""

    bytes_written: int
    bytes_holes: int
    manifest_sha256: str
    source_sha256: str | None
    destination_sha256: str
    """Of the whole image; empty where it was not taken: above 2 TiB of holes."""
    verified: bool
    unreadable_ranges: tuple[ByteRange, ...]
    """In the image."""
    seconds: float
    overwritten: tuple[ByteRange, ...] = ()
    """In the image: read when their place may have been another volume's already, because the group
    changed while it was copied."""
    at_risk: tuple[ByteRange, ...] = ()
    """In the image: read while nobody could tell, or given away and freed again while it was copied."""
    note: Message | None = None
    """What happened to the group while it was copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyProgress:
    """What a job directory says now."""

    state: CopyState
    size_bytes: int
    done_bytes: int
    """Copied or hole, durable at the next checkpoint; while verifying, bytes read back."""
    holes_bytes: int
    unreadable_bytes: int
    read_errors: int
    rate_now_bytes_per_s: float
    rate_average_bytes_per_s: float
    eta_seconds: float | None
    running_seconds: float
    last_good_read_seconds: float | None
    """Since the last good read."""
    pid: int | None
    rate_limit_bytes_per_s: int | None
    problem: Message | None
    result: CopyResult | None
    problem_code: str | None = None
    """`LV-…` of the error that made it fail."""
    problem_exit: int | None = None
    """And its exit code (commands.md)."""
    phase: str = ""
    """What a running copy does: `copying`, `trimming`, `scraping`, `retrying`."""
    n: int = 0
    """Number of the last request that the worker has taken from want.json."""
