"""Lines of a plan as data: what runs, why, what it changes, how it is undone. Nothing here runs.

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

    path: str
    device_identity: str
    """`identity_text` of the device as the plan saw it; compared on the descriptor that writes."""
    offset_bytes: int
    length_bytes: int
    old_sha256: str
    new_sha256: str
    new_bytes_file: str
    purpose: Message
    old_bytes_file: str | None = None
    """The bytes from before, kept in the case: by them the line is undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEffect:
    """A file that lvtui itself writes, as a line of a plan: into the case, or a file of LVM's."""

    path: str
    content_sha256: str
    purpose: Message
    content_file: str | None = None
    """Where the content is kept in the case; None: `path` itself holds it since the planning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """Bytes kept in the case before anything is changed: a range of a device, or a whole file."""

    path: str
    device_identity: str | None
    """None: a file of this host, kept whole."""
    offset_bytes: int
    length_bytes: int
    to_file: str
    purpose: Message
    optional: bool = False
    """Whether the file may be missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteGuard:
    """Bytes of a device that must be these; read with O_DIRECT where it is a block device."""

    path: str
    device_identity: str
    offset_bytes: int
    length_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """The metadata areas are read again: they hold the text of a stage, and nothing else changed."""

    stage: int
    purpose: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Bytes are read again."""

    guards: tuple[ByteGuard, ...]
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
