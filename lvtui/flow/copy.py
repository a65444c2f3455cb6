"""From a lost volume to a copy job, as a value; the other parts of a copy are found here, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lvtui.errors import CheckStop, UserError
from lvtui.flow.by_hand import dd_lines_of
from lvtui.flow.destination import (
    DestinationRow,
    Finding,
    Severity,
    check_destination,
    suggest_destinations,
)
from lvtui.flow.discover import Discovery
from lvtui.flow.disks import plan_disk
from lvtui.flow.heads import refuse_absent
from lvtui.flow.jobs import (
    ask,
    find_jobs,
    leave_or_watch,
    progress_of,
    resume_job,
    run_job,
    spec_of,
    start_job,
    watch_job,
)
from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlace
from lvtui.host.copy.headers import state_of
from lvtui.host.paths import absolute
from lvtui.lvm.mapping import MappedRange
from lvtui.plan.job import JobPiece, JobSource, JobSpec
from lvtui.source import ByteRange

__all__ = [
    "DestinationRow",
    "Finding",
    "Severity",
    "ask",
    "check_destination",
    "dd_lines",
    "default_file_name",
    "find_jobs",
    "leave_or_watch",
    "make_job",
    "progress_of",
    "resume_job",
    "run_job",
    "spec_of",
    "start_job",
    "suggest_destinations",
    "watch_job",
]

FORMATS = ("lv", "vhd", "raw")
FILE_NAME_CHARS_MAX = 120


def default_file_name(report: LostReport, fmt: str) -> str:
    """`VHD-1b2c9f04-….lv`: safe for any file system."""
    name = re.sub(r"[^A-Za-z0-9_.+-]", "_", report.lost.lv.name).lstrip(".-")
    return f"{name[:FILE_NAME_CHARS_MAX] or 'volume'}.{fmt}"


def make_job(
    discovery: Discovery,
    report: LostReport,
    *,
    to: str,
    fmt: str = "lv",
    rate_bytes_per_s: int | None = None,
    partial: bool = False,
) -> JobSpec:
    """The job as a value.

    What lies behind the end of a source becomes a named gap; but a source that is only the head of
    its disk is refused for a volume that goes on behind it, unless `partial`.

    Raises:
        UserError, CheckStop: an unsupported segment type, an unknown format, nothing to copy from.
    """
    if fmt not in FORMATS:
        raise UserError(
            "LV-CPY-01",
            "There is no format {format}: lv is the volume byte for byte, vhd one stand-alone VHD, raw "
            "the disk itself.",
            format=fmt,
        )
    if not report.ranges:
        reasons = report.verdict.reasons
        raise CheckStop(
            "LV-CPY-08",
            "{name} cannot be copied: {why}",
            name=report.lost.lv.name,
            why=str(reasons[0]) if reasons else "its extents are not known",
        )
    sizes = [source.size_bytes for source in discovery.sources]
    if fmt != "lv":
        return _disk_job(
            discovery, report, fmt, sizes, to, rate_bytes_per_s=rate_bytes_per_s, partial=partial
        )
    pieces = _image(discovery, report.ranges, sizes)
    if not partial:
        refuse_absent(discovery, report, pieces)
    history = report.lost.history
    return JobSpec(
        lv_name=report.lost.lv.name,
        lv_uuid=report.lost.lv.uuid,
        vg_uuid=history.vg_uuid,
        version_id=report.lost.last_seen.id,
        format=fmt,
        size_bytes=report.size_bytes,
        sources=_sources(discovery),
        currents=_currents(discovery),
        texts=tuple(map(absolute, discovery.texts)),
        pieces=pieces,
        to=absolute(to),
        overwritten=_conflicts(report, now=True),
        at_risk=_conflicts(report, now=False),
        rate_bytes_per_s=rate_bytes_per_s,
    )


def _disk_job(
    discovery: Discovery,
    report: LostReport,
    fmt: str,
    sizes: list[int],
    to: str,
    *,
    rate_bytes_per_s: int | None,
    partial: bool,
) -> JobSpec:
    """A job that makes an image of the disk in the volume."""

    def pieces_of(ranges: tuple[MappedRange, ...]) -> tuple[JobPiece, ...]:
        pieces = _image(discovery, ranges, sizes)
        if not partial:
            refuse_absent(discovery, report, pieces)
        return pieces

    disk = plan_disk(discovery, report, fmt, pieces_of, partial=partial)
    return JobSpec(
        lv_name=report.lost.lv.name,
        lv_uuid=report.lost.lv.uuid,
        vg_uuid=report.lost.history.vg_uuid,
        version_id=report.lost.last_seen.id,
        format=fmt,
        size_bytes=disk.size_bytes,
        sources=_sources(discovery),
        currents=_currents(discovery),
        texts=tuple(map(absolute, discovery.texts)),
        pieces=(),
        to=absolute(to),
        overwritten=disk.overwritten,
        at_risk=disk.at_risk,
        rate_bytes_per_s=rate_bytes_per_s,
        layers=disk.layers,
        partial=partial,
        need_bytes=disk.need_bytes,
    )


def dd_lines(discovery: Discovery, report: LostReport, *, to: str) -> tuple[str, ...]:
    """Way A by hand: `dd` lines, one a run of extents, that give the same image.

    The saved head of a disk counts as the whole disk, as large as its label says: the lines are
    read, and run, where the disk is.
    """
    sizes = [
        max(source.size_bytes, source.label.device_size_bytes if source.label else 0)
        for source in discovery.sources
    ]
    spec = make_job(discovery, report, to=to, partial=True)
    return dd_lines_of(replace(spec, pieces=_image(discovery, report.ranges, sizes)))


def _image(
    discovery: Discovery, ranges: tuple[MappedRange, ...], sizes: list[int]
) -> tuple[JobPiece, ...]:
    """The pieces of a volume, in its order."""
    places = dict(discovery.places.places)
    return tuple(piece for run in ranges for piece in _pieces(run, places.get(run.pv_uuid), sizes))


def _sources(discovery: Discovery) -> tuple[JobSource, ...]:
    first = {place.device: (uuid, place) for uuid, place in reversed(discovery.places.places)}
    return tuple(
        JobSource(
            path=absolute(source.path),
            pv_uuid=first[index][0] if index in first else None,
            base_bytes=first[index][1].base_bytes if index in first else 0,
            identity=source.identity,
            metadata_areas=tuple(
                ByteRange(area.offset_bytes, area.size_bytes) for area in source.areas
            ),
            committed=tuple(state_of(area.header) for area in source.areas),
        )
        for index, source in enumerate(discovery.sources)
    )


def _currents(discovery: Discovery) -> tuple[str, ...]:
    return tuple(history.current.text_sha256 for history in discovery.histories if history.current)


def _pieces(run: MappedRange, place: PvPlace | None, sizes: list[int]) -> Iterator[JobPiece]:
    """A run as pieces: what lies behind the end of its source has none."""
    there_bytes = 0
    if place is not None:
        offset_bytes = place.base_bytes + run.pv_offset_bytes
        there_bytes = max(0, min(run.length_bytes, sizes[place.device] - offset_bytes))
        if there_bytes:
            yield JobPiece(
                out_offset_bytes=run.lv_offset_bytes,
                length_bytes=there_bytes,
                source=place.device,
                source_offset_bytes=offset_bytes,
            )
    if there_bytes < run.length_bytes:
        yield JobPiece(
            out_offset_bytes=run.lv_offset_bytes + there_bytes,
            length_bytes=run.length_bytes - there_bytes,
            source=None,
            source_offset_bytes=0,
        )


def _conflicts(report: LostReport, *, now: bool) -> tuple[ByteRange, ...]:
    """Ranges of the image that another LV owns now, or owned in between; neighbours joined."""
    extent_bytes = report.verdict.extent_bytes
    joined: list[ByteRange] = []
    runs = sorted(
        (conflict.lv_start_extent * extent_bytes, conflict.extent_count * extent_bytes)
        for conflict in report.verdict.conflicts
        if conflict.now is now
    )
    for start, length in runs:
        if joined and start <= joined[-1].end_bytes:
            end = max(joined[-1].end_bytes, start + length)
            joined[-1] = ByteRange(joined[-1].offset_bytes, end - joined[-1].offset_bytes)
        else:
            joined.append(ByteRange(start, length))
    return tuple(joined)
