"""Session: a frozen record of everything that the operator has decided; to and from the case.

Screens get a Session and dismiss with a new one (`dataclasses.replace`). What was read from the disk
is not in it: it is read again, and compared, on resume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """All answers so far."""

    case_dir: str | None = None
    """None until the case folder is made (after the device was chosen)."""
    demo: bool = False
    dry_run: bool = False
    read_only: bool = False
    source: str | None = None
    """SOURCE as in commands.md: a path, or several joined by commas."""
    texts: tuple[str, ...] = ()
    version_id: str | None = None
    lv_uuids: tuple[str, ...] = ()
    """The marked lost volumes, in the order of the list."""
    way: str = "a"
    format: str = "lv"
    destination: str | None = None
    job_dirs: tuple[str, ...] = ()
    step: str = "device"
    """The step where the operator stopped."""
    rate_bytes_per_s: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored in the case; `from_json` gives it back."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Session:
        """Read what `to_json` made; unknown keys are ignored, wrong types refused (UserError)."""
        raise NotImplementedError
