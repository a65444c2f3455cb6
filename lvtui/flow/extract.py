"""What `extract`, `plan --way a`, `attach` and `status` share: jobs for LVs, answers, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvtui.errors import DestinationError, UserError
from lvtui.flow.copy import (
    Severity,
    check_destination,
    dd_lines,
    default_file_name,
    make_job,
)
from lvtui.flow.discover import Discovery, find_lost
from lvtui.flow.formats import format_of
from lvtui.flow.judging import LostReport
from lvtui.host.paths import absolute, is_folder
from lvtui.message import Message
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.plan.recheck import merged
from lvtui.plan.remote import is_remote, parse_remote
from lvtui.safe import safe
from lvtui.source import ByteRange
from lvtui.units import human_bytes, human_percent

Json = dict[str, Any]

DAMAGED = 6
DIFFERS = 7
_WORST_FIRST = (DIFFERS, DAMAGED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What to copy, in the order asked for."""

    discovery: Discovery
    reports: tuple[LostReport, ...]
    jobs: tuple[JobSpec, ...]
    warnings: tuple[Message, ...]
    """What speaks against a destination without forbidding it."""


def prepare(
    read: Callable[[], Discovery],
    lvs: tuple[str, ...],
    *,
    to: str,
    fmt: str = "lv",
    at: str | None = None,
    rate_bytes_per_s: int | None = None,
    partial: bool = False,
) -> Extract:
    """Find the LVs in what `read` answers and make their jobs; nothing is written.

    Raises:
        UserError: an LV is not found, or several go to one file. DestinationError: refused.
    """
    if rate_bytes_per_s is not None and rate_bytes_per_s <= 0:
        raise UserError("LV-USE-04", "A rate limit is a number of bytes per second above 0.")
    discovery = read()
    reports = tuple(find_lost(discovery, name, at=at) for name in lvs)
    jobs: list[JobSpec] = []
    warnings: list[Message] = []
    for report, path in zip(reports, destinations(reports, to, fmt), strict=True):
        job = make_job(
            discovery,
            report,
            to=path,
            fmt=fmt,
            rate_bytes_per_s=rate_bytes_per_s,
            partial=partial,
        )
        jobs.append(job)
        for finding in check_destination(discovery, path, job.need_bytes or job.size_bytes):
            if finding.severity is Severity.STOP and not _is_our_image(finding.code):
                raise DestinationError(finding.code, "{problem}", problem=str(finding.message))
            if finding.severity is Severity.WARN:
                warnings.append(finding.message)
    return Extract(discovery=discovery, reports=reports, jobs=tuple(jobs), warnings=tuple(warnings))


def _is_our_image(code: str) -> bool:
    """An image that exists may be a job's own: `start_job` tells, and refuses any other."""
    return code == "LV-DST-01"


def destinations(reports: tuple[LostReport, ...], to: str, fmt: str) -> tuple[str, ...]:
    """The absolute path of each image; several LVs, or a folder, get default names.

    Raises:
        DestinationError: several LVs go to a path that is not a folder.
    """
    path = absolute(to)
    if is_remote(path):
        return _on_another_host(reports, path, fmt)
    if is_folder(path):
        return tuple(
            str(Path(path) / default_file_name(report, format_of(report, fmt)))
            for report in reports
        )
    if len(reports) > 1:
        raise DestinationError(
            "LV-DST-20",
            "{path} is not a folder, and {count:count} LVs need one: a file each. Make it with mkdir.",
            path=path,
            count=len(reports),
        )
    return (path,)


def _on_another_host(reports: tuple[LostReport, ...], to: str, fmt: str) -> tuple[str, ...]:
    """What ends with a slash is a folder there: nobody looks before the line is open."""
    if to.endswith("/"):
        named = (default_file_name(report, format_of(report, fmt)) for report in reports)
        paths = tuple(to + name for name in named)
    elif len(reports) > 1:
        raise DestinationError(
            "LV-DST-24",
            "{count:count} LVs need a folder on the other host: end {path} with a slash.",
            path=to,
            count=len(reports),
        )
    else:
        paths = (to,)
    for path in paths:
        parse_remote(path)
    return paths


def exit_code(spec: JobSpec, progress: CopyProgress) -> int:
    """0, 6 (unreadable, overwritten or at-risk data) or 7 (verification differs)."""
    result = progress.result
    if result is None:
        return 0
    if not result.verified:
        return DIFFERS
    damaged = result.unreadable_ranges or result.overwritten or result.at_risk
    return DAMAGED if damaged or spec.overwritten or spec.at_risk else 0


def worse(one: int, other: int) -> int:
    """The worse of two exit codes of `exit_code`."""
    return next(code for code in _WORST_FIRST if code in {one, other})


def extract_answer(job_dir: Path, spec: JobSpec, progress: CopyProgress) -> Json:
    """`lvtui.extract/1`; a job that has not ended has no result to answer with."""
    result = progress.result
    assert result is not None, "only a finished job has an answer"
    return {
        "schema": "lvtui.extract/1",
        "lv": spec.lv_name,
        "version": spec.version_id,
        "to": spec.to,
        "format": spec.format,
        "bytes_written": result.bytes_written,
        "bytes_holes": result.bytes_holes,
        "manifest_sha256": result.manifest_sha256,
        "source_sha256": result.source_sha256,
        "destination_sha256": result.destination_sha256 or None,
        "verified": result.verified,
        "unreadable_ranges": _ranges(result.unreadable_ranges),
        "overwritten_ranges": _ranges(merged((*spec.overwritten, *result.overwritten))),
        "at_risk_ranges": _ranges(merged((*spec.at_risk, *result.at_risk))),
        "note": str(result.note) if result.note else None,
        "mapfile": str(job_dir / "map"),
        "seconds": round(result.seconds, 3),
    }


def _ranges(ranges: tuple[ByteRange, ...]) -> list[list[int]]:
    return [[run.offset_bytes, run.length_bytes] for run in ranges]


def result_line(spec: JobSpec, progress: CopyProgress) -> str:
    """`VHD-… 80.0 MiB verified sha256 … /path`."""
    result = progress.result
    assert result is not None, "only a finished job has a result"
    word = "verified" if result.verified else "DIFFERS FROM WHAT WAS READ"
    bad = sum(run.length_bytes for run in result.unreadable_ranges)
    notes = [
        text
        for amount, text in (
            (bad, "unreadable"),
            (sum(run.length_bytes for run in spec.overwritten), "overwritten before"),
            (sum(run.length_bytes for run in result.overwritten), "overwritten meanwhile"),
            (
                sum(run.length_bytes for run in merged((*spec.at_risk, *result.at_risk))),
                "at risk",
            ),
        )
        if amount
        for text in [f"{human_bytes(amount)} {text}"]
    ]
    line = (
        f"{safe(spec.lv_name)}  {human_bytes(spec.size_bytes)}  {word}  "
        f"sha256 {result.destination_sha256 or '-'}  {safe(spec.to, limit_chars=512)}"
    )
    return "  ".join([line, *notes])


def status_answer(job_dir: Path, spec: JobSpec, progress: CopyProgress) -> Json:
    """One job of `lvtui.status/1`."""
    return {
        "job": str(job_dir),
        "lv": spec.lv_name,
        "to": spec.to,
        "state": progress.state.value,
        "size_bytes": progress.size_bytes,
        "done_bytes": progress.done_bytes,
        "holes_bytes": progress.holes_bytes,
        "unreadable_bytes": progress.unreadable_bytes,
        "read_errors": progress.read_errors,
        "rate_bytes_per_s": round(progress.rate_now_bytes_per_s),
        "eta_seconds": progress.eta_seconds,
        "pid": progress.pid,
        "problem": str(progress.problem) if progress.problem else None,
        "result": extract_answer(job_dir, spec, progress) if progress.result else None,
    }


def status_line(spec: JobSpec, progress: CopyProgress) -> str:
    """State, share, and what is wrong."""
    if progress.state is CopyState.DONE and progress.result:
        return result_line(spec, progress)
    problem = f"  {safe(str(progress.problem), limit_chars=400)}" if progress.problem else ""
    return (
        f"{safe(spec.lv_name)}  {progress.state.value}  {human_bytes(progress.done_bytes)} of "
        f"{human_bytes(progress.size_bytes)} "
        f"({human_percent(progress.done_bytes, progress.size_bytes)})  "
        f"read errors {progress.read_errors}  {safe(spec.to, limit_chars=512)}{problem}"
    )


def plan_way_a(discovery: Discovery, reports: tuple[LostReport, ...], to: str | None) -> list[str]:
    """The commands of way A as a commented shell script that works without lvtui."""
    paths = destinations(reports, to or ".", "lv")
    lines = [
        "#!/bin/sh",
        "# lvtui plan, way A: copy lost volumes by their extents. Reads the damaged disk only.",
        "# Check the device paths below before you run this: letters change between boots.",
        "set -eu",
    ]
    for report, path in zip(reports, paths, strict=True):
        lines += [
            "",
            (
                f"# {safe(report.lost.lv.name)}, {human_bytes(report.size_bytes)}, as it stands in "
                f"version {safe(report.lost.last_seen.id)}: {report.verdict.word.value}"
            ),
        ]
        lines += [f"# {safe(str(reason), limit_chars=400)}" for reason in report.verdict.reasons]
        lines += dd_lines(discovery, report, to=path)
    return lines


def plan_answer(
    reports: tuple[LostReport, ...], script: list[str], case_dir: Path, kept_in: Path
) -> Json:
    """`lvtui.plan/1`."""
    return {
        "schema": "lvtui.plan/1",
        "way": "a",
        "case": str(case_dir),
        "script": str(kept_in),
        "lvs": [
            {
                "name": report.lost.lv.name,
                "uuid": report.lost.lv.uuid,
                "verdict": report.verdict.word.value,
            }
            for report in reports
        ],
        "writes_to_source_bytes": 0,
        "lines": script,
    }
