"""Rows of the destination page: places, and what speaks against one. Pure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from lvtui.flow.copy import DestinationRow, Finding, Severity
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import size
from lvtui.ui.widgets.text import (
    Row,
    bold,
    columns,
    cut_middle,
    fit,
    joined,
    row,
    say,
    spoken,
    wrapped,
)

IMAGE_EXISTS = "LV-DST-01"
"""An image that is there may be this job's own: `start_job` tells, and refuses any other."""


def forbids(findings: tuple[Finding, ...]) -> bool:
    """Whether a place is refused before anything is started."""
    return any(
        finding.severity is Severity.STOP and finding.code != IMAGE_EXISTS for finding in findings
    )


def with_folder(places: tuple[DestinationRow, ...], folder: str) -> tuple[DestinationRow, ...]:
    """The places, a folder that was chosen before first; its space is that of its file system."""
    if not folder or any(place.path == folder for place in places):
        return places
    holders = [place for place in places if PurePosixPath(folder).is_relative_to(place.path)]
    if not holders:
        return places
    return (replace(max(holders, key=lambda place: len(place.path)), path=folder), *places)


def head_row(wide: int) -> SafeStr:
    """The head of the table; `wide` cells more than 80 are at hand."""
    return columns(
        (say(""), 8),
        (say("Folder"), 42 + wide),
        (say("Type"), 8),
        (say("Free"), -10),
        (say("Check"), 5),
    )


def place_row(place: DestinationRow, index: int, folder: str, wide: int) -> Row:
    """One place; a dash for one that is refused."""
    mark = "(*)" if place.path == folder else "( )"
    if place.finding.severity is Severity.STOP:
        mark = " - "
    line = columns(
        (safe(str(index + 1) if index < 9 else ""), 1),
        (safe(mark), 3),
        (cut_middle(safe(place.path, limit_chars=400), 42 + wide), 42 + wide),
        (safe(place.filesystem), 8),
        (size(place.free_bytes), -10),
    )
    return row(line, SafeStr(" "), bold(safe(place.finding.severity.value)))


def finding_rows(findings: tuple[Finding, ...], width: int) -> tuple[Row, ...]:
    """Word and sentence of each finding, worst first."""
    return tuple(
        line
        for finding in findings
        for line in wrapped(
            joined(fit(say(finding.severity), 5), SafeStr(" "), spoken(finding.message)), width - 2
        )
    )
