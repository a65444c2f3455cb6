"""The error tree. Each error is one sentence (what, where, what to do), a code and an exit code.

    LvtuiError
    ├── UserError            2   usage, no such path, an ambiguous LV
    ├── NoMetadataError      3   no LVM label, metadata area or text found at all
    ├── CheckStop            4   a check says stop, or a token is needed
    ├── Cancelled            5
    ├── VerifyError          7   what was read back differs
    ├── WriteUndone          8   a write failed and was undone
    ├── WriteNotUndone       9   a write failed and was not undone
    ├── NeedsRootError      10
    ├── SourceChangedError  11   the source changed since the plan
    ├── DestinationError    12
    ├── LockedError         13   the case is locked by another lvtui
    ├── SourceReadError     14   I/O error, a directory, 0 bytes
    ├── FormatError          4   bytes are not what their format says (offset, expected, found)
    ├── CommandFailed        4   a tool answered something else than expected
    └── Refused              4   a guard does not hold

Anything else that is raised is a bug in lvtui, shows a traceback and exits with 1.
"""

from __future__ import annotations

from typing import ClassVar

from lvtui.message import Message, Value, message


class LvtuiError(Exception):
    """An error that an operator can read; `code` (`LV-SRC-02`) is a heading in the docs."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, template: str, *, changed: bool = False, **values: Value) -> None:
        self.code = code
        self.message: Message = message(template, **values)
        self.changed = changed
        """Whether anything on any disk had been changed when it was raised."""
        super().__init__(str(self.message))


class UserError(LvtuiError):
    """The request cannot be understood."""

    exit_code = 2


class NoMetadataError(LvtuiError):
    """Nothing of LVM was found where it was looked for."""

    exit_code = 3


class CheckStop(LvtuiError):
    """A check says stop."""

    exit_code = 4


class FormatError(CheckStop):
    """Bytes contradict their format."""

    def __init__(self, code: str, template: str, *, offset_bytes: int = 0, **values: Value) -> None:
        self.offset_bytes = offset_bytes
        super().__init__(code, template, changed=False, **{"offset": offset_bytes, **values})


class CommandFailed(CheckStop):
    """A tool answered something else than the plan expects."""


class Refused(CheckStop):
    """A guard does not hold any more."""


class Cancelled(LvtuiError):
    """The operator stopped it."""

    exit_code = 5


class VerifyError(LvtuiError):
    """What was read back differs from what was written."""

    exit_code = 7


class WriteUndone(LvtuiError):
    """A write failed; the old bytes are back."""

    exit_code = 8


class WriteNotUndone(LvtuiError):
    """A write failed; the disk is neither as before nor as planned."""

    exit_code = 9


class NeedsRootError(LvtuiError):
    """Only root can do this."""

    exit_code = 10


class SourceChangedError(LvtuiError):
    """The source is not what the plan was made for."""

    exit_code = 11


class DestinationError(LvtuiError):
    """The destination is missing, full, in use, or would harm the source."""

    exit_code = 12


class LockedError(LvtuiError):
    """Another lvtui works on this case."""

    exit_code = 13


class SourceReadError(LvtuiError):
    """The source cannot be read."""

    exit_code = 14
