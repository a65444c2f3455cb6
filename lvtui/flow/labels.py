"""What operators call the disks: the names in MGT, the SR's metadata volume, of any version.

The MGT in use comes first, then a lost one, then older places. In each, a record that is not deleted
goes before one that is (`MgtVolume.names`); deleted ones count too: they are what is looked for. Where
MGT tells nothing, xapi is asked, if this host has one that knows the SR.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from lvtui.flow.content import NameLabel
from lvtui.flow.judging import LostReport
from lvtui.flow.shelf import Shelf
from lvtui.host.xen_logs import xapi_names
from lvtui.xen.mgt import VdiRecord, parse_mgt
from lvtui.xen.names import VdiUuid, parse_group

_MGT_MAX = 8
"""MGT volumes that are read: each is 4 MiB."""


def with_labels(shelf: Shelf, reports: Sequence[LostReport]) -> tuple[LostReport, ...]:
    """Each report with its disk's name, where a record tells."""
    if not any(report.vdi_uuid for report in reports):
        return tuple(reports)
    records = mgt_records(shelf)
    named = tuple(
        replace(report, label=_label(record))
        if (record := _record(records, report)) is not None
        else report
        for report in reports
    )
    return _by_xapi(named)


def _by_xapi(reports: tuple[LostReport, ...]) -> tuple[LostReport, ...]:
    """Names from xapi, of disks that MGT does not know: it still lists what only LVM has lost."""
    unnamed = [one for one in reports if one.label is None and one.name.holds_disk]
    groups = {parse_group(one.lost.history.vg_name or "").sr_uuid for one in unnamed}
    names: dict[str, str] = {}
    for sr_uuid in sorted(uuid for uuid in groups if uuid is not None):
        names |= xapi_names(sr_uuid)
    return tuple(
        replace(one, label=NameLabel(text=names[one.vdi_uuid], source="xapi"))
        if one.label is None and one.name.holds_disk and one.vdi_uuid in names
        else one
        for one in reports
    )


def mgt_records(shelf: Shelf) -> dict[VdiUuid, VdiRecord]:
    """VDI → its record, from the newest MGT that has one."""
    found: dict[VdiUuid, VdiRecord] = {}
    for one in islice(shelf.metadata_volumes(), _MGT_MAX):
        volume = parse_mgt(one.source)
        for uuid, record in (volume.names() if volume else {}).items():
            found.setdefault(uuid, record)
    return found


def _record(records: dict[VdiUuid, VdiRecord], report: LostReport) -> VdiRecord | None:
    vdi = report.vdi_uuid
    return records.get(VdiUuid(vdi)) if vdi and report.name.holds_disk else None


def _label(record: VdiRecord) -> NameLabel:
    return NameLabel(
        text=record.name_label,
        source="mgt",
        deleted=record.deleted,
        snapshot_of=record.snapshot_of,
        description=record.description,
    )
