"""PVs inside volumes: a guest that is itself an LVM host (a nested XenServer).

Its label, ring and texts lie in the data area of the PV around it. They belong to the LV that holds
the place: another history, told after the others, and never in use for the storage itself. What lies
in it can be copied straight only where the place is in one piece and raw; else the LV comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlace, PvPlaces, Sited
from lvtui.lvm.carve import Origin
from lvtui.lvm.history import History
from lvtui.lvm.timeline import holders, timeline_of
from lvtui.lvm.verdict import VerdictWord
from lvtui.message import Message, message
from lvtui.units import SECTOR_BYTES
from lvtui.xen.names import VolumeRole, volume_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The volume in whose place a PV begins."""

    vg_name: str
    lv_name: str
    end_bytes: int
    """Where the run of the LV that begins before the PV ends, on the source."""
    is_raw: bool
    """Whether the guest's disk stands in the LV byte for byte (no VHD)."""


def find_holders(
    histories: Sequence[History], sources: Sequence[Sited], places: PvPlaces
) -> dict[tuple[int, int], Holder]:
    """(device, base) of every PV that begins inside a volume of a PV around it → that volume."""
    found: dict[tuple[int, int], Holder] = {}
    for index, source in enumerate(sources):
        for site in source.sites:
            outer = [
                (uuid, place)
                for uuid, place in places.places
                if place.device == index and place.base_bytes < site.base_bytes
            ]
            for uuid, place in outer:
                holder = _holder(histories, uuid, place, site.base_bytes)
                if holder is not None:
                    found[index, site.base_bytes] = holder
    return found


def _holder(
    histories: Sequence[History], pv_uuid: str, place: PvPlace, base_bytes: int
) -> Holder | None:
    """The LV that has the place in the newest version of which any LV has it."""
    sector = (base_bytes - place.base_bytes) // SECTOR_BYTES
    for history in histories:
        held = sorted(
            holders(timeline_of(history), pv_uuid, sector, sector + 1),
            key=lambda one: one[0].last,
            reverse=True,
        )
        for one, _, _ in held:
            run = next(
                run
                for run in one.runs
                if run.pv_uuid == pv_uuid and run.start_sectors <= sector < run.end_sectors
            )
            role = volume_in(history.vg_name or "", one.lv.name, one.lv.tags).role
            return Holder(
                vg_name=history.vg_name or "?",
                lv_name=one.lv.name,
                end_bytes=place.base_bytes + run.end_sectors * SECTOR_BYTES,
                is_raw=role not in {VolumeRole.VHD, VolumeRole.QCOW2},
            )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Which histories are told by PVs inside volumes."""

    by_group: dict[str | None, Holder]
    """VG uuid → the volume that holds all of its texts."""
    by_pv: dict[str, tuple[PvPlace, Holder]]
    """PV uuid → where it begins, and in what."""

    def is_inside(self, history: History) -> bool:
        """Whether the group is a guest's."""
        return history.vg_uuid in self.by_group

    def warnings(self) -> tuple[Message, ...]:
        """One sentence a group."""
        return tuple(
            message(
                "VG {vg} lies inside LV {lv} of {outer}: it belongs to that volume's guest, not to "
                "this storage. Never restore it here.",
                vg=uuid or "?",
                lv=holder.lv_name,
                outer=holder.vg_name,
            )
            for uuid, holder in self.by_group.items()
        )

    def judged(self, report: LostReport) -> LostReport:
        """A report that says so; without a map where its bytes cannot be read straight."""
        for run in report.ranges:
            place, holder = self.by_pv.get(run.pv_uuid, (None, None))
            if place is None or holder is None:
                continue
            end_bytes = place.base_bytes + run.pv_offset_bytes + run.length_bytes
            if not holder.is_raw or end_bytes > holder.end_bytes:
                reason = message(
                    "it lies inside LV {lv}, which is not one raw piece: copy that volume first, "
                    "then give its image to lvtui",
                    lv=holder.lv_name,
                )
                return _with(report, VerdictWord.UNREADABLE, reason, mapped=False)
            reason = message("it lies inside LV {lv}: its guest's own volume", lv=holder.lv_name)
            return _with(report, VerdictWord.LIKELY, reason, mapped=True)
        return report


NOTHING_INSIDE = Inside(by_group={}, by_pv={})


def find_inside(histories: Sequence[History], sources: Sequence[Sited], places: PvPlaces) -> Inside:
    """Groups all of whose texts lie in areas of PVs inside volumes."""
    held = find_holders(histories, sources, places)
    area_holder: dict[tuple[int, int | None], Holder] = {
        (index, area.index): held[index, site.base_bytes]
        for index, source in enumerate(sources)
        for site in source.sites
        if (index, site.base_bytes) in held
        for area in site.areas
    }
    by_group: dict[str | None, Holder] = {}
    for history in histories if held else ():
        copies = [c for v in history.versions for c in v.copies if c.origin is Origin.RING]
        found = [area_holder.get((copy.device, copy.area)) for copy in copies]
        if found and found[0] is not None and all(found):
            by_group[history.vg_uuid] = found[0]
    by_pv = {
        uuid: (place, held[place.device, place.base_bytes])
        for uuid, place in places.places
        if (place.device, place.base_bytes) in held
    }
    return Inside(by_group=by_group, by_pv=by_pv)


def _with(report: LostReport, word: VerdictWord, reason: Message, *, mapped: bool) -> LostReport:
    order = tuple(VerdictWord)
    verdict = report.verdict
    worst = min(verdict.word, word, key=order.index)
    return replace(
        report,
        verdict=replace(verdict, word=worst, reasons=(reason, *verdict.reasons)),
        ranges=report.ranges if mapped else (),
    )
