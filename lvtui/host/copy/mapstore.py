"""The map on disk: a whole one exists at every instant, and what it calls `+` is durable.

The order of calls is that of GNU ddrescue made stricter: contents durable under another name, the old
map kept as `map.bak`, the names exchanged, the folder synced. The caller has synced the image before.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from lvtui.errors import FormatError
from lvtui.host.files import Files, unlink_if_there, write_new
from lvtui.plan.mapfile import CopyMap, is_sealed, parse, render

MAP_BYTES_MAX = 64 * 1024 * 1024
RECENT_PER_LINE = 12
_NOTE = "# lvtui: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a map says, with our own notes in its comments."""

    copy_map: CopyMap
    holes_bytes: int = 0
    runs: int = 0
    """How many workers have had a part in it."""
    recent: tuple[int, ...] = ()
    """Chunks written since the checkpoint before: the ones that a drive may have lied about."""


class MapStore:
    """The map of a job and its backup."""

    def __init__(self, path: Path, files: Files) -> None:
        """`path` is the map; the backup lies beside it."""
        self._path = path
        self._backup = path.with_name(path.name + ".bak")
        self._files = files

    def load(self, size_bytes: int) -> Checkpoint | None:
        """The newest whole map of an image of that size; None: nothing is known, never guess.

        A map that ddrescue went on with has lost our last line; what it added was not hashed, so
        the backup, which is ours, counts.
        """
        for path in (self._path, self._backup):
            checkpoint = _read(path)
            if checkpoint is not None and _covers(checkpoint.copy_map, size_bytes):
                return checkpoint
        return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the map, durably."""
        new = self._path.with_name(self._path.name + ".new")
        backup_new = self._backup.with_name(self._backup.name + ".new")
        notes = (
            "Mapfile. Created by lvtui; GNU ddrescue and ddrescueview read it",
            f"lvtui: holes_bytes {checkpoint.holes_bytes}",
            f"lvtui: runs {checkpoint.runs}",
            *_recent_notes(checkpoint.recent),
        )
        write_new(self._files, new, render(checkpoint.copy_map, notes).encode())
        if self._path.exists():
            unlink_if_there(self._files, backup_new)
            with contextlib.suppress(PermissionError):  # no hard links here: no backup
                self._files.link(self._path, backup_new)
                self._files.rename(backup_new, self._backup)
        self._files.rename(new, self._path)
        self._files.fsync_folder(self._path.parent)

    def forget(self) -> None:
        """Drop both: the image is gone."""
        unlink_if_there(self._files, self._backup)
        unlink_if_there(self._files, self._path)
        self._files.fsync_folder(self._path.parent)


def _covers(copy_map: CopyMap, size_bytes: int) -> bool:
    begins = copy_map.blocks[0].offset_bytes if copy_map.blocks else 0
    return begins == 0 and copy_map.end_bytes == size_bytes


def _read(path: Path) -> Checkpoint | None:
    try:
        with path.open("rb") as file:
            text = file.read(MAP_BYTES_MAX).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    if not is_sealed(text):
        return None
    try:
        copy_map = parse(text)
    except FormatError:
        return None
    return Checkpoint(
        copy_map=copy_map,
        holes_bytes=_note(text, "holes_bytes"),
        runs=_note(text, "runs"),
        recent=_recent(text),
    )


def _recent_notes(chunks: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(
        f"lvtui: recent {' '.join(map(str, chunks[at : at + RECENT_PER_LINE]))}"
        for at in range(0, len(chunks), RECENT_PER_LINE)
    )


def _recent(text: str) -> tuple[int, ...]:
    prefix = f"{_NOTE}recent "
    found: list[int] = []
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        if line.startswith(prefix):
            found += [int(word) for word in line.removeprefix(prefix).split() if word.isdecimal()]
    return tuple(found)


def _note(text: str, name: str) -> int:
    prefix = f"{_NOTE}{name} "
    for line in text.split("\n", 8)[:8]:
        number = line.removeprefix(prefix)
        if number != line and number.isdigit():
            return int(number)
    return 0
