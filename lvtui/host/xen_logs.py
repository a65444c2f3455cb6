"""The storage manager's log and xapi's list of VDIs, where this host has them: facts that help, no more.

Bounded: the newest logs first, packed ones too, up to a number of bytes; xe gets ten seconds.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lvtui.message import message
from lvtui.units import MiB
from lvtui.xen.records import LogLine, records, removal_lines

LOGS = Path("/var/log")
XE = Path("/opt/xensource/bin/xe")
ALL_BYTES_MAX = 128 * MiB
LINE_BYTES_MAX = 4096
LINES_MAX = 64
"""Of one VDI, the newest."""
_XE_SECONDS = 10.0


def xapi_names(sr_uuid: str, *, xe: Path = XE) -> dict[str, str]:
    """VDI uuid → name label, of every VDI that xapi lists in an SR; empty where there is no xapi."""
    if not os.access(xe, os.X_OK):
        return {}
    from lvtui.host.runner import SystemRunner  # noqa: PLC0415 - only a host with xapi needs it
    from lvtui.plan.command import Command, Effect, Target  # noqa: PLC0415 - as above

    command = Command(
        argv=(str(xe), "vdi-list", f"sr-uuid={sr_uuid}", "params=uuid,name-label"),
        purpose=message("ask xapi what the disks of the SR are called"),
        effect=Effect.READS,
        target=Target.NOTHING,
        timeout_seconds=_XE_SECONDS,
    )
    outcome = SystemRunner().run(command)
    if outcome.exit_code != 0:
        return {}
    found = records(outcome.stdout.decode("utf-8", "backslashreplace"))
    return {one["uuid"]: one["name-label"] for one in found if one.keys() >= {"uuid", "name-label"}}


def removals(uuids: frozenset[str], *, folder: Path = LOGS) -> dict[str, tuple[LogLine, ...]]:
    """VDI uuid → what the logs say of its end, oldest first; empty where there are no logs."""
    found: dict[str, list[LogLine]] = {}
    left = ALL_BYTES_MAX
    for path in _logs(folder):
        try:
            with _opened(path) as file:
                lines = _Lines(file, left)
                own: dict[str, list[LogLine]] = {}
                for uuid, line in removal_lines(path.name, lines, uuids):
                    own.setdefault(uuid, []).append(line)
                left = lines.left_bytes
        except (OSError, EOFError, zlib.error):
            continue  # a log that cannot be read tells nothing
        for uuid, told in own.items():
            found[uuid] = told + found.get(uuid, [])
        if left <= 0:
            break
    return {uuid: tuple(told[-LINES_MAX:]) for uuid, told in found.items()}


def _logs(folder: Path) -> list[Path]:
    """The newest first."""
    try:
        paths = [path for path in folder.glob("SMlog*") if path.is_file()]
        return sorted(paths, key=lambda path: -path.stat().st_mtime_ns)
    except OSError:
        return []


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


class _Lines:
    """Lines of a file, each and all together bounded."""

    def __init__(self, file: IO[bytes], left_bytes: int) -> None:
        self._file = file
        self.left_bytes = left_bytes

    def __iter__(self) -> Iterator[str]:
        while self.left_bytes > 0 and (line := self._file.readline(LINE_BYTES_MAX)):
            self.left_bytes -= len(line)
            yield line.decode("utf-8", "backslashreplace")
