"""Append-only logs of JSON lines, each bound to the one before it by its hash.

The copy worker's `log.jsonl` and the case's `journal.jsonl` are such files. A torn last line, which a
crash leaves, is cut on opening; anything else that does not fit is refused, never repaired.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lvtui.errors import FormatError
from lvtui.host.files import Files, write_all
from lvtui.host.machine import boot_id

FIRST_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as read: its number, its hash and what it says."""

    seq: int
    hash: str
    record: dict[str, Any]


def read_chain(data: bytes) -> tuple[tuple[Entry, ...], int]:
    """The entries of a log and the length of its whole lines.

    Raises:
        FormatError: `LV-LOG-01`, a whole line that is not JSON or does not follow the one before.
    """
    entries: list[Entry] = []
    previous, position = FIRST_HASH, 0
    while (end := data.find(b"\n", position)) >= 0:
        line = data[position:end]
        record = _record(line, position)
        if record.get("prev") != previous or record.get("seq") != len(entries):
            raise _broken(position)
        previous = hashlib.sha256(line).hexdigest()
        entries.append(Entry(len(entries), previous, record))
        position = end + 1
    return tuple(entries), position


def _record(line: bytes, position: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        raise _broken(position) from None
    if not isinstance(record, dict):
        raise _broken(position)
    return record


def _broken(position: int) -> FormatError:
    return FormatError(
        "LV-LOG-01",
        "The log does not fit together at byte {offset:count}: a line was changed or is missing.",
        offset_bytes=position,
    )


class ChainLog:
    """A log open for appending; each line is durable when `append` returns."""

    def __init__(self, path: Path, files: Files) -> None:
        """Open or make the log.

        Raises:
            FormatError: see `read_chain`.
        """
        self._files = files
        if path.exists():
            self._descriptor = files.open_existing(path)
            data = path.read_bytes()
            entries, self._end_bytes = read_chain(data)
            if self._end_bytes != len(data):
                files.truncate(self._descriptor, self._end_bytes)
        else:
            self._descriptor = files.open_new(path)
            files.fsync_folder(path.parent)
            entries, self._end_bytes = (), 0
        self._seq = len(entries)
        self.last_hash = entries[-1].hash if entries else FIRST_HASH

    def append(self, event: str, **values: Any) -> str:  # noqa: ANN401 - JSON
        """Add a line; returns its hash."""
        record = {
            "seq": self._seq,
            "prev": self.last_hash,
            "time": datetime.now(tz=UTC).isoformat(timespec="milliseconds"),
            "boot_id": boot_id(),
            "event": event,
            **values,
        }
        line = json.dumps(record, separators=(",", ":")).encode()
        write_all(self._files, self._descriptor, line + b"\n", self._end_bytes)
        self._files.fdatasync(self._descriptor)
        self._end_bytes += len(line) + 1
        self._seq += 1
        self.last_hash = hashlib.sha256(line).hexdigest()
        return self.last_hash

    def close(self) -> None:
        """Close it."""
        self._files.close(self._descriptor)
