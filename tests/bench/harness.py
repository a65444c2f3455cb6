"""Commands timed side by side: interleaved rounds in random order, medians and minima, ratios only.

A machine's speed changes from minute to minute; a ratio within one run does not. The bench judges
nothing by itself in `make test`: it prints, and says which bars hold.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import toolbox


@dataclass(slots=True)
class Timed:
    """A command and its times."""

    name: str
    argv: Sequence[str | Path]
    seconds: list[float] = field(default_factory=list)
    makes: Path | None = None
    """A file that it makes and would refuse to overwrite."""

    def run(self) -> None:
        """Run once, output thrown away."""
        if self.makes:
            self.makes.unlink(missing_ok=True)
        start = time.perf_counter()
        done = subprocess.run(
            [os.fspath(part) for part in self.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=toolbox.tool_env(LVM_SUPPRESS_FD_WARNINGS="1"),
            check=False,
        )
        self.seconds.append(time.perf_counter() - start)
        if done.returncode:
            raise RuntimeError(
                f"{self.name}: exit {done.returncode}: {done.stderr.decode()[-400:]}"
            )

    @property
    def median(self) -> float:
        """Median seconds."""
        return statistics.median(self.seconds)

    @property
    def least(self) -> float:
        """Minimum seconds."""
        return min(self.seconds)


def measure(commands: Sequence[Timed], rounds: int) -> None:
    """One warm-up of each, then so many rounds, each in its own random order."""
    order = random.Random(1)
    for command in commands:
        command.run()
        command.seconds.clear()
    for _ in range(rounds):
        for command in order.sample(commands, len(commands)):
            command.run()


@dataclass(frozen=True, slots=True)
class Bar:
    """`ours` must take at most `limit` of the time of `peer`, Python's start (`start`) subtracted."""

    ours: Timed
    peer: Timed
    start: Timed
    limit: float

    @property
    def net(self) -> float:
        """By median, without Python's start."""
        return (self.ours.median - self.start.median) / self.peer.median

    @property
    def net_least(self) -> float:
        """By minimum, without Python's start."""
        return (self.ours.least - self.start.least) / self.peer.least

    @property
    def holds(self) -> bool:
        """Whether the bar holds by median and by minimum."""
        return self.net <= self.limit and self.net_least <= self.limit

    def line(self) -> str:
        """The plain ratio, the ratio without Python's start, by median and by minimum."""
        plain = self.ours.median / self.peer.median
        plain_least = self.ours.least / self.peer.least
        return (
            f"  {self.ours.name:30} / {self.peer.name:12} {self.ours.median * 1000:6.0f} ms   "
            f"plain {plain:5.2f} (min {plain_least:5.2f})   "
            f"less start {self.net:5.2f} (min {self.net_least:5.2f})   "
            f"bar {self.limit:4.2f} {'holds' if self.holds else 'MISSED'}"
        )


def load() -> str:
    """The machine's load now."""
    return f"load average {', '.join(f'{x:.2f}' for x in os.getloadavg())}, {os.cpu_count()} CPUs"
