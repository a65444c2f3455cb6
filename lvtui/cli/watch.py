"""The commands on a case: attach, status, report, pause, resume, verify."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lvtui.cli.act import open_wizard
from lvtui.cli.look import emit, emit_lines
from lvtui.cli.progress import INTERRUPTED, end_line, image_line, line, not_ended, stopping
from lvtui.errors import UserError
from lvtui.flow import cases, jobs
from lvtui.flow import extract as extracts
from lvtui.flow.report_forms import report_html, report_json, report_markdown
from lvtui.flow.verify import has_manifest, verify_answer, verify_image, verify_line
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.safe import safe


def attach(options: argparse.Namespace) -> int:
    """`lvtui attach [CASE]`: watches until the copies end; leaving does not stop them."""
    case_dir = cases.find_case(options.case_arg)
    seen = []
    with stopping() as stopped:
        for job_dir in jobs.find_jobs(case_dir):
            spec = jobs.spec_of(job_dir)
            progress = jobs.leave_or_watch(job_dir, line(f"{safe(spec.lv_name)}: ", stopped))
            end_line()
            if stopped():
                again = f"lvtui attach {safe(case_dir.name)}"
                print(f"You have left; the copy goes on. Come back: {again}", file=sys.stderr)
                return INTERRUPTED
            seen.append((job_dir, spec, progress))
    _say_status(case_dir, seen, options)
    for _, _, progress in seen:
        if progress.state is not CopyState.DONE:
            return not_ended(case_dir, progress, stopped=False)
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
        options.ascii = options.no_color = options.plain = False
        options.answers = None
        return open_wizard(cases.load_session(case_dir), options)
    for job_dir in waiting:
        if options.rate is not None or options.retry is not None:
            jobs.ask(job_dir, "run", rate_bytes_per_s=options.rate, retries=options.retry)
        jobs.resume_job(job_dir)
        if options.enough:
            jobs.ask(job_dir, "finish")
    return status(options)


def verify(options: argparse.Namespace) -> int:
    """`lvtui verify [CASE|IMAGE]`: read images again and compare; the source is not needed.

    Raises:
        UserError: there is no copy that has ended.
    """
    named = options.what
    if named is not None and has_manifest(named):
        show = image_line(f"{safe(named, limit_chars=60)}: ")
        found = verify_image(named, show)
        end_line()
        if options.json:
            emit(verify_answer((found,)))
        else:
            print(verify_line(found))
        return 0 if found.equal else extracts.DIFFERS
    case_dir = cases.find_case(named)
    seen = []
    with stopping() as stopped:
        for job_dir in jobs.find_jobs(case_dir):
            spec = jobs.spec_of(job_dir)
            if jobs.progress_of(job_dir).result is None:
                continue
            jobs.resume_job(job_dir)
            progress = jobs.watch_job(job_dir, line(f"{safe(spec.lv_name)}: ", stopped))
            end_line()
            if progress.result is None:
                return not_ended(case_dir, progress, stopped=stopped())
            seen.append((job_dir, spec, progress))
    if not seen:
        raise UserError(
            "LV-CAS-12", "No copy of {case} has ended yet: nothing to verify.", case=str(case_dir)
        )
    _say_status(case_dir, seen, options)
    good = all(p.result is not None and p.result.verified for _, _, p in seen)
    return 0 if good else extracts.DIFFERS
