"""Finding: one thing that a check of a disk image saw; the codes are V1 to V12 and their kin.

V1 cookies, versions, checksums · V2 head and tail footer · V3 block entries inside the volume ·
V4 blocks that overlap · V5 alignment · V6 holes between blocks · V7 entries behind the disk's end ·
V8 batmap against bitmaps · V9 bitmaps that look like bitmaps · V10 empty bitmaps · V11 overwritten
or unreadable places · V12 signatures of younger volumes · CHAIN parents · TYPE type against header ·
KEY encryption.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.message import Message, Value, message


class Severity(StrEnum):
    """What a finding means for the data."""

    INFO = "info"
    """Legal, worth knowing: a tail footer that a running VM had wiped."""
    WARNING = "warning"
    """Something is not as its writer leaves it; the data may still be right."""
    ERROR = "error"
    """Data are lost or doubtful, or the image cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen and where."""

    code: str
    severity: Severity
    offset_bytes: int | None
    """Where in the LV or file; None where it has no single place."""
    message: Message


def info(code: str, offset_bytes: int | None, template: str, **values: Value) -> Finding:
    """Make an INFO."""
    return Finding(code, Severity.INFO, offset_bytes, message(template, **values))


def warning(code: str, offset_bytes: int | None, template: str, **values: Value) -> Finding:
    """Make a WARNING."""
    return Finding(code, Severity.WARNING, offset_bytes, message(template, **values))


def error(code: str, offset_bytes: int | None, template: str, **values: Value) -> Finding:
    """Make an ERROR."""
    return Finding(code, Severity.ERROR, offset_bytes, message(template, **values))
