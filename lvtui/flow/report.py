"""The report: what was lost, what came back, how it was proven, what was changed on which disk.

One page for the boss (`rows`), an annex for the specialist, as values; `report_forms` writes them.
Words: a verified image of a disk of an SR is `IMAGE ONLY` until it is back in XenServer.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.listing import local_time
from lvtui.flow.session import Session
from lvtui.flow.written import writes_of
from lvtui.lvm.verdict import VerdictWord
from lvtui.message import Message, message
from lvtui.plan.facts import CopyProgress, CopyResult, CopyState
from lvtui.plan.job import JobSpec
from lvtui.plan.recheck import merged, without
from lvtui.source import ByteRange

RECOVERED = "RECOVERED"
RECOVERED_WITH_DAMAGE = "RECOVERED WITH DAMAGE"
IMAGE_ONLY = "IMAGE ONLY"
NOT_RECOVERED = "NOT RECOVERED"


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the page: a short label, a sentence."""

    label: str
    text: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeReport:
    """One lost volume."""

    word: str
    headline: Message
    rows: tuple[ReportRow, ...]
    annex: tuple[ReportRow, ...]
    """Ranges and reasons, for a specialist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All volumes of a session, the worst word first in `word`."""

    word: str
    volumes: tuple[VolumeReport, ...]
    rows: tuple[ReportRow, ...]
    """What holds for all: the source, bytes written to it, what is still to do."""


_WORST = (NOT_RECOVERED, RECOVERED_WITH_DAMAGE, IMAGE_ONLY, RECOVERED)


def make_report(
    session: Session, discovery: Discovery, jobs: tuple[tuple[JobSpec, CopyProgress], ...]
) -> Report:
    """From what was found, how each copy ended, and what the plans of the case have written."""
    by_uuid = {report.lost.lv.uuid: report for report in discovery.lost + discovery.shrunk}
    volumes = tuple(
        _volume(by_uuid.get(spec.lv_uuid), discovery, spec, progress) for spec, progress in jobs
    )
    written = writes_of(session.case_dir)
    touched = (
        message("LVM metadata was written by plans of this case: see Changed.")
        if written
        else message("0 bytes written to this disk by lvtui.")
    )
    rows = [ReportRow(source.path, touched) for source in discovery.sources]
    rows += [ReportRow("Changed", sentence) for sentence in written]
    if session.demo:
        rows.append(ReportRow("Demo", message("This was practice on a built-in damaged disk.")))
    else:
        rows.append(
            ReportRow(
                "Still to do",
                message(
                    "Check the image before it is used; keep it, the case folder and the damaged "
                    "disk until the machine has run for some days."
                ),
            )
        )
    words = [volume.word for volume in volumes]
    word = next((word for word in _WORST if word in words), NOT_RECOVERED)
    return Report(word=word, volumes=volumes, rows=tuple(rows))


def _volume(
    found: LostReport | None, discovery: Discovery, spec: JobSpec, progress: CopyProgress
) -> VolumeReport:
    result = progress.result
    damaged_bytes = sum(run.length_bytes for run in _overwritten(spec, result))
    risk_bytes = sum(run.length_bytes for run in _at_risk(spec, result))
    unreadable_bytes = sum(run.length_bytes for run in result.unreadable_ranges) if result else 0
    rows: list[ReportRow] = []
    if found is not None:
        rows += _loss_rows(found)
    if progress.state is not CopyState.DONE or result is None or not result.verified:
        why = progress.problem or message("The copy has not ended: {state}.", state=progress.state)
        rows.append(ReportRow("Image", why))
        return VolumeReport(
            word=NOT_RECOVERED,
            headline=message("{name}: no verified image yet", name=spec.lv_name),
            rows=tuple(rows),
            annex=(),
        )
    rows.append(
        ReportRow("Image", message("{path}  {size:bytes}", path=spec.to, size=spec.size_bytes))
    )
    rows.append(
        ReportRow(
            "Proof",
            message("read back and compared, sha256 {sum}", sum=result.destination_sha256),
        )
    )
    not_old_bytes = damaged_bytes + unreadable_bytes
    if not_old_bytes:
        rows.append(
            ReportRow(
                "Damage",
                message(
                    "{over:bytes} belong to other volumes now, {bad:bytes} could not be read: "
                    "ranges in the annex",
                    over=damaged_bytes,
                    bad=unreadable_bytes,
                ),
            )
        )
    if risk_bytes:
        rows.append(
            ReportRow(
                "Not certain",
                message(
                    "{risk:bytes} were given to other volumes in between and may hold their data",
                    risk=risk_bytes,
                ),
            )
        )
    if result.note is not None:
        rows.append(ReportRow("Disk in use", result.note))
    left = (max(0, spec.size_bytes - not_old_bytes), spec.size_bytes)
    return VolumeReport(
        word=_word(discovery, damaged=bool(not_old_bytes or risk_bytes)),
        headline=_headline(spec, found, left, certain=not (not_old_bytes or risk_bytes)),
        rows=tuple(rows),
        annex=_annex(found, spec, progress),
    )


def _overwritten(spec: JobSpec, result: CopyResult | None) -> tuple[ByteRange, ...]:
    """What belonged to others before, and what was given to them while it was copied."""
    return merged((*spec.overwritten, *(result.overwritten if result else ())))


def _at_risk(spec: JobSpec, result: CopyResult | None) -> tuple[ByteRange, ...]:
    ranges = (*spec.at_risk, *(result.at_risk if result else ()))
    return without(ranges, _overwritten(spec, result))


def _headline(
    spec: JobSpec, found: LostReport | None, left: tuple[int, int], *, certain: bool
) -> Message:
    if certain and found and found.verdict.word is VerdictWord.INTACT:
        return message(
            "{name}: no extent of it was ever given to another volume", name=spec.lv_name
        )
    if left[0] == left[1]:
        return message("{name}: nothing shows that data was overwritten", name=spec.lv_name)
    return message(
        "{name}: at most {left:percent} of the data is the old data", name=spec.lv_name, left=left
    )


def _word(discovery: Discovery, *, damaged: bool) -> str:
    if discovery.is_sr:
        return IMAGE_ONLY
    return RECOVERED_WITH_DAMAGE if damaged else RECOVERED


def _loss_rows(found: LostReport) -> list[ReportRow]:
    lost = found.lost
    rows = [
        ReportRow(
            "Found",
            message(
                "version {id} of {when}, {extents:count} extents, verdict {word}",
                id=lost.last_seen.id,
                when=local_time(lost.last_seen.creation_time),
                extents=lost.lv.extent_count,
                word=found.verdict.word.value,
            ),
        )
    ]
    if lost.first_missing is not None:
        rows.insert(
            0,
            ReportRow(
                "Lost",
                message(
                    "by version {id} of {when}",
                    id=lost.first_missing.id,
                    when=local_time(lost.first_missing.creation_time),
                ),
            ),
        )
    return rows


def _annex(
    found: LostReport | None, spec: JobSpec, progress: CopyProgress
) -> tuple[ReportRow, ...]:
    rows = [
        ReportRow("LV", message("{name}, uuid {uuid}", name=spec.lv_name, uuid=spec.lv_uuid)),
        ReportRow("Version", message("{id}", id=spec.version_id)),
    ]
    if found:
        rows += [ReportRow("Reason", reason) for reason in found.verdict.reasons]
    result = progress.result
    for label, ranges in (
        ("Overwritten", _overwritten(spec, result)),
        ("At risk", _at_risk(spec, result)),
        ("Unreadable", result.unreadable_ranges if result else ()),
    ):
        rows += [
            ReportRow(
                label,
                message(
                    "{length} bytes from byte {offset} of the image",
                    length=run.length_bytes,
                    offset=run.offset_bytes,
                ),
            )
            for run in ranges
        ]
    if result:
        rows += [
            ReportRow("Manifest", message("sha256 {sum}", sum=result.manifest_sha256)),
            ReportRow(
                "Written",
                message(
                    "{data:bytes} of data, {holes:bytes} of holes, in {took:duration}",
                    data=result.bytes_written,
                    holes=result.bytes_holes,
                    took=result.seconds,
                ),
            ),
        ]
    return tuple(rows)
