"""The lock of the case that one lvtui works on: taken when it is opened, let go at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvtui.errors import LvtuiError
from lvtui.flow.cases import hold_case
from lvtui.flow.session import Session
from lvtui.host.case import OpenCase
from lvtui.host.paths import is_folder


class CaseHold:
    """At most one case, locked."""

    def __init__(self) -> None:
        self._open: OpenCase | None = None
        self._path: str | None = None

    @property
    def path(self) -> str | None:
        """The case that is held."""
        return self._path

    def take(self, session: Session) -> LvtuiError | None:
        """Hold the session's case and no other; why not, where it cannot be held."""
        wanted = session.case_dir
        if wanted is not None and wanted == self._path and is_folder(wanted):
            return None
        self.release()
        if wanted is None or session.read_only or not is_folder(wanted):
            return None
        try:
            self._open = hold_case(Path(wanted))
        except LvtuiError as error:
            return error
        self._path = wanted
        return None

    def release(self) -> None:
        """Let others work on it."""
        if self._open is not None:
            self._open.close()
        self._open = self._path = None

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let go while a function of `flow` takes the lock itself, then hold the case again."""
        path = self._path
        self.release()
        try:
            yield
        finally:
            if path is not None:
                self.take(Session(case_dir=path))
