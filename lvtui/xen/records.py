"""What `xe` and the storage manager's log print, as values. All text is hostile.

xe prints a block a record: `uuid ( RO)    : v`, the other fields indented, blank lines between records
(xapi cli_printer.ml); a value that holds a line feed goes on in lines that look like nothing else.
SMlog: `Nov 22 02:51:36 xs-01 SM: [1234] text`, or an ISO time first (sm libs/sm/util.py `SMlog`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FIELD = re.compile(r"^ *([a-z][a-z0-9-]*) \( ?(?:RO|RW|SRO|SRW|MRO|MRW)\) *: ?(.*)$")
_LOG = re.compile(
    r"^([A-Z][a-z]{2} +\d+ [\d:]{8}|\d{4}-\d\d-\d\dT\S{8,32}) +\S+ +SM(?:GC)?: ?(?:\[\d+\] ?)?(.*)$"
)
_ANY_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REMOVALS = (
    "lvremove",
    "vdi_delete",
    "Deleting vdi",
    "lvrename",
    "Coalesc",
    "_coalesce",
    "Removing",
)
"""What is worth knowing of a volume that is gone."""
TEXT_CHARS_MAX = 400


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of SMlog that names a VDI and one of `REMOVALS`."""

    file: str
    time: str
    """As written: by the host's clock, often without a year."""
    text: str


def records(text: str) -> Iterator[dict[str, str]]:
    """The records of a list that xe printed."""
    record: dict[str, str] = {}
    for line in text.splitlines():
        found = FIELD.match(line)
        if found is None:
            continue
        if found[1] == "uuid" and record:
            yield record
            record = {}
        record.setdefault(found[1], found[2])
    if record:
        yield record


def removal_lines(
    file: str, lines: Iterable[str], uuids: frozenset[str]
) -> Iterator[tuple[str, LogLine]]:
    """(VDI uuid, line) of every line that says what became of one of these."""
    for line in lines:
        if not any(word in line for word in REMOVALS):
            continue
        match = _LOG.match(line[:4096].rstrip())
        if match is None:
            continue
        for uuid in dict.fromkeys(_ANY_UUID.findall(match[2])):
            if uuid in uuids:
                yield uuid, LogLine(file, match[1], match[2][:TEXT_CHARS_MAX])
