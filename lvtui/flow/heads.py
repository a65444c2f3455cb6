"""A source that is only the head of its disk: everything but the copy works on it."""

from __future__ import annotations

from collections.abc import Sequence

from lvtui.errors import CheckStop
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.plan.job import JobPiece
from lvtui.units import SECTOR_BYTES


def refuse_absent(discovery: Discovery, report: LostReport, pieces: Sequence[JobPiece]) -> None:
    """Stop where nothing of a volume is there, or the source ends long before its PV does.

    A device somewhat shorter than its PV gives what it has.

    Raises:
        CheckStop: with the reason.
    """
    absent_bytes = sum(piece.length_bytes for piece in pieces if piece.source is None)
    if not absent_bytes:
        return
    there_bytes = report.size_bytes - absent_bytes
    heads = [
        discovery.sources[place.device]
        for uuid in dict.fromkeys(run.pv_uuid for run in report.ranges)
        if (place := discovery.places.place_of(uuid)) is not None
        and _is_head(discovery.sources[place.device].size_bytes - place.base_bytes, report, uuid)
    ]
    if heads:
        raise CheckStop(
            "LV-CPY-09",
            "{name} cannot be copied from {path}: that is only the first {size:bytes} of its disk, "
            "and {absent:bytes} of the volume lie behind them. Give the disk itself, or a whole image "
            "of it. Everything else works on this file; `lvtui plan` prints dd lines for the disk.",
            name=report.lost.lv.name,
            path=heads[0].path,
            size=heads[0].size_bytes,
            absent=absent_bytes,
        )
    if there_bytes <= 0:
        raise CheckStop(
            "LV-CPY-10",
            "{name} cannot be copied: none of its {size:bytes} lie on the given sources. {why}",
            name=report.lost.lv.name,
            size=report.size_bytes,
            why=next((str(reason) for reason in report.verdict.reasons), ""),
        )


def _is_head(there_bytes: int, report: LostReport, pv_uuid: str) -> bool:
    """Whether less than half of the PV is there."""
    vg = report.lost.last_seen.vg
    pv = next((one for one in vg.pvs if one.uuid == pv_uuid), None) if vg else None
    size_bytes = ((pv.dev_size_sectors or 0) if pv else 0) * SECTOR_BYTES
    return 2 * there_bytes < size_bytes
