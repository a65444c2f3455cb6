"""The act commands: they copy, plan, watch; none of them writes to SOURCE."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from lvtui.cli import sources
from lvtui.cli.look import emit, emit_lines, warn
from lvtui.cli.progress import end_line, line, not_ended, stopping
from lvtui.errors import UserError
from lvtui.flow import cases, jobs
from lvtui.flow import extract as extracts
from lvtui.flow.discover import find_lost
from lvtui.flow.session import Session
from lvtui.flow.spec import parse_spec
from lvtui.host.paths import exists
from lvtui.host.textfile import read_lines
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.safe import safe


def wizard(options: argparse.Namespace) -> int:
    """`lvtui [SOURCE]`.

    Raises:
        UserError: SOURCE is neither a path nor a command.
    """
    for path in parse_spec(options.source) if options.source else ():
        if not exists(path):
            raise UserError(
                "LV-USE-05",
                "{what} is neither a command nor a path. See: lvtui --help",
                what=path,
            )
    session = Session(
        source=options.source,
        texts=tuple(options.texts),
        read_only=options.read_only,
        case_dir=options.case,
        step="device" if options.source else "start",
    )
    return open_wizard(session, options)


def demo(options: argparse.Namespace) -> int:
    """`lvtui demo [--clean]`."""
    from lvtui.flow.practice import clean_demo, prepare_demo  # noqa: PLC0415 - unpacks a disk

    if options.clean:
        removed = clean_demo()
        print(f"Removed {safe(str(removed))}" if removed else "There is no demo folder to remove.")
        return 0
    return open_wizard(replace(prepare_demo(), read_only=options.read_only), options)


def open_wizard(session: Session, options: argparse.Namespace) -> int:
    """The wizard on a session."""
    # The terminal is settled before Textual is imported: it reads its environment at import.
    from lvtui.ui import terminal  # noqa: PLC0415

    answers = None
    if options.answers is not None:
        answers = read_lines(options.answers)
    if options.plain or answers is not None or terminal.wants_plain():
        from lvtui.ui.plain import run_plain  # noqa: PLC0415 - the pages do without

        terminal.prepare_output()
        return run_plain(session, answers, "" if session.demo else terminal.host_name())
    problem = terminal.check()
    if problem is not None:
        raise UserError("LV-TRM-01", "{problem}", problem=str(problem))
    if options.ascii:
        os.environ["LVTUI_ASCII"] = "1"
    if options.no_color:
        os.environ["NO_COLOR"] = "1"
    terminal.settle_environment()
    from lvtui.ui.app import run  # noqa: PLC0415

    return run(session)


def extract(options: argparse.Namespace) -> int:
    """`lvtui extract SOURCE LV… --to FILE`."""
    wanted = extracts.prepare(
        lambda: sources.read(options),
        tuple(options.lvs),
        to=options.to,
        fmt=options.format,
        at=options.at,
        rate_bytes_per_s=options.rate,
        partial=options.partial,
    )
    warn(wanted.discovery)
    for warning in wanted.warnings:
        print(f"lvtui: {safe(str(warning), limit_chars=400)}", file=sys.stderr)
    case_dir = cases.case_for_jobs(wanted.jobs, options.case, wanted.discovery)
    if options.detach:
        started = [(jobs.start_job(case_dir, spec), spec) for spec in wanted.jobs]
        _say_started(case_dir, started, options)
        return 0
    ended: list[tuple[Path, JobSpec, CopyProgress]] = []
    with stopping() as stopped:
        for spec in wanted.jobs:
            job_dir = jobs.start_job(case_dir, spec)
            progress = jobs.watch_job(job_dir, line(f"{safe(spec.lv_name)}: ", stopped))
            end_line()
            if progress.state is not CopyState.DONE:
                return not_ended(case_dir, progress, stopped=stopped())
            ended.append((job_dir, spec, progress))
    return _say_ended(ended, options)


def _say_started(
    case_dir: Path, started: list[tuple[Path, JobSpec]], options: argparse.Namespace
) -> None:
    if options.json:
        rows = [{"lv": spec.lv_name, "job": str(job_dir)} for job_dir, spec in started]
        emit({"schema": "lvtui.detached/1", "case": str(case_dir), "jobs": rows})
    else:
        print(f"The copy runs in {safe(case_dir.name)}. Watch: lvtui attach {safe(case_dir.name)}")


def _say_ended(ended: list[tuple[Path, JobSpec, CopyProgress]], options: argparse.Namespace) -> int:
    """The results on stdout; the worst exit code."""
    worst = 0
    for _, spec, progress in ended:
        worst = extracts.worse(worst, extracts.exit_code(spec, progress))
    if options.json:
        results = [extracts.extract_answer(*one) for one in ended]
        several = {"schema": "lvtui.extracts/1", "results": results}
        emit(results[0] if len(results) == 1 else several)
    else:
        emit_lines(extracts.result_line(spec, progress) for _, spec, progress in ended)
    return worst


def plan(options: argparse.Namespace) -> int:
    """`lvtui plan SOURCE LV… --way a|b|c`."""
    if options.way != "a":
        from lvtui.cli.change import plan as plan_that_writes  # noqa: PLC0415 - loaded with its tools

        return plan_that_writes(options)
    discovery = sources.read(options)
    reports = tuple(find_lost(discovery, name, at=options.at) for name in options.lvs)
    script = extracts.plan_way_a(discovery, reports, options.to)
    case_dir = cases.case_for_jobs((), options.case, discovery)
    kept_in = cases.save_text(case_dir, "plan-a.sh", "\n".join(script) + "\n")
    if options.json:
        emit(extracts.plan_answer(reports, script, case_dir, kept_in))
    else:
        warn(discovery)
        emit_lines(script)
        print(f"Kept in {safe(str(kept_in), limit_chars=400)}", file=sys.stderr)
    return 0
