"""From histories to reports: each lost LV with its verdict, its place, its role, in a useful order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lvtui.errors import FormatError
from lvtui.flow.content import NameLabel, VhdContent
from lvtui.flow.pvs import PvPlaces
from lvtui.lvm.history import (
    History,
    LostVolume,
    Version,
    find_trim_helper,
    lost_volumes,
    shrunk_volumes,
)
from lvtui.lvm.mapping import MappedRange, map_volume
from lvtui.lvm.verdict import Verdict, VerdictWord, judge
from lvtui.message import Message, message
from lvtui.rescue.merged import Fate, GoneBy, fates
from lvtui.xen.names import VolumeName, volume_in


class Sized(Protocol):
    """What judging needs to know of a source."""

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LostReport:
    """A lost volume with everything that is known of it."""

    lost: LostVolume
    verdict: Verdict
    ranges: tuple[MappedRange, ...]
    """Empty when it cannot be mapped; the verdict says why."""
    name: VolumeName
    """Its role in an SR (commands.md), else `other`."""
    fate: Fate | None = None
    """How it left its group and where its data lives on; None while it is there."""
    vhd: VhdContent | None = None
    """The VHD inside; None where none belongs into it, or nothing was read."""
    label: NameLabel | None = None
    """What operators call its disk."""

    @property
    def is_merged(self) -> bool:
        """Whether the storage manager's collector merged it into another volume."""
        return self.fate is not None and self.fate.gone_by.is_merge

    @property
    def is_temporary(self) -> bool:
        """Whether it was only made in passing: a journal, a trim helper or the like."""
        told = self.fate is not None and self.fate.gone_by is GoneBy.TEMPORARY
        return told or self.name.is_temporary

    @property
    def size_bytes(self) -> int:
        """Size of the LV in bytes."""
        return self.lost.lv.extent_count * self.verdict.extent_bytes

    @property
    def role(self) -> str:
        """`vhd`, `raw`, `mgt`, … in an SR, else `other`."""
        return self.name.role.value

    @property
    def vdi_uuid(self) -> str | None:
        """The VDI that the LV holds or concerns."""
        return self.name.vdi_uuid


_ORDER = tuple(VerdictWord)


def judge_histories(
    histories: tuple[History, ...],
    places: PvPlaces,
    sources: Sequence[Sized],
    *,
    at: Version | None = None,
) -> tuple[tuple[LostReport, ...], tuple[LostReport, ...]]:
    """Every lost and every shrunk LV, those first that an operator looks for.

    With `at`, the LVs of that version instead, each as it stands there.
    """
    lost: list[LostReport] = []
    shrunk: list[LostReport] = []
    for history in histories:
        if at is not None and at not in history.versions:
            continue
        volumes = _volumes_of(history, at) if at else lost_volumes(history)
        known = fates(history)
        reports = [
            replace(_report(volume, places, sources), fate=known.get(volume.lv.uuid))
            for volume in volumes
        ]
        lost.extend(sorted(reports, key=_usefulness))
        if at is None:
            shrunk.extend(_report(v, places, sources) for v in shrunk_volumes(history))
    lost.sort(key=lambda report: report.is_merged)
    return tuple(lost), tuple(shrunk)


def _volumes_of(history: History, version: Version) -> tuple[LostVolume, ...]:
    lvs = version.vg.lvs if version.vg else ()
    return tuple(
        LostVolume(lv=lv, history=history, last_seen=version, first_missing=None) for lv in lvs
    )


def _usefulness(report: LostReport) -> tuple[bool, bool, int]:
    """Disks before the storage manager's own volumes, newest loss first (the sort is stable)."""
    in_sr_and_no_disk = report.role not in {"vhd", "raw", "qcow2", "other"}
    return (report.is_temporary, in_sr_and_no_disk, 0)


def _report(lost: LostVolume, places: PvPlaces, sources: Sequence[Sized]) -> LostReport:
    verdict = judge(lost)
    vg = lost.last_seen.vg
    assert vg is not None, "lost volumes come from parsed versions only"
    name = volume_in(vg.name, lost.lv.name, lost.lv.tags)
    try:
        ranges = map_volume(vg, lost.lv)
    except FormatError as error:
        if verdict.word is not VerdictWord.UNSUPPORTED:
            verdict = _worsen(verdict, VerdictWord.UNSUPPORTED, error.message)
        return LostReport(lost=lost, verdict=verdict, ranges=(), name=name)
    for pv_uuid in dict.fromkeys(run.pv_uuid for run in ranges):
        place = places.place_of(pv_uuid)
        if place is not None and place.assumed is not None:
            verdict = _worsen(verdict, VerdictWord.LIKELY, place.assumed)
    for reason in _unreachable(ranges, places, sources):
        verdict = _worsen(verdict, VerdictWord.UNREADABLE, reason)
    return LostReport(lost=lost, verdict=verdict, ranges=ranges, name=name)


def _worsen(verdict: Verdict, word: VerdictWord, reason: Message) -> Verdict:
    worst = min(verdict.word, word, key=_ORDER.index)
    reasons = (reason, *verdict.reasons) if worst is word else (*verdict.reasons, reason)
    return replace(verdict, word=worst, reasons=reasons)


def _unreachable(
    ranges: tuple[MappedRange, ...], places: PvPlaces, sources: Sequence[Sized]
) -> list[Message]:
    """What of the LV cannot be read from the given sources at all."""
    reasons: list[Message] = []
    absent: dict[str, int] = {}
    beyond: dict[int, int] = {}
    for run in ranges:
        place = places.place_of(run.pv_uuid)
        if place is None:
            absent[run.pv_uuid] = absent.get(run.pv_uuid, 0) + run.length_bytes
            continue
        end_bytes = place.base_bytes + run.pv_offset_bytes + run.length_bytes
        missing_bytes = min(run.length_bytes, end_bytes - sources[place.device].size_bytes)
        if missing_bytes > 0:
            beyond[place.device] = beyond.get(place.device, 0) + missing_bytes
    for pv_uuid, size_bytes in absent.items():
        reasons.append(
            message(
                "{size:bytes} of it lie on PV {pv}, which is not among the given sources. Add that "
                "disk to SOURCE, separated by a comma.",
                size=size_bytes,
                pv=pv_uuid,
            )
        )
    for index, size_bytes in beyond.items():
        reasons.append(
            message(
                "{size:bytes} of it lie behind the end of {path} ({end:bytes}): not on this device. "
                "If this is only the head of the disk, copy from the disk itself.",
                size=size_bytes,
                path=sources[index].path,
                end=sources[index].size_bytes,
            )
        )
    return reasons


def pv_warnings(histories: tuple[History, ...], places: PvPlaces) -> tuple[Message, ...]:
    """What an operator must hear about the sources before anything else."""
    warnings: list[Message] = []
    for history in histories:
        warnings.extend(history.warnings)
        newest = history.current or next(
            (version for version in reversed(history.versions) if version.usable), None
        )
        warnings.extend(
            message(
                "PV {pv} of VG {vg} (last seen as {hint}) is not among the given sources.",
                pv=pv.uuid,
                vg=history.vg_name or "?",
                hint=pv.device_hint or "?",
            )
            for pv in (newest.vg.pvs if newest and newest.vg else ())
            if places.source_of(pv.uuid) is None
        )
        helper = find_trim_helper(history)
        if helper is not None:
            warnings.append(
                message(
                    "The storage manager discarded the free space of VG {vg} (LV {name}, version "
                    "{id}): what was lost before that is gone on most disks, whatever the map says.",
                    vg=history.vg_name or "?",
                    name=helper.lv.name,
                    id=helper.first.id,
                )
            )
    return tuple(warnings)
