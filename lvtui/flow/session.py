"""Session: a frozen record of everything that the operator has decided; to and from the case.

Screens get a Session and dismiss with a new one (`dataclasses.replace`). What was read from the disk
is not in it: it is read again, and compared, on resume.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from lvtui.errors import UserError

SESSION_SCHEMA = "lvtui.session/1"


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
    deep: bool = False
    """SOURCE was searched from end to end: what was found may be found by that alone."""
    version_id: str | None = None
    lv_uuids: tuple[str, ...] = ()
    """The marked lost volumes, in the order of the list."""
    way: str = "a"
    format: str = "best"
    """`lv`, `vhd` or `raw` for all; `best`: each as its chain and checks allow."""
    destination: str | None = None
    job_dirs: tuple[str, ...] = ()
    step: str = "device"
    """The step where the operator stopped."""
    rate_bytes_per_s: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As stored in the case; `from_json` gives it back."""
        return {"schema": SESSION_SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, value: object) -> Session:
        """Read what `to_json` made; unknown keys are ignored.

        Raises:
            UserError: a field of another type than `to_json` writes: the file is not ours.
        """
        if not isinstance(value, dict):
            raise UserError("LV-CAS-05", "The session file of the case does not hold a session.")
        kept: dict[str, Any] = {}
        for field in fields(cls):
            if field.name not in value:
                continue
            found = value[field.name]
            if not _fits(field.default, found):
                raise UserError(
                    "LV-CAS-06",
                    "The session file of the case holds something else than expected in {field}. "
                    "Nothing was changed. Start a new recovery; the copy jobs are kept.",
                    field=field.name,
                )
            kept[field.name] = tuple(found) if isinstance(found, list) else found
        return cls(**kept)


def _fits(default: object, found: object) -> bool:
    """Whether `found` has the type that the field's default stands for."""
    if isinstance(default, bool):
        return isinstance(found, bool)
    if isinstance(default, tuple):
        return isinstance(found, list | tuple) and all(isinstance(item, str) for item in found)
    if isinstance(default, str):
        return isinstance(found, str)
    # the optional ones: text, or the rate
    return found is None or (isinstance(found, str | int) and not isinstance(found, bool))
