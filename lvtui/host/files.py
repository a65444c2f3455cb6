"""The few calls by which the copier, its map and the case write, as a protocol.

Everything durable goes through `Files`, so that a test can record the calls and rebuild every state
that a crash could leave between them. Reading needs no seam: a rebuilt state is a real folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path
from typing import Protocol

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class Files(Protocol):
    """What writes; each method is one system call and raises OSError as it does."""

    def mkdir(self, path: Path) -> None:
        """Make a private folder."""
        ...

    def open_new(self, path: Path) -> int:
        """Open a file that must not exist yet, for reading and writing, private."""
        ...

    def open_existing(self, path: Path) -> int:
        """Open a file that exists, no symbolic link, for reading and writing."""
        ...

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> int:
        """Write at an offset; may write less than given."""
        ...

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """Set the size."""
        ...

    def fdatasync(self, descriptor: int) -> None:
        """Make the contents durable. An error is final for the descriptor (reliability.md)."""
        ...

    def fsync(self, descriptor: int) -> None:
        """Make contents and attributes durable."""
        ...

    def close(self, descriptor: int) -> None:
        """Close it."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, replacing what has it."""
        ...

    def link(self, old: Path, new: Path) -> None:
        """Give a file a second name, which must be free."""
        ...

    def unlink(self, path: Path) -> None:
        """Take a name away."""
        ...

    def fsync_folder(self, path: Path) -> None:
        """Make names in a folder durable."""
        ...


class SystemFiles:
    """The real calls."""

    def mkdir(self, path: Path) -> None:
        """See `Files`."""
        path.mkdir(mode=PRIVATE_FOLDER)

    def open_new(self, path: Path) -> int:
        """See `Files`."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(path, flags, PRIVATE_FILE)

    def open_existing(self, path: Path) -> int:
        """See `Files`."""
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> int:
        """See `Files`."""
        return os.pwrite(descriptor, data, offset_bytes)

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """See `Files`."""
        os.ftruncate(descriptor, size_bytes)

    def fdatasync(self, descriptor: int) -> None:
        """See `Files`."""
        os.fdatasync(descriptor)

    def fsync(self, descriptor: int) -> None:
        """See `Files`."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """See `Files`."""
        os.close(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """See `Files`."""
        old.rename(new)

    def link(self, old: Path, new: Path) -> None:
        """See `Files`."""
        os.link(old, new, follow_symlinks=False)

    def unlink(self, path: Path) -> None:
        """See `Files`."""
        path.unlink()

    def fsync_folder(self, path: Path) -> None:
        """See `Files`."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_all(files: Files, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> None:
    """Write all of `data`, however many calls it takes."""
    view = memoryview(data)
    while view:
        written = files.pwrite(descriptor, view, offset_bytes)
        if written == 0:  # never seen; a loop without end would be worse than a wrong word
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view, offset_bytes = view[written:], offset_bytes + written


def unlink_if_there(files: Files, path: Path) -> None:
    """Take a name away that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        files.unlink(path)


def write_new(files: Files, path: Path, data: bytes) -> None:
    """Make a file with `data`, durable but for its name; a torn one of an earlier try goes."""
    unlink_if_there(files, path)
    descriptor = files.open_new(path)
    try:
        write_all(files, descriptor, data, 0)
        files.fsync(descriptor)
    finally:
        files.close(descriptor)


def replace_file(files: Files, path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace what `path` holds: a reader sees the old or the new content, whole.

    Without `durable` a power cut may bring the old one back, or lose the new one's bytes.
    """
    temporary = path.with_name(f"{path.name}.{threading.get_native_id()}.new")
    if durable:
        write_new(files, temporary, data)
    else:
        unlink_if_there(files, temporary)
        descriptor = files.open_new(temporary)
        try:
            write_all(files, descriptor, data, 0)
        finally:
            files.close(descriptor)
    files.rename(temporary, path)
    if durable:
        files.fsync_folder(path.parent)
