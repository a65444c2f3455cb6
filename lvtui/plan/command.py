"""Commands as data: what runs, why, what it changes, how it is undone. Nothing here runs anything.

`Runner` is the one seam to the host; `host/runner.py` implements it for real, for dry runs and for
replays. Rules: `Effect` says what a command does to the world, `Target` to what; the token is needed
for every line that writes to the source or destroys.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lvtui.message import Message


class Effect(StrEnum):
    """What a line does."""

    READS = "reads"
    WRITES = "writes"
    DESTROYS = "destroys"


class Target(StrEnum):
    """What a line does it to."""

    NOTHING = "nothing"
    CASE = "case"
    DESTINATION = "destination"
    KERNEL = "kernel"
    XAPI = "xapi"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One program call."""

    argv: tuple[str, ...]
    purpose: Message
    effect: Effect
    target: Target
    expect: str | None = None
    """What stdout must contain for the line to count as done; None: exit code 0 alone."""
    undo: tuple[str, ...] | None = None
    inputs: tuple[str, ...] = ()
    """Files that the command reads."""
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Bytes that lvtui itself writes to a device, as a line of a plan."""

    device_identity: str
    offset_bytes: int
    old_sha256: str
    new_bytes_file: str
    length_bytes: int
    purpose: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEffect:
    """A file that lvtui itself writes into the case, as a line of a plan."""

    path: str
    content_sha256: str
    purpose: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command answered."""

    argv: tuple[str, ...]
    exit_code: int | None
    """None: it did not run (skipped, missing tool) or was killed at its timeout."""
    stdout: bytes
    stderr: bytes
    seconds: float
    skipped: bool = False


class Runner(Protocol):
    """Runs one command and reports; never raises for what the command does."""

    def run(self, command: Command) -> Outcome:
        """Run it, without a shell, in a clean environment, with its timeout."""
        ...
