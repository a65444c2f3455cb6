"""Commands timed side by side: interleaved rounds in random order, medians and minima, ratios only.

A machine's speed changes from minute to minute; a ratio within one run does not. On a busy machine the
wall clock counts what others do: the ratio of processor time stands beside it. Nothing here is a
test: it prints, and says which bars hold.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import toolbox

Pick = Callable[[list[float]], float]


@dataclass(slots=True)
class Timed:
    """A command and its times."""

    name: str
    argv: Sequence[str | Path]
    wall: list[float] = field(default_factory=list)
    """Seconds from start to end."""
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time, user and system."""
    makes: Path | None = None
    """A file that it makes and would refuse to overwrite."""

    def run(self) -> None:
        """Run once, output thrown away."""
        if self.makes:
            self.makes.unlink(missing_ok=True)
        with tempfile.TemporaryFile() as complaints:
            start = time.perf_counter()
            process = subprocess.Popen(
                [os.fspath(part) for part in self.argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                env=_environment(),
            )
            _, status, usage = os.wait4(process.pid, 0)
            self.wall.append(time.perf_counter() - start)
            self.cpu.append(usage.ru_utime + usage.ru_stime)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace")[-400:]
                raise RuntimeError(f"{self.name}: exit {process.returncode}: {said}")


def _environment() -> dict[str, str]:
    """As a program that is installed: its bytecode is kept, its output buffered."""
    env = toolbox.tool_env(LVM_SUPPRESS_FD_WARNINGS="1")
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
        env.pop(name, None)
    return env


def measure(commands: Sequence[Timed], rounds: int) -> None:
    """One warm-up of each, then so many rounds, each in its own random order."""
    order = random.Random(1)
    for command in commands:
        command.run()
        command.wall.clear()
        command.cpu.clear()
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

    def plain(self, pick: Pick) -> float:
        """The ratio by the wall clock."""
        return pick(self.ours.wall) / pick(self.peer.wall)

    def net(self, pick: Pick) -> float:
        """The ratio by the wall clock, Python's start subtracted."""
        return (pick(self.ours.wall) - pick(self.start.wall)) / pick(self.peer.wall)

    def net_cpu(self, pick: Pick) -> float:
        """The ratio of processor time, Python's start subtracted."""
        return (pick(self.ours.cpu) - pick(self.start.cpu)) / pick(self.peer.cpu)

    @property
    def holds(self) -> bool:
        """Whether the bar holds by the median and by the minimum."""
        return max(self.net(statistics.median), self.net(min)) <= self.limit

    def lines(self) -> str:
        """Plain, without Python's start, and that in processor time; each by median and minimum."""
        kinds = {"plain": self.plain, "less start": self.net, "its cpu": self.net_cpu}
        ratios = "   ".join(
            f"{name} {ratio(statistics.median):5.2f} (min {ratio(min):5.2f})"
            for name, ratio in kinds.items()
        )
        return (
            f"  {self.ours.name} / {self.peer.name}: {milliseconds(self.ours)}\n"
            f"    {ratios}   bar {self.limit:4.2f} {'holds' if self.holds else 'MISSED'}"
        )


def milliseconds(timed: Timed) -> str:
    """Medians, for the eye; the ratios are what counts."""
    wall, cpu = statistics.median(timed.wall) * 1000, statistics.median(timed.cpu) * 1000
    return f"{wall:.0f} ms, cpu {cpu:.0f} ms"


def load() -> str:
    """The machine's load now."""
    return f"load average {', '.join(f'{x:.2f}' for x in os.getloadavg())}, {os.cpu_count()} CPUs"
