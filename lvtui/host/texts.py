"""Files that an operator names beside SOURCE: backup and archive files, folders of them, tarballs.

Everything is read bounded and into memory; nothing is unpacked onto a disk, no link is followed out of
a folder. What the bytes mean is for `lvm/backup.py`.
Sources: lvm2 `scripts/lvmdump.sh` (a gzipped tar; `-m` puts the first pe_start sectors of each PV into
`metadata/`, `/etc/lvm` goes to `lvm/`), `man vgcfgbackup` (`/etc/lvm/backup`, `/etc/lvm/archive`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvtui.errors import LvtuiError, NeedsRootError, SourceReadError, UserError
from lvtui.host.tarball import is_packed, members
from lvtui.message import Message, message
from lvtui.units import MiB

FILE_BYTES_MAX = 64 * MiB
FILES_MAX = 4096
"""In one folder."""
ALL_BYTES_MAX = 256 * MiB
"""Of all files of one folder."""
_DEPTH_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """One file, or one member of a tarball."""

    name: str
    """Its path; of a member `TARBALL:MEMBER`."""
    data: bytes
    alone: bool
    """Whether the operator named this very file, not a folder or a tarball that holds it."""
    problem: Message | None = None
    """Why it was not read; `data` is empty then."""


def collect(paths: tuple[str, ...]) -> Iterator[TextFile]:
    """Every file that the paths name, in order of their names.

    Raises:
        UserError: no such path. NeedsRootError: it may not be read. SourceReadError: it is neither
            a file nor a folder, it is too large, or it cannot be read.
    """
    for path in dict.fromkeys(paths):
        descriptor = _open(path)
        try:
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                yield from _folder(path)
            elif stat.S_ISREG(mode):
                yield from _file(path, descriptor)
            else:
                raise SourceReadError(
                    "LV-BAK-01",
                    "{path} is neither a file nor a folder of LVM backups. Nothing was changed.",
                    path=path,
                )
        finally:
            os.close(descriptor)


def _open(path: str) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    try:
        return os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: str, error: OSError | ValueError) -> LvtuiError:
    number = error.errno if isinstance(error, OSError) else None
    reason = os.strerror(number) if number else str(error)
    if number in {errno.EACCES, errno.EPERM}:
        return NeedsRootError(
            "LV-BAK-03", "{path} may not be read by this user. Start lvtui as root.", path=path
        )
    if number in {None, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}:
        return UserError(
            "LV-BAK-02",
            "There is no {path} ({reason}). Name a file or folder such as /etc/lvm/archive, or a "
            "tarball of lvmdump.",
            path=path,
            reason=reason,
        )
    return SourceReadError(
        "LV-BAK-04",
        "{path} cannot be read ({reason}). Nothing was changed.",
        path=path,
        reason=reason,
    )


def _folder(path: str) -> Iterator[TextFile]:
    """Files of a folder and of those in it; links and anything special are passed over."""
    left_bytes = ALL_BYTES_MAX
    for count, found in enumerate(_walk(Path(path), 0)):
        if count == FILES_MAX:
            yield _passed_over(path, message("more than {max:count} files", max=FILES_MAX))
            return
        try:
            data = _read_quietly(found)
        except OSError as error:
            reason = message("{reason}", reason=os.strerror(error.errno or 0))
            yield _passed_over(str(found), reason)
            continue
        if data is None or len(data) > left_bytes:
            yield _passed_over(str(found), message("too large"))
            continue
        left_bytes -= len(data)
        if is_packed(data):
            yield from _members(str(found), data)
        else:
            yield TextFile(name=str(found), data=data, alone=False)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
            elif entry.is_dir(follow_symlinks=False) and depth < _DEPTH_MAX:
                yield from _walk(Path(entry.path), depth + 1)


def _read_quietly(path: Path) -> bytes | None:
    """The bytes of a file in a folder; None: it is too large, or no file any more."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES_MAX:
            return None
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read(FILE_BYTES_MAX + 1)


def _file(path: str, descriptor: int) -> Iterator[TextFile]:
    try:
        data = _read(descriptor)
    except OSError as error:
        raise _cannot_read(path, error) from error
    if len(data) > FILE_BYTES_MAX:
        raise SourceReadError(
            "LV-BAK-05",
            "{path} is larger than {max:bytes}: no backup file of LVM, no tarball of lvmdump. Give "
            "a disk, or the copy of one, as SOURCE.",
            path=path,
            max=FILE_BYTES_MAX,
        )
    if is_packed(data):
        yield from _members(path, data)
    else:
        yield TextFile(name=path, data=data, alone=True)


def _passed_over(name: str, reason: Message) -> TextFile:
    problem = message("{name} was passed over: {reason}", name=name, reason=str(reason))
    return TextFile(name=name, data=b"", alone=False, problem=problem)


def _members(path: str, data: bytes) -> Iterator[TextFile]:
    for member in members(data):
        name = f"{path}:{member.name}" if member.name else path
        if member.problem is not None:
            yield _passed_over(name, member.problem)
        else:
            yield TextFile(name=name, data=member.data, alone=False)
