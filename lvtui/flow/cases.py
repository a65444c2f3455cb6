"""Case folders: made, found again, their answers and what lvtui writes into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lvtui.errors import DestinationError, UserError
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.jobs import find_jobs, progress_of, spec_of
from lvtui.flow.report import Report, make_report
from lvtui.flow.report_forms import report_html, report_json, report_markdown
from lvtui.flow.session import Session
from lvtui.host import case as host_case
from lvtui.host.case import CaseFacts, OpenCase
from lvtui.host.copy.jobs import job_id
from lvtui.host.files import SystemFiles, replace_file
from lvtui.host.paths import absolute, is_folder
from lvtui.host.stacking import same_bytes
from lvtui.plan.job import JobSpec


def list_cases(home: Path | None = None) -> tuple[CaseFacts, ...]:
    """The cases of this user, newest first."""
    return host_case.list_cases(home)


def session_of(facts: CaseFacts) -> Session | None:
    """The answers of a case; None where they cannot be read."""
    if facts.session is None:
        return None
    try:
        return replace(Session.from_json(facts.session), case_dir=str(facts.path))
    except UserError:
        return None


def hold_case(case_dir: Path) -> OpenCase:
    """Take the lock of a case for as long as it is worked on; `close` lets it go.

    Raises:
        LockedError: `LV-CAS-01`, another lvtui works on it. FormatError: its journal was changed.
        DestinationError: `LV-CAS-10`, it cannot be written.
    """
    try:
        return OpenCase(case_dir)
    except OSError as error:
        raise _not_kept(case_dir, error) from error


def find_case(named: str | None, home: Path | None = None) -> Path:
    """A case by name or path; without one the newest.

    Raises:
        UserError: there is none, or none of that name.
    """
    if named is None:
        cases = list_cases(home)
        if not cases:
            raise UserError(
                "LV-CAS-08",
                "There is no case on this host yet. Start one: lvtui, or lvtui extract.",
            )
        return cases[0].path
    for path in (Path(absolute(named)), (home or host_case.cases_home()) / named):
        is_ours = is_folder(str(host_case.jobs_dir_of(path))) or host_case.plan_folders(path)
        if is_ours or host_case.load_session(path) is not None:
            return path
    raise UserError(
        "LV-CAS-09",
        "There is no case {name}. Cases of this host: {cases}.",
        name=named,
        cases=", ".join(facts.name for facts in list_cases(home)[:8]) or "none",
    )


def load_session(case_dir: Path) -> Session:
    """The answers of a case; a case of a command has only its jobs.

    Raises:
        UserError: the file does not hold a session.
    """
    stored = host_case.load_session(case_dir)
    session = Session.from_json(stored) if stored is not None else Session()
    return replace(session, case_dir=str(case_dir))


def save_session(session: Session) -> None:
    """Keep the answers in the session's case; nothing where it has none yet.

    Raises:
        DestinationError: `LV-CAS-03`, `LV-CAS-10`, they cannot be written.
    """
    if session.case_dir is None:
        return
    case_dir = Path(session.case_dir)
    host_case.make_private(case_dir)
    try:
        host_case.store_session(case_dir, session.to_json())
    except OSError as error:
        raise _not_kept(case_dir, error) from error


def with_case(session: Session, discovery: Discovery) -> Session:
    """The session with a case folder, made on another disk than the damaged one.

    Raises:
        DestinationError: no place for it.
    """
    if session.case_dir is None:
        path = host_case.make_case(sources=_source_ids(discovery))
    elif session.demo:
        host_case.make_private(Path(session.case_dir))
        path = Path(session.case_dir)
    else:
        path = host_case.use_case(Path(session.case_dir), sources=_source_ids(discovery))
    kept = replace(session, case_dir=str(path))
    save_session(kept)
    return kept


def case_for_jobs(
    jobs: Iterable[JobSpec], named: str | None, discovery: Discovery, home: Path | None = None
) -> Path:
    """The case that already has one of these jobs, the named one, or a new one.

    Raises:
        DestinationError: a new case would lie on the damaged disk, or there is no space.
    """
    sources = _source_ids(discovery)
    if named is not None:
        return host_case.use_case(Path(absolute(named)), sources=sources)
    wanted = {f"job-{job_id(spec)}" for spec in jobs}
    for facts in list_cases(home):
        if wanted & {path.name for path in find_jobs(facts.path)}:
            return facts.path
    return host_case.make_case(sources=sources, home=home)


def _source_ids(discovery: Discovery) -> frozenset[str]:
    ids: frozenset[str] = frozenset()
    for source in discovery.sources:
        ids |= same_bytes(source.path)
    return ids


def save_text(case_dir: Path, name: str, text: str) -> Path:
    """A text file in the case, replaced whole; the case folder is made where it is not there yet.

    Raises:
        DestinationError: `LV-CAS-03`, `LV-CAS-10`, it cannot be written.
    """
    host_case.make_private(case_dir)
    path = case_dir / name
    try:
        replace_file(SystemFiles(), path, text.encode())
    except OSError as error:
        raise _not_kept(path, error) from error
    return path


def _not_kept(path: Path, error: OSError) -> DestinationError:
    return DestinationError(
        "LV-CAS-10",
        "{path} cannot be written: {why}. Make room, or give another case folder: --case DIR.",
        path=str(path),
        why=error.strerror or type(error).__name__,
    )


def report_of(case_dir: Path) -> Report:
    """The report of a case's copies; SOURCE is read again for it.

    Raises:
        UserError: nothing was copied yet. SourceReadError, UserError: SOURCE is not there any more.
    """
    found = tuple((spec_of(job), progress_of(job)) for job in find_jobs(case_dir))
    if not found:
        raise UserError("LV-CAS-11", "Nothing was copied in {case} yet.", case=str(case_dir))
    session = load_session(case_dir)
    source = session.source or ",".join(source.path for source in found[0][0].sources)
    texts = session.texts or tuple(dict.fromkeys(path for spec, _ in found for path in spec.texts))
    return make_report(session, discover(source, deep=lambda _: True, texts=texts), found)


def save_report(case_dir: Path, report: Report) -> tuple[Path, ...]:
    """report.md, .html, .json and SHA256SUMS of them in the case."""
    texts = {
        "report.md": report_markdown(report),
        "report.html": report_html(report),
        "report.json": json.dumps(report_json(report), indent=1) + "\n",
    }
    paths = [save_text(case_dir, name, text) for name, text in texts.items()]
    sums = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in texts.items()
    )
    return (*paths, save_text(case_dir, "SHA256SUMS", sums))
