"""What a worker says of itself: counts, rates and an estimate, written about once a second.

It is written by the loop itself and not by a thread: a worker that hangs in a read must look so.
"""

from __future__ import annotations

import contextlib
from collections import deque

from lvtui.errors import LvtuiError
from lvtui.host.copy.folder import Heartbeat, JobFolder
from lvtui.host.files import Files
from lvtui.host.machine import Clock, boot_id, boot_seconds, own_pid, process_start
from lvtui.message import Message
from lvtui.plan.facts import CopyProgress, CopyResult, CopyState

INTERVAL_SECONDS = 1.0
WINDOW_SECONDS = 8.0
"""The rate of now is that of the last few seconds."""


class Meter:
    """The counts of a running copy."""

    def __init__(self, folder: JobFolder, size_bytes: int, files: Files, clock: Clock) -> None:
        """Go on from what an earlier worker of the job has counted."""
        self._folder = folder
        self._files = files
        self._clock = clock
        self._size_bytes = size_bytes
        before = folder.heartbeat()
        self._seconds_before = before.progress.running_seconds if before else 0.0
        self._start = self._phase_start = clock.now()
        self._idle_seconds = 0.0
        self._moved_bytes = 0
        self._window: deque[tuple[float, int]] = deque()
        self._written_at: float | None = None
        self._last_good: float | None = None
        self.state = CopyState.WAITING
        self.phase = ""
        self.done_bytes = 0
        self.holes_bytes = 0
        self.unreadable_bytes = 0
        self.read_errors = 0
        self.rate_limit_bytes_per_s: int | None = None
        self.problem: Message | None = None
        """What it waits for, or why it failed."""
        self.error: LvtuiError | None = None
        self.warning: Message | None = None
        """What to know while it goes on."""
        self.result: CopyResult | None = None
        self.n = 0

    @property
    def seconds(self) -> float:
        """How long workers have lived for this job."""
        return self._seconds_before + self._clock.now() - self._start

    def begin(self, state: CopyState) -> None:
        """A phase begins: its rates start anew."""
        self.state = state
        self._window.clear()
        self._moved_bytes = 0
        self._idle_seconds = 0.0
        self._phase_start = self._clock.now()
        self.say(durable=False)

    def moved(self, length_bytes: int, *, good: bool = True) -> None:
        """Bytes were read."""
        self._moved_bytes += length_bytes
        if good:
            self._last_good = self._clock.now()

    def idled(self, seconds: float) -> None:
        """Time passed in a pause; it counts for no rate."""
        self._idle_seconds += seconds
        self._window.clear()

    def fail(self, error: LvtuiError) -> None:
        """It ends by an error."""
        self.state, self.problem, self.error = CopyState.FAILED, error.message, error

    def tick(self) -> None:
        """Write the progress if it is time to."""
        now = self._clock.now()
        if self._written_at is None or now - self._written_at >= INTERVAL_SECONDS:
            self.say(durable=False)

    def say(self, *, durable: bool) -> None:
        """Write the progress now. A full disk under the job does not stop the copy."""
        self._written_at = self._clock.now()
        heartbeat = Heartbeat(
            progress=self.progress(),
            boot_id=boot_id(),
            boot_seconds=boot_seconds(),
            process_start=process_start(own_pid()),
        )
        with contextlib.suppress(OSError):
            self._folder.write_heartbeat(self._files, heartbeat, durable=durable)

    def progress(self) -> CopyProgress:
        """The counts as a value."""
        now = self._clock.now()
        rate_now, rate_average = self._rates(now)
        left_bytes = self._size_bytes - self.done_bytes - self.unreadable_bytes
        moving = self.state in {CopyState.RUNNING, CopyState.VERIFYING}
        return CopyProgress(
            state=self.state,
            size_bytes=self._size_bytes,
            done_bytes=self.done_bytes,
            holes_bytes=self.holes_bytes,
            unreadable_bytes=self.unreadable_bytes,
            read_errors=self.read_errors,
            rate_now_bytes_per_s=rate_now if moving else 0.0,
            rate_average_bytes_per_s=rate_average,
            eta_seconds=max(left_bytes, 0) / rate_average if moving and rate_average else None,
            running_seconds=self.seconds,
            last_good_read_seconds=None if self._last_good is None else now - self._last_good,
            pid=own_pid(),
            rate_limit_bytes_per_s=self.rate_limit_bytes_per_s,
            problem=self.problem or self.warning,
            result=self.result,
            problem_code=self.error.code if self.error else None,
            problem_exit=self.error.exit_code if self.error else None,
            phase=self.phase if self.state is CopyState.RUNNING else "",
            n=self.n,
        )

    def _rates(self, now: float) -> tuple[float, float]:
        window = self._window
        window.append((now, self._moved_bytes))
        while len(window) > 2 and now - window[0][0] > WINDOW_SECONDS:
            window.popleft()
        window_seconds = now - window[0][0]
        window_bytes = self._moved_bytes - window[0][1]
        seconds = now - self._phase_start - self._idle_seconds
        average = self._moved_bytes / seconds if seconds > 0 else 0.0
        return (window_bytes / window_seconds if window_seconds > 0 else average), average
