"""What the threads of the Copy page tell it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.plan.facts import CopyProgress


@dataclass
class Seen(Event):
    """What the job directory said."""

    job_dir: str
    progress: CopyProgress

    def can_replace(self, message: Event) -> bool:
        """Only the newest counts."""
        return isinstance(message, Seen)


@dataclass
class NextStarted(Event):
    """The next marked volume is being copied."""

    job_dir: str


@dataclass
class Failed(Event):
    """A request was refused."""

    error: LvtuiError
