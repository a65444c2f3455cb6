"""The act commands: they copy, plan, watch; none of them writes to SOURCE."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from lvtui.cli.look import emit, emit_lines, warn
from lvtui.errors import DestinationError, UserError
from lvtui.flow import cases, jobs
from lvtui.flow import extract as extracts
from lvtui.flow.discover import discover, find_lost, parse_spec
from lvtui.flow.report import report_html, report_json, report_markdown
from lvtui.flow.session import Session
from lvtui.host.paths import exists
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.safe import safe
from lvtui.units import human_bytes, human_duration, human_percent, human_rate

_INTERRUPTED = 130


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
        read_only=options.read_only,
        case_dir=options.case,
        step="device" if options.source else "start",
    )
    return _open_wizard(session, options)


def demo(options: argparse.Namespace) -> int:
    """`lvtui demo [--clean]`."""
    from lvtui.flow.practice import clean_demo, prepare_demo  # noqa: PLC0415 - unpacks a disk

    if options.clean:
        removed = clean_demo()
        print(f"Removed {safe(str(removed))}" if removed else "There is no demo folder to remove.")
        return 0
    return _open_wizard(replace(prepare_demo(), read_only=options.read_only), options)


def _open_wizard(session: Session, options: argparse.Namespace) -> int:
    # The terminal is settled before Textual is imported: it reads its environment at import.
    from lvtui.ui import terminal  # noqa: PLC0415

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
        options.source,
        tuple(options.lvs),
        to=options.to,
        fmt=options.format,
        at=options.at,
        rate_bytes_per_s=options.rate,
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
    with _stopping() as stopped:
        for spec in wanted.jobs:
            job_dir = jobs.start_job(case_dir, spec)
            progress = jobs.watch_job(job_dir, _line(f"{safe(spec.lv_name)}: ", stopped))
            _end_line()
            if progress.state is not CopyState.DONE:
                return _not_ended(case_dir, progress, stopped=stopped())
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


def _not_ended(case_dir: Path, progress: CopyProgress, *, stopped: bool) -> int:
    """A copy that stopped before its end: interrupted, or for a reason of its own.

    Raises:
        DestinationError: it failed.
    """
    again = f"lvtui resume {safe(case_dir.name)}"
    if stopped or progress.problem is None:
        print(f"Stopped at a checkpoint. To go on: {again}", file=sys.stderr)
        return _INTERRUPTED
    raise DestinationError(
        "LV-CPY-01",
        "{problem} What was copied is kept. To go on: {again}",
        problem=str(progress.problem),
        again=again,
    )


def plan(options: argparse.Namespace) -> int:
    """`lvtui plan SOURCE LV… --way a`."""
    discovery = discover(options.source)
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


def attach(options: argparse.Namespace) -> int:
    """`lvtui attach [CASE]`: watches until the copies end; leaving does not stop them."""
    case_dir = cases.find_case(options.case_arg)
    seen = []
    with _stopping() as stopped:
        for job_dir in jobs.find_jobs(case_dir):
            spec = jobs.spec_of(job_dir)
            progress = jobs.leave_or_watch(job_dir, _line(f"{safe(spec.lv_name)}: ", stopped))
            _end_line()
            if stopped():
                again = f"lvtui attach {safe(case_dir.name)}"
                print(f"You have left; the copy goes on. Come back: {again}", file=sys.stderr)
                return _INTERRUPTED
            seen.append((job_dir, spec, progress))
    _say_status(case_dir, seen, options)
    for _, _, progress in seen:
        if progress.state is not CopyState.DONE:
            return _not_ended(case_dir, progress, stopped=False)
    worst = 0
    for _, spec, progress in seen:
        worst = extracts.worse(worst, extracts.exit_code(spec, progress))
    return worst


def status(options: argparse.Namespace) -> int:
    """`lvtui status [CASE]`."""
    case_dir = cases.find_case(options.case_arg)
    seen = [
        (job_dir, jobs.spec_of(job_dir), jobs.progress_of(job_dir))
        for job_dir in jobs.find_jobs(case_dir)
    ]
    _say_status(case_dir, seen, options)
    return 0


def _say_status(
    case_dir: Path, seen: list[tuple[Path, JobSpec, CopyProgress]], options: argparse.Namespace
) -> None:
    if options.json:
        answers = [extracts.status_answer(*one) for one in seen]
        emit({"schema": "lvtui.status/1", "case": str(case_dir), "jobs": answers})
        return
    print(f"{safe(case_dir.name)}  {safe(str(case_dir), limit_chars=400)}")
    emit_lines(extracts.status_line(spec, progress) for _, spec, progress in seen)
    if not seen:
        print("No copy in this case yet.")


def report(options: argparse.Namespace) -> int:
    """`lvtui report [CASE]`: written into the case and printed."""
    case_dir = cases.find_case(options.case_arg)
    made = cases.report_of(case_dir)
    cases.save_report(case_dir, made)
    if options.json:
        emit(report_json(made))
    else:
        print(report_html(made) if options.html else report_markdown(made), end="")
    return 0


def pause(options: argparse.Namespace) -> int:
    """`lvtui pause [CASE]`."""
    for job_dir in jobs.find_jobs(cases.find_case(options.case_arg)):
        if jobs.progress_of(job_dir).state is not CopyState.DONE:
            jobs.ask(job_dir, "pause")
    return status(options)


def resume(options: argparse.Namespace) -> int:
    """`lvtui resume [CASE]`: with the copy where that waits, with the wizard where a decision does."""
    case_dir = cases.find_case(options.case_arg)
    waiting = [
        job_dir
        for job_dir in jobs.find_jobs(case_dir)
        if jobs.progress_of(job_dir).state is not CopyState.DONE
    ]
    if not waiting and not options.json:
        options.ascii = options.no_color = False
        return _open_wizard(cases.load_session(case_dir), options)
    for job_dir in waiting:
        if options.rate is not None:
            jobs.ask(job_dir, "run", rate_bytes_per_s=options.rate)
        jobs.resume_job(job_dir)
    return status(options)


@contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM ask to stop; SIGHUP leaves at once, as the worker is its own session."""
    caught: list[int] = []

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {
        number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _line(head: str, stopped: Callable[[], bool]) -> Callable[[CopyProgress], bool]:
    """Shows progress: one line rewritten on a terminal, one line each 5 % elsewhere."""
    shown_percent = -5
    tty = sys.stderr.isatty()

    def show(progress: CopyProgress) -> bool:
        nonlocal shown_percent
        percent = progress.done_bytes * 100 // max(1, progress.size_bytes)
        if tty or percent >= shown_percent + 5:
            shown_percent = percent
            eta = progress.eta_seconds
            text = (
                f"{head}{progress.state.value} {human_bytes(progress.done_bytes)} of "
                f"{human_bytes(progress.size_bytes)} "
                f"({human_percent(progress.done_bytes, progress.size_bytes)}), "
                f"{human_rate(progress.rate_now_bytes_per_s)}, "
                f"{'about ' + human_duration(eta) + ' left' if eta else 'time left unknown'}, "
                f"read errors {progress.read_errors}"
            )
            print(f"\r{text:<79}" if tty else text, end="" if tty else "\n", file=sys.stderr)
            sys.stderr.flush()
        return not stopped()

    return show


def _end_line() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
