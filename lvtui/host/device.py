"""The damaged disk, read: the only place that opens a source, and it does so read-only.

Block devices are read with O_DIRECT, because a buffered read of a PV does not see what was written
through an LV on it; where the kernel refuses that, pages are dropped before each read
(POSIX_FADV_DONTNEED). Image files are read buffered. Everything that is known of a source, its size
and identity, comes from the open descriptor, not from its path.
Numbers: `linux/fs.h`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import struct
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lvtui.errors import LvtuiError, NeedsRootError, SourceReadError, UserError
from lvtui.host.sectors import ReadInto, SectorReader, preadv
from lvtui.source import ByteRange, Piece
from lvtui.units import SECTOR_BYTES, KiB

if TYPE_CHECKING:  # a list of versions does without identities
    from lvtui.plan.facts import DeviceIdentity

HEAD_BYTES = 4 * KiB
BLKSSZGET = 0x1268
BLKGETSIZE64 = 0x80081272

_GAPS_KEPT_MAX = 4096


class SourceDevice:
    """A block device or image file as a `ByteSource`; a context manager."""

    def __init__(self, path: str, *, read_into: ReadInto = preadv) -> None:
        """Open the source.

        Raises:
            UserError: no such path. NeedsRootError: it may not be read. SourceReadError: it is no
                block device or file, it is empty, or it cannot be opened.
        """
        self.path = path
        self._gaps: list[ByteRange] = []
        self._identity: DeviceIdentity | None = None
        self._fd = _open(path)
        with ExitStack() as stack:
            stack.callback(self.close)
            self.is_block = stat.S_ISBLK(os.fstat(self._fd).st_mode)
            self.sector_bytes = _sector_bytes(self._fd) if self.is_block else SECTOR_BYTES
            self.size_bytes = _size_bytes(self._fd, path)
            self._reader = SectorReader(
                self._fd,
                size_bytes=self.size_bytes,
                sector_bytes=self.sector_bytes,
                is_block=self.is_block,
                read_into=read_into,
            )
            stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    @property
    def is_direct(self) -> bool:
        """Whether reads go past the page cache."""
        return self._reader.is_direct

    @property
    def patient(self) -> bool:
        """Whether a failed read is taken apart to sectors; a copier takes the good parts first."""
        return self._reader.patient

    @patient.setter
    def patient(self, patient: bool) -> None:
        self._reader.patient = patient

    @property
    def gaps(self) -> tuple[ByteRange, ...]:
        """Every unreadable range met so far, in the order of reading; no more than some thousands."""
        return tuple(self._gaps)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read up to `length_bytes` at `offset_bytes`; unreadable sectors are zero and gaps.

        Raises:
            SourceReadError: the device is gone.
        """
        try:
            piece = self._reader.pread(offset_bytes, length_bytes)
        except OSError as error:
            raise SourceReadError(
                "LV-SRC-07",
                "{path} cannot be read any more ({reason}). Nothing was changed. Check its cable, "
                "its path and the kernel's log (dmesg), then start again: what was read is kept.",
                path=self.path,
                reason=os.strerror(error.errno or 0),
            ) from error
        if piece.gaps and len(self._gaps) < _GAPS_KEPT_MAX:
            self._gaps.extend(gap for gap in piece.gaps if gap not in self._gaps)
        return piece

    def seek_data(self, offset_bytes: int) -> int:
        """Where the next data of a sparse file begin: `offset_bytes` itself if not in a hole.

        The source's size if only a hole follows. A device has no holes.
        """
        if self.is_block or offset_bytes >= self.size_bytes:
            return min(offset_bytes, self.size_bytes)
        try:
            return os.lseek(self._fd, offset_bytes, os.SEEK_DATA)
        except OSError as error:
            # ENXIO: nothing but a hole. Others: a file system that does not tell.
            return self.size_bytes if error.errno == errno.ENXIO else offset_bytes

    def reopen_buffered(self) -> int:
        """Another descriptor of the same source, without O_DIRECT, for a sweep; the caller closes it."""
        return os.open(f"/proc/self/fd/{self._fd}", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def identity(self) -> DeviceIdentity:
        """What the descriptor tells; its head as it was when this was first asked for."""
        if self._identity is None:
            self._identity = self._identify()
        return self._identity

    def _identify(self) -> DeviceIdentity:
        from lvtui.plan.facts import DeviceIdentity  # noqa: PLC0415 - only where it is asked for

        found = os.fstat(self._fd)
        rdev = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
        return DeviceIdentity(
            kind="block" if self.is_block else "file",
            rdev=rdev if self.is_block else None,
            inode=None if self.is_block else f"{found.st_dev}:{found.st_ino}",
            size_bytes=self.size_bytes,
            head_sha256=hashlib.sha256(self.pread(0, HEAD_BYTES).data).hexdigest(),
        )


def _open(path: str) -> int:
    """Open for reading only; the kind is looked at first, for opening some devices does things."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - Path("") would be the current folder
        if not (stat.S_ISBLK(mode) or stat.S_ISREG(mode)):
            raise _wrong_kind(path, mode)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
        if not stat.S_ISBLK(mode):
            return os.open(path, flags)
        try:
            return os.open(path, flags | os.O_DIRECT)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return os.open(path, flags)
    except OSError as error:
        raise _cannot_open(path, error) from error
    except ValueError as error:
        raise UserError("LV-SRC-01", _NO_PATH, path=path, reason=str(error)) from error


_NO_PATH = "There is no {path} ({reason}). Name a disk such as /dev/sda3, or an image file."


def _cannot_open(path: str, error: OSError) -> LvtuiError:
    reason = os.strerror(error.errno or 0)
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}:
        return UserError("LV-SRC-01", _NO_PATH, path=path, reason=reason)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return NeedsRootError(
            "LV-SRC-03", "{path} may not be read by this user. Start lvtui as root.", path=path
        )
    return SourceReadError(
        "LV-SRC-06",
        "{path} cannot be opened ({reason}). Nothing was changed. Look at the kernel's log (dmesg).",
        path=path,
        reason=reason,
    )


def _wrong_kind(path: str, mode: int) -> SourceReadError:
    if stat.S_ISDIR(mode):
        return SourceReadError(
            "LV-SRC-02",
            "{path} is a directory. Name a disk such as /dev/sda3, or an image file.",
            path=path,
        )
    return SourceReadError(
        "LV-SRC-04",
        "{path} is neither a block device nor a file. Name a disk such as /dev/sda3, or an image "
        "file.",
        path=path,
    )


def _sector_bytes(descriptor: int) -> int:
    (sector_bytes,) = struct.unpack("i", fcntl.ioctl(descriptor, BLKSSZGET, bytes(4)))
    return int(sector_bytes)


def _size_bytes(descriptor: int, path: str) -> int:
    found = os.fstat(descriptor)
    size_bytes = found.st_size
    if stat.S_ISBLK(found.st_mode):
        (size_bytes,) = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETSIZE64, bytes(8)))
    if not size_bytes:
        raise SourceReadError(
            "LV-SRC-05",
            "{path} holds 0 bytes: nothing can be read from it. Is its medium or its backing file "
            "gone?",
            path=path,
        )
    return int(size_bytes)


def read_head(path: str, length_bytes: int = HEAD_BYTES) -> Piece:
    """The first bytes of a source, opened and closed again; raises as `SourceDevice` does."""
    with SourceDevice(path) as source:
        return source.pread(0, length_bytes)
