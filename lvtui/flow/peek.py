"""What a page asks for when it shows a lost disk: what its guest keeps on it, what logs say of it."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.errors import FormatError, Refused
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.second_proof import Reader, open_shelf
from lvtui.guest.probes import GuestContent, probe_disk
from lvtui.host.xen_logs import removals
from lvtui.vhd.flatten import virtual_disk
from lvtui.xen.names import VolumeRole
from lvtui.xen.records import LogLine


@dataclass(frozen=True, slots=True)
class Peek:
    """What was seen."""

    guest: GuestContent | None
    """None where no disk can be read, or before it was looked at."""
    log: tuple[LogLine, ...]
    """Of this host's SMlog; empty where there is none, or it tells nothing."""


NOTHING_SEEN = Peek(None, ())


def look_at(discovery: Discovery, report: LostReport) -> Peek:
    """All of it.

    Raises:
        SourceReadError, UserError: the source is gone.
    """
    return Peek(guest_of(discovery, report), log_lines(report))


def guest_of(discovery: Discovery, report: LostReport) -> GuestContent | None:
    """Partitions and file systems on the disk; None where no disk can be read.

    Raises:
        SourceReadError, UserError: the source is gone.
    """
    is_raw = report.name.role is VolumeRole.RAW
    if not report.ranges or not (is_raw or (report.vhd is not None and report.vhd.can_flatten)):
        return None
    paths = [source.path for source in discovery.sources]
    reports = (*discovery.lost, *discovery.shrunk)
    with open_shelf(paths, discovery.histories, discovery.places, reports) as shelf:
        placed = shelf.of_report(report)
        if is_raw:
            return probe_disk(placed.source)
        try:
            return probe_disk(virtual_disk(Reader(shelf).disk_in(placed).chain))
        except (FormatError, Refused):
            return None


def log_lines(report: LostReport) -> tuple[LogLine, ...]:
    """Lines of this host's SMlog that say what became of the disk; none where there is no such log."""
    vdi = report.vdi_uuid
    return removals(frozenset({vdi})).get(vdi, ()) if vdi is not None else ()
