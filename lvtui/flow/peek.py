"""What a lost disk holds for its guest: looked at when a page shows it, some tens of sectors."""

from __future__ import annotations

from lvtui.errors import FormatError, Refused
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.second_proof import Reader, open_shelf
from lvtui.guest.probes import GuestContent, probe_disk
from lvtui.vhd.flatten import virtual_disk
from lvtui.xen.names import VolumeRole


def peek(discovery: Discovery, report: LostReport) -> GuestContent | None:
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
            return probe_disk(virtual_disk(Reader(shelf).open(placed).chain))
        except (FormatError, Refused):
            return None
