"""How a worker is steered: `want.json`, signals, and the rate limit."""

from __future__ import annotations

from collections.abc import Callable

from lvtui.host.copy.folder import JobFolder, Want
from lvtui.host.copy.meter import Meter
from lvtui.host.machine import Clock
from lvtui.plan.facts import CopyState

POLL_SECONDS = 0.5
SLICE_SECONDS = 0.25
"""The longest wait without a look."""

GOING_ON = frozenset({"run", "finish"})


class StopAsked(Exception):
    """The worker is to stop at a checkpoint. Caught by the engine, seen by nobody."""


class Control:
    """Looks at what is asked for, waits while it is a pause, and brakes."""

    def __init__(
        self, folder: JobFolder, meter: Meter, clock: Clock, *, rate_bytes_per_s: int | None
    ) -> None:
        """`rate_bytes_per_s` holds until somebody asks for another."""
        self._folder = folder
        self._meter = meter
        self._clock = clock
        self._rate_bytes_per_s = rate_bytes_per_s
        self._asked_at: float | None = None
        self._free_at = clock.now()
        self._signalled = False
        self._want = Want()
        self.before_pause: Callable[[], None] = lambda: None
        """What to make safe before a pause: the engine's checkpoint."""

    @property
    def finishing(self) -> bool:
        """Whether bad places are to be tried no more."""
        return self._want.want == "finish"

    @property
    def retries(self) -> int:
        """How often bad places are tried again."""
        return self._want.retries

    def signal(self) -> None:
        """A signal asks to stop; called from its handler."""
        self._signalled = True

    def poll(self) -> None:
        """Look, and wait out a pause.

        Raises:
            StopAsked: it is to stop.
        """
        self._look()
        if self._want.want == "pause":
            self.before_pause()
            self._wait_until(lambda: self._want.want != "pause")

    def hold(self) -> None:
        """Wait until somebody asks anew: a cause has to be removed first.

        Raises:
            StopAsked: it is to stop.
        """
        self._look(at_once=True)
        n = self._want.n
        self._wait_until(lambda: self._want.n != n and self._want.want in GOING_ON)

    def brake(self, length_bytes: int) -> None:
        """Wait until the rate allows for the next bytes after these.

        Raises:
            StopAsked: it is to stop.
        """
        rate = self._meter.rate_limit_bytes_per_s
        if not rate:
            return
        self._free_at = max(self._free_at, self._clock.now()) + length_bytes / rate
        while (wait := self._free_at - self._clock.now()) > 0:
            self._clock.sleep(min(wait, SLICE_SECONDS))
            self._meter.tick()
            self.poll()
            if self._meter.rate_limit_bytes_per_s != rate:
                self._free_at = self._clock.now()

    def _look(self, *, at_once: bool = False) -> None:
        now = self._clock.now()
        if at_once or self._asked_at is None or now - self._asked_at >= POLL_SECONDS:
            self._asked_at = now
            self._want = self._folder.want()
            self._meter.n = self._want.n
            asked = self._want.rate_bytes_per_s
            rate = self._rate_bytes_per_s if asked is None else asked
            self._meter.rate_limit_bytes_per_s = rate or None
        if self._signalled or self._want.want == "stop":
            raise StopAsked

    def _wait_until(self, goes_on: Callable[[], bool]) -> None:
        before, start = self._meter.state, self._clock.now()
        self._meter.state = CopyState.PAUSED
        self._meter.say(durable=True)
        try:
            while not goes_on():
                self._clock.sleep(SLICE_SECONDS)
                self._meter.tick()
                self._look()
        finally:
            self._meter.idled(self._clock.now() - start)
        self._meter.state = before
        self._free_at = self._clock.now()
