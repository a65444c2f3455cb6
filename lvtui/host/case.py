"""The case folder: answers, jobs and the journal of one recovery; only its owner may look into it.

session.json    the answers (`flow.session.Session`), replaced whole
journal.jsonl   what happened, chained by hash
case.lock       flock of the lvtui that works on it
jobs/           copy jobs, see `host.copy.folder`
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lvtui.errors import DestinationError, LockedError, UserError
from lvtui.host.chainlog import ChainLog, read_chain
from lvtui.host.files import Files, SystemFiles, replace_file
from lvtui.host.locks import is_locked, take_lock
from lvtui.host.stacking import stack_of
from lvtui.units import MiB

ROOT_HOME = Path("/var/lib/lvtui")
PREFIX = "case-"
NAME_TRIES = 64
SESSION_BYTES_MAX = 16 * MiB
FREE_BYTES_MIN = 64 * MiB


def cases_home() -> Path:
    """Where cases are kept: for root, or for the user."""
    if os.geteuid() == 0:
        return ROOT_HOME
    named = os.environ.get("XDG_STATE_HOME", "")
    state = Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
    return state / "lvtui"


def jobs_dir_of(case_dir: Path) -> Path:
    """Where a case keeps its copy jobs."""
    return case_dir / "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """A case as the start page lists it."""

    path: Path
    session: dict[str, Any] | None
    """None: none was stored, or it cannot be read."""
    changed_seconds: float
    """When its session was last stored, since the epoch."""
    is_locked: bool

    @property
    def name(self) -> str:
        """`case-7f3a`."""
        return self.path.name


def make_case(
    *, sources: frozenset[str], home: Path | None = None, files: Files | None = None
) -> Path:
    """Make a case folder; `sources` are the ids that it must not lie on (`host.stacking`).

    Raises:
        DestinationError: `LV-CAS-02` it would lie on the damaged disk, `LV-CAS-03` it cannot be
            made, `LV-CAS-04` no space.
    """
    files = files or SystemFiles()
    home = home or cases_home()
    check_home(home, sources)
    try:
        _make_home(home, files)
        for _ in range(NAME_TRIES):
            path = home / f"{PREFIX}{secrets.token_hex(2)}"
            if not path.exists():
                files.mkdir(path)
                files.fsync_folder(home)
                return path
    except OSError as error:
        raise _cannot(home, error) from error
    raise _cannot(home, FileExistsError())


def use_case(path: Path, *, sources: frozenset[str], files: Files | None = None) -> Path:
    """A case folder of a given name (`--case`), made if it is not there.

    Raises:
        UserError: `LV-CAS-07`, it is no private folder of ours. DestinationError: as `make_case`.
    """
    files = files or SystemFiles()
    check_home(path, sources)
    try:
        if not path.exists():
            _make_home(path.parent, files)
            files.mkdir(path)
            files.fsync_folder(path.parent)
        facts = path.lstat()
    except OSError as error:
        raise _cannot(path, error) from error
    private = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid()
    if not private or facts.st_mode & 0o077:
        raise UserError(
            "LV-CAS-07",
            "{path} is not a folder that only you can enter. Nothing was changed. "
            "Name another folder, or: chmod 700 on it.",
            path=str(path),
        )
    return path


def check_home(path: Path, sources: frozenset[str]) -> None:
    """Whether a case may be kept at `path`.

    Raises:
        DestinationError: see `make_case`.
    """
    if stack_of(path) & sources:
        raise DestinationError(
            "LV-CAS-02",
            "{path} lies on the damaged disk. Give a folder on another disk: --case DIR.",
            path=str(path),
        )
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    facts = os.statvfs(there)
    free_bytes = facts.f_bavail * facts.f_frsize
    if free_bytes < FREE_BYTES_MIN:
        raise DestinationError(
            "LV-CAS-04",
            "{path} has {free:bytes} free, a case needs {need:bytes}. Free some space, or give a "
            "folder on another disk: --case DIR.",
            path=str(path),
            free=free_bytes,
            need=FREE_BYTES_MIN,
        )


def list_cases(home: Path | None = None) -> tuple[CaseFacts, ...]:
    """The cases, newest first; a folder that cannot be read is left out."""
    home = home or cases_home()
    try:
        paths = [path for path in home.iterdir() if path.name.startswith(PREFIX) and path.is_dir()]
    except OSError:
        return ()
    return tuple(sorted(map(case_facts, paths), key=lambda case: -case.changed_seconds))


def case_facts(path: Path) -> CaseFacts:
    """One case."""
    session_path = path / "session.json"
    changed = (session_path if session_path.exists() else path).stat().st_mtime
    return CaseFacts(
        path=path,
        session=load_session(path),
        changed_seconds=changed,
        is_locked=is_locked(path / "case.lock"),
    )


def load_session(case_dir: Path) -> dict[str, Any] | None:
    """The stored answers, unchecked; None when there are none that can be read."""
    try:
        with (case_dir / "session.json").open("rb") as file:
            stored = json.loads(file.read(SESSION_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def store_session(case_dir: Path, session: dict[str, Any], files: Files | None = None) -> None:
    """Keep the answers, durably; the old ones stay whole until the new ones are."""
    data = json.dumps(session, indent=1).encode()
    replace_file(files or SystemFiles(), case_dir / "session.json", data)


class OpenCase:
    """A case that this process works on; a context manager that holds its lock."""

    def __init__(self, path: Path, files: Files | None = None) -> None:
        """Lock it and open its journal.

        Raises:
            LockedError: `LV-CAS-01`, another lvtui works on it. FormatError: a broken journal.
        """
        self.path = path
        files = files or SystemFiles()
        lock = take_lock(path / "case.lock", wait_tries=20)
        if lock is None:
            raise LockedError(
                "LV-CAS-01",
                "Another lvtui works on {name}. Leave that one first, or watch its copy with: "
                "lvtui attach {name}",
                name=path.name,
            )
        self._lock = lock
        try:
            self._journal = ChainLog(path / "journal.jsonl", files)
        except BaseException:
            os.close(lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others work on it."""
        self._journal.close()
        os.close(self._lock)

    def note(self, event: str, **values: Any) -> str:  # noqa: ANN401 - JSON
        """Add a line to the journal; durable when it returns."""
        return self._journal.append(event, **values)


def journal_records(case_dir: Path) -> tuple[dict[str, Any], ...]:
    """What the journal of a case says, oldest first; nothing where there is none yet.

    Raises:
        FormatError: `LV-LOG-01`, it was changed.
    """
    try:
        data = (case_dir / "journal.jsonl").read_bytes()
    except FileNotFoundError:
        return ()
    entries, _ = read_chain(data)
    return tuple(entry.record for entry in entries)


def plan_folders(case_dir: Path) -> tuple[Path, ...]:
    """The plans of a case, `01-b` and so on, oldest first."""
    try:
        found = [path for path in (case_dir / "plans").iterdir() if (path / "plan.json").is_file()]
    except OSError:
        return ()
    return tuple(sorted(path for path in found if path.name[:2].isdigit()))


def make_private(path: Path, files: Files | None = None) -> None:
    """Make a folder for its owner alone, and what is above it; one that is there stays as it is.

    Raises:
        DestinationError: `LV-CAS-03`, it cannot be made.
    """
    try:
        _make_home(path, files or SystemFiles())
    except OSError as error:
        raise _cannot(path, error) from error


def _make_home(home: Path, files: Files) -> None:
    missing = [path for path in (home, *home.parents) if not path.exists()]
    for path in reversed(missing):
        files.mkdir(path)
        files.fsync_folder(path.parent)


def _cannot(path: Path, error: OSError) -> DestinationError:
    return DestinationError(
        "LV-CAS-03",
        "A case folder cannot be made in {path}: {why}. Give another folder: --case DIR.",
        path=str(path),
        why=os.strerror(error.errno or 0),
    )
