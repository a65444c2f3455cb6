"""The act commands: they copy, plan, watch; none of them writes to SOURCE."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from lvtui.cli.look import emit, emit_lines, warn
from lvtui.errors import UserError
from lvtui.flow.session import Session
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.safe import safe
from lvtui.units import human_bytes, human_duration, human_percent, human_rate

_INTERRUPTED = 130


def wizard(options: argparse.Namespace) -> int:
    """`lvtui [SOURCE]`."""
    session = Session(source=options.source, read_only=options.read_only, case_dir=options.case)
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
    terminal.settle(ascii_only=options.ascii, no_color=options.no_color)
    from lvtui.ui.app import run  # noqa: PLC0415

    return run(session)


def extract(options: argparse.Namespace) -> int:
    """`lvtui extract SOURCE LV… --to FILE`."""
    from lvtui.flow import copying  # noqa: PLC0415

    discovery, jobs = copying.prepare_extract(
        options.source,
        tuple(options.lvs),
        to=options.to,
        fmt=options.format,
        at=options.at,
        rate_bytes_per_s=options.rate,
    )
    warn(discovery)
    case_dir = copying.case_for(jobs, options.case)
    results = []
    worst = 0
    with _stopping() as stopped:
        for spec in jobs:
            if options.detach:
                job_dir = copying.start_job(case_dir, spec)
                results.append({"lv": spec.lv_name, "job": str(job_dir)})
                continue
            show = _line(f"{safe(spec.lv_name)}: ", stopped)
            progress = copying.run_job(case_dir, spec, on_progress=show)
            _end_line()
            code = copying.exit_code(spec, progress)
            if stopped():
                print(f"Stopped. To go on: lvtui resume {case_dir.name}", file=sys.stderr)
                return _INTERRUPTED
            copying.raise_problem(progress)
            worst = copying.worse(worst, code)
            results.append(copying.extract_answer(case_dir, spec, progress))
    if options.detach:
        answer = {"schema": "lvtui.detached/1", "case": str(case_dir), "jobs": results}
        lines = [f"{safe(case_dir.name)}: the copy runs. Watch: lvtui attach {case_dir.name}"]
    else:
        several = {"schema": "lvtui.extracts/1", "results": results}
        answer = results[0] if len(results) == 1 else several
        lines = [copying.result_line(result) for result in results]
    if options.json:
        emit(answer)
    else:
        emit_lines(lines)
    return worst


def plan(options: argparse.Namespace) -> int:
    """`lvtui plan SOURCE LV… --way a`."""
    from lvtui.flow import copying  # noqa: PLC0415

    planned = copying.plan_way_a(
        options.source, tuple(options.lvs), to=options.to, at=options.at, case=options.case
    )
    if options.json:
        emit(planned.answer)
    else:
        warn(planned.discovery)
        emit_lines(planned.script)
        print(f"Kept in {safe(planned.kept_in, limit_chars=400)}", file=sys.stderr)
    return 0


def attach(options: argparse.Namespace) -> int:
    """`lvtui attach [CASE]`: watches until the copies end; leaving does not stop them."""
    from lvtui.flow import copying  # noqa: PLC0415

    case_dir = copying.find_case(options.case_arg)
    worst = 0
    answers = []
    with _stopping() as stopped:
        for job_dir, spec in copying.jobs_of(case_dir):
            progress = copying.watch(job_dir, _line(f"{safe(spec.lv_name)}: ", stopped))
            _end_line()
            if stopped():
                print(f"Left; the copy goes on: lvtui attach {case_dir.name}", file=sys.stderr)
                return _INTERRUPTED
            copying.raise_problem(progress)
            worst = copying.worse(worst, copying.exit_code(spec, progress))
            answers.append(copying.status_answer(job_dir, spec, progress))
    _status(case_dir, answers, options)
    return worst


def status(options: argparse.Namespace) -> int:
    """`lvtui status [CASE]`."""
    from lvtui.flow import copying  # noqa: PLC0415

    case_dir = copying.find_case(options.case_arg)
    answers = [
        copying.status_answer(job_dir, spec, copying.progress_of(job_dir))
        for job_dir, spec in copying.jobs_of(case_dir)
    ]
    _status(case_dir, answers, options)
    return 0


def _status(case_dir: Path, answers: list[dict[str, object]], options: argparse.Namespace) -> None:
    if options.json:
        emit({"schema": "lvtui.status/1", "case": str(case_dir), "jobs": answers})
    else:
        from lvtui.flow import copying  # noqa: PLC0415

        emit_lines([copying.status_line(answer) for answer in answers] or ["No copy in this case."])


def pause(options: argparse.Namespace) -> int:
    """`lvtui pause [CASE]`."""
    from lvtui.flow import copying  # noqa: PLC0415

    case_dir = copying.find_case(options.case_arg)
    for job_dir, _ in copying.jobs_of(case_dir):
        copying.ask(job_dir, "pause")
    return status(options)


def resume(options: argparse.Namespace) -> int:
    """`lvtui resume [CASE]`: with the copy where that waits, with the wizard where a decision does."""
    from lvtui.flow import copying  # noqa: PLC0415

    case_dir = copying.find_case(options.case_arg)
    waiting = [
        job_dir
        for job_dir, _ in copying.jobs_of(case_dir)
        if copying.progress_of(job_dir).state is not CopyState.DONE
    ]
    if not waiting and not options.json:
        options.ascii = options.no_color = False
        return _open_wizard(copying.load_session(case_dir), options)
    for job_dir in waiting:
        if copying.progress_of(job_dir).pid is not None:
            copying.ask(job_dir, "run", rate_bytes_per_s=options.rate)
        else:
            copying.resume_job(job_dir)
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
