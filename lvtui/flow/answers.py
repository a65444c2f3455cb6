"""What the commands answer in JSON (commands.md): one pure function an answer, keys only ever added.

Strings hold the text as read; the printer escapes them to ASCII. Sizes are bytes, times ISO 8601.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lvtui.units import YEAR_MAX

if TYPE_CHECKING:  # a list of versions does without the judges
    from lvtui.errors import LvtuiError
    from lvtui.flow.content import VhdContent
    from lvtui.flow.devices import DeviceRow
    from lvtui.flow.discover import Discovery
    from lvtui.flow.judging import LostReport
    from lvtui.flow.survey import Survey
    from lvtui.lvm.carve import MetadataCopy
    from lvtui.lvm.history import Change, History, Version
    from lvtui.lvm.model import LogicalVolume, VolumeGroup

Json = dict[str, Any]


def iso_time(epoch_seconds: int | None) -> str | None:
    """`2026-11-22T02:51:36+00:00`; None where there is none or no calendar has it."""
    if epoch_seconds is None:
        return None
    try:
        moment = time.gmtime(epoch_seconds)
    except (OverflowError, OSError, ValueError):
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", moment) if moment.tm_year <= YEAR_MAX else None


def error_answer(error: LvtuiError) -> Json:
    """`lvtui.error/1`."""
    return {
        "schema": "lvtui.error/1",
        "code": error.code,
        "exit": error.exit_code,
        "message": str(error.message),
        "changed": error.changed,
    }


def scan_answer(rows: tuple[DeviceRow, ...]) -> Json:
    """`lvtui.scan/1`."""
    return {
        "schema": "lvtui.scan/1",
        "devices": [
            {
                "path": row.path,
                "size_bytes": row.size_bytes,
                "pv_uuid": row.pv_uuid,
                "vg_name": row.vg_name,
                "vg_uuid": row.vg_uuid,
                "sr_uuid": row.sr_uuid,
                "versions": row.versions,
                "current_seqno": row.current_seqno,
                "label": row.label,
                "lost": row.lost,
                "error": str(row.error) if row.error else None,
            }
            for row in rows
        ],
    }


def versions_answer(discovery: Discovery | Survey) -> Json:
    """`lvtui.versions/1`: one entry per distinct text of one VG uuid, oldest first."""
    first = discovery.sources[0]
    history = discovery.history
    return {
        "schema": "lvtui.versions/1",
        "source": {
            "paths": [source.path for source in discovery.sources],
            "path": first.path,
            "size_bytes": first.size_bytes,
            "pv_uuid": first.label.pv_uuid if first.label else None,
            "vg_name": history.vg_name if history else None,
            "vg_uuid": history.vg_uuid if history else None,
            "current_seqno": history.current.seqno if history and history.current else None,
        },
        "currents": _currents(discovery),
        "versions": [
            _version(version) for history in discovery.histories for version in history.versions
        ],
        "warnings": [str(warning) for warning in discovery.warnings],
    }


def _currents(discovery: Discovery | Survey) -> list[Json]:
    return [
        {
            "vg_uuid": history.vg_uuid,
            "vg_name": history.current.vg_name,
            "id": history.current.id,
            "seqno": history.current.seqno,
        }
        for history in discovery.histories
        if history.current
    ]


def _version(version: Version) -> Json:
    first = version.copies[0]
    index = first.index
    return {
        "id": version.id,
        "seqno": index.seqno,
        "vg_name": index.vg_name,
        "vg_uuid": index.vg_uuid,
        "creation_time": iso_time(index.creation_time),
        "creation_host": index.creation_host,
        "description": index.description,
        "offset_bytes": None if first.file else first.offset_bytes,
        "length_bytes": first.length_bytes,
        "state": version.state.value,
        "reason": str(version.reason) if version.reason else None,
        "committed": version.committed,
        "current": version.current,
        "crc": version.crc.value,
        "text_sha256": version.text_sha256 or first.text_sha256,
        "lv_count": len(version.vg.lvs) if version.vg else index.lv_count,
        "origin": first.origin.value,
        "device": None if first.file else first.device,
        "file": first.file,
        "copies": [_copy(copy) for copy in version.copies],
    }


def _copy(copy: MetadataCopy) -> Json:
    if copy.file is not None:
        return {"device": None, "offset_bytes": None, "area": None, "file": copy.file}
    return {
        "device": copy.device,
        "offset_bytes": copy.offset_bytes,
        "area": copy.area,
        "file": None,
    }


def show_answer(version: Version) -> Json:
    """`lvtui.show/1`: one version's text as read."""
    return {
        "schema": "lvtui.show/1",
        "id": version.id,
        "text": version.copies[0].text.decode("utf-8", "backslashreplace"),
    }


def diff_answer(version: Version, changes: tuple[Change, ...]) -> Json:
    """`lvtui.show/1` with a diff."""
    return {
        "schema": "lvtui.show/1",
        "id": version.id,
        "diff": [
            {"op": change.op, "path": change.path, "before": change.before, "after": change.after}
            for change in changes
        ],
    }


def lost_answer(discovery: Discovery) -> Json:
    """`lvtui.lost/1`."""
    return {
        "schema": "lvtui.lost/1",
        "currents": _currents(discovery),
        "lost": [_lost(report) for report in discovery.lost],
        "shrunk": [_lost(report) for report in discovery.shrunk],
        "warnings": [str(warning) for warning in discovery.warnings],
    }


def _seen(version: Version | None) -> Json | None:
    if version is None:
        return None
    return {
        "id": version.id,
        "seqno": version.seqno,
        "time": iso_time(version.creation_time),
    }


def _lost(report: LostReport) -> Json:
    lost, verdict = report.lost, report.verdict
    vg = lost.last_seen.vg
    assert vg is not None, "a lost volume comes from a parsed version"
    return {
        "name": lost.lv.name,
        "uuid": lost.lv.uuid,
        "role": report.role,
        "vdi_uuid": report.vdi_uuid,
        "name_label": report.label.text if report.label else None,
        "name_source": report.label.source if report.label else None,
        "size_bytes": report.size_bytes,
        "vg_uuid": lost.history.vg_uuid,
        "segments": segments(vg, lost.lv),
        "last_seen": _seen(lost.last_seen),
        "first_missing": _seen(lost.first_missing),
        "verdict": verdict.word.value,
        "reasons": [str(reason) for reason in verdict.reasons],
        "overwritten_bytes": verdict.overwritten_bytes,
        "at_risk_bytes": verdict.at_risk_bytes,
        "conflicts": [
            {
                "lv_start_extent": conflict.lv_start_extent,
                "extent_count": conflict.extent_count,
                "owner": conflict.owner,
                "since_seqno": conflict.since_seqno,
                "now": conflict.now,
            }
            for conflict in verdict.conflicts
        ],
        "missing_seqnos": [list(run) for run in verdict.missing_seqnos],
        "gone_by": report.fate.gone_by.value if report.fate else None,
        "content_in": report.fate.content_in if report.fate else None,
        "vhd": vhd_answer(report.vhd) if report.vhd else None,
    }


def vhd_answer(content: VhdContent) -> Json:
    """`vhd` of `lvtui.lost/1`."""
    return {
        "type": content.type,
        "virtual_size_bytes": content.virtual_size_bytes,
        "hidden": content.hidden,
        "parent_vdi_uuid": content.parent_vdi_uuid,
        "footer": content.footer,
        "allocated_blocks": content.allocated_blocks,
        "damaged_blocks": content.damaged_blocks,
    }


def segments(vg: VolumeGroup, lv: LogicalVolume) -> list[Json]:
    """An LV's segments as commands.md shows them; PVs by uuid."""
    shown: list[Json] = []
    for segment in lv.segments:
        base: Json = {
            "type": segment.type,
            "start_extent": segment.start_extent,
            "extent_count": segment.extent_count,
        }
        stripes = [
            {
                "pv_uuid": pv.uuid if (pv := vg.pv(stripe.pv_name)) else None,
                "pv_start_extent": stripe.start_extent,
            }
            for stripe in segment.stripes
        ]
        if len(stripes) == 1:
            base.update(type="linear", **stripes[0])
        elif stripes:
            base.update(stripe_size_bytes=(segment.stripe_size_sectors or 0) * 512, stripes=stripes)
        shown.append(base)
    return shown


def history_of(discovery: Discovery, version: Version) -> History:
    """The history that holds a version."""
    return next(history for history in discovery.histories if version in history.versions)
