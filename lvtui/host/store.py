"""A private folder for the demo: its image, its cases, what is recovered from it.

The only place that unpacks an image. An image is judged by its bytes, never by its name or date: each
start compares it with what it must be, and a changed one is replaced whole, by rename.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lvtui.errors import DestinationError, UserError

Pieces = Callable[[], Iterator[tuple[int, bytes]]]
"""Makes (offset, bytes) pairs in ascending order; what lies between them is zero."""

CHUNK_BYTES = 1 << 20
MARKER = ".lvtui-demo"
"""Only a folder with this file in it is ever removed."""


def state_home() -> Path:
    """The user's state directory; an XDG_STATE_HOME that is not absolute does not count."""
    named = os.environ.get("XDG_STATE_HOME", "")
    return Path(named) if named.startswith("/") else Path.home() / ".local" / "state"


def private_folder(path: Path) -> Path:
    """Make `path` (and what is above it) for this user only; one that is there must be ours.

    Raises:
        UserError: it is a link, no folder, or somebody else's. DestinationError: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise UserError(
                "LV-DEM-01",
                "{path} is not a folder of yours. Nothing was changed. Move it away, or set "
                "XDG_STATE_HOME to another folder.",
                path=str(path),
            )
        if stat.S_IMODE(found.st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise DestinationError(
            "LV-DEM-02",
            "The folder {path} cannot be made: {why}. Set XDG_STATE_HOME to a folder of yours.",
            path=str(path),
            why=error.strerror or str(error),
        ) from error
    return path


def demo_folder(path: Path) -> Path:
    """A private folder that `remove` may take away again."""
    private_folder(path)
    (path / MARKER).touch(mode=0o600)
    return path


def remove(path: Path) -> bool:
    """Remove a demo folder with everything in it; whether there was one.

    Raises:
        UserError: a folder that lvtui did not make.
    """
    if not path.exists():
        return False
    if path.is_symlink() or not (path / MARKER).is_file():
        raise UserError(
            "LV-DEM-03",
            "{path} was not made by the demo. Nothing was removed.",
            path=str(path),
        )
    shutil.rmtree(path)
    return True


def next_number(path: Path, prefix: str) -> int:
    """The first number from 1 whose folder `prefix` and number is not there, or empty."""
    used = {found.name for found in path.iterdir() if not _is_empty(found)}
    return next(n for n in range(1, len(used) + 2) if f"{prefix}{n}" not in used)


def _is_empty(path: Path) -> bool:
    return path.is_dir() and next(path.iterdir(), None) is None


def holds(path: Path, size_bytes: int, pieces: Pieces) -> bool:
    """Whether the file at `path` is exactly that image; holes are compared without being read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
            return False
        at = 0
        for offset, data in pieces():
            if not _is_zero(descriptor, at, offset):
                return False
            if os.pread(descriptor, len(data), offset) != data:
                return False
            at = offset + len(data)
        return _is_zero(descriptor, at, size_bytes)
    finally:
        os.close(descriptor)


def write_image(path: Path, size_bytes: int, pieces: Pieces) -> None:
    """Unpack an image, sparse and read-only; it has its name only when its bytes were read back.

    Raises:
        DestinationError: no space, or a write failed; what was begun is taken away.
    """
    need_bytes = sum(len(data) for _, data in pieces())
    free_bytes = shutil.disk_usage(path.parent).free
    if free_bytes < need_bytes + (16 << 20):
        raise DestinationError(
            "LV-DEM-04",
            "{path} has {free:bytes} free, the demo's disk needs {need:bytes}. Nothing was changed. "
            "Free some space, or set XDG_STATE_HOME to another folder.",
            path=str(path.parent),
            free=free_bytes,
            need=need_bytes + (16 << 20),
        )
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with _removed_if_failing(part):
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            os.ftruncate(descriptor, size_bytes)
            for offset, data in pieces():
                _write_all(descriptor, data, offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not holds(part, size_bytes, pieces):
            raise OSError(errno.EIO, "what was written reads back otherwise")
        part.replace(path)


@contextmanager
def _removed_if_failing(part: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DestinationError(
            "LV-DEM-05",
            "The demo's disk cannot be written to {path}: {why}. Nothing else was changed.",
            path=str(part.parent),
            why=error.strerror or str(error),
        ) from error


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(descriptor, view, offset)
        view, offset = view[done:], offset + done


def _is_zero(descriptor: int, start: int, end: int) -> bool:
    """Whether [start, end) is zero; what the file system says to be a hole is not read."""
    while start < end:
        try:
            start = os.lseek(descriptor, start, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return True
            if error.errno != errno.EINVAL:  # a file system that knows no holes: read
                raise
        if start >= end:
            return True
        data = os.pread(descriptor, min(CHUNK_BYTES, end - start), start)
        if not data or data.count(0) != len(data):
            return False
        start += len(data)
    return True
