"""What to do when a file system is full or a line is lost: say so, keep the place, wait to be asked."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from lvtui.host.copy.control import Control
from lvtui.host.copy.hold import HoldError
from lvtui.host.copy.joblog import JobLog
from lvtui.host.copy.meter import Meter
from lvtui.host.copy.target import refused
from lvtui.host.mounts import mount_of
from lvtui.message import Message, message

T = TypeVar("T")

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Patience:
    """Repeats what failed for want of space; anything else that failed is a refusal."""

    def __init__(self, case_path: Path, control: Control, meter: Meter, log: JobLog) -> None:
        """`case_path` is the job directory."""
        self._case_path = case_path
        self._control = control
        self._meter = meter
        self._log = log
        self._path = case_path
        self.on_lost: Callable[[], None] = lambda: None
        """What was written since the last checkpoint may be lost: the engine forgets it."""

    @contextlib.contextmanager
    def writing_to(self, path: Path) -> Iterator[None]:
        """What fails inside was written to the file system of `path`."""
        self._path = path
        yield

    def writing_to_case(self) -> contextlib.AbstractContextManager[None]:
        """What fails inside was written to the job directory."""
        return self.writing_to(self._case_path)

    def wait_out(self, action: Callable[[], T]) -> T:
        """Do it, again and again while the file system is full.

        Raises:
            DestinationError: it fails for another reason. StopAsked: it is to stop.
        """
        while True:
            try:
                return action()
            except OSError as error:
                if isinstance(error, HoldError):
                    self.on_lost()
                    self._hold(error.told)
                elif error.errno in FULL:
                    self._hold(_full(self._path))
                else:
                    raise refused(error, self._path) from error

    def _hold(self, told: Message) -> None:
        self._meter.problem = told
        self._log.append("waits", path=str(self._path), problem=str(told))
        self._control.hold()
        self._meter.problem = None


def _full(path: Path) -> Message:
    mount = mount_of(path)
    free_bytes = 0
    with contextlib.suppress(OSError):
        facts = os.statvfs(path)
        free_bytes = facts.f_bavail * facts.f_frsize
    return message(
        "The file system {mount} ({type}) is full: {free:bytes} are free. The copy waits and keeps "
        "its place. Free some space there, then resume; or stop and choose another place.",
        mount=mount.point if mount else str(path),
        type=mount.filesystem if mount else "?",
        free=free_bytes,
    )
