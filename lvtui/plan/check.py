"""A preflight check and the facts that it is judged from, as values.

A check answers for way A (reads) and for B and C (write LVM metadata). What could not be asked is `?`,
never OK: `None` among the facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.message import Message


class Word(StrEnum):
    """How a check ends."""

    OK = "OK"
    WARN = "WARN"
    STOP = "STOP"
    UNKNOWN = "?"


WORST_FIRST = (Word.STOP, Word.UNKNOWN, Word.WARN, Word.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class XenFacts:
    """What xapi and this dom0 say of the SR."""

    auto_scan: bool | None
    gc_running: tuple[str, ...] | None
    """Command lines of collectors at work."""
    plugged_hosts: int | None
    host_count: int | None
    ha_enabled: bool | None
    vms_running: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """All that is judged; None: it could not be asked."""

    lvm_release: str | None
    """`2.03.16`; None: no LVM tools."""
    metadata_read_only: bool | None
    issue_discards: bool | None
    has_master_config: bool
    """/etc/lvm/master is there: the storage manager uses it."""
    locked_by: tuple[str, ...]
    """Lock files of the group that a process holds."""
    open_volumes: tuple[str, ...]
    """What the kernel has mapped on the disks."""
    multipath: tuple[str, ...]
    """Disks that are paths of a multipath device."""
    case_dir: str | None
    case_free_bytes: int | None
    clock_synchronised: bool | None
    gap_count: int
    gap_bytes: int
    """Unreadable in what was read so far."""
    trim_seqno: int | None
    """The newest version with XenServer's discard helper."""
    areas_current: int
    areas_all: int
    exported: bool
    system_id: str | None
    own_system_id: str | None
    is_sr: bool
    xen: XenFacts | None
    """None: the group is no SR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the Checks page."""

    code: str
    reads: Word
    """For way A."""
    writes: Word
    """For ways B and C."""
    fact: Message
    reason: Message
    fix: Message | None = None

    @property
    def worst(self) -> Word:
        """What the list is ordered by."""
        return min(self.reads, self.writes, key=WORST_FIRST.index)
