"""The image as it is written: `NAME.part`, sparse, private, and its final name at the end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lvtui.errors import DestinationError
from lvtui.host.copy.block_target import is_block
from lvtui.host.copy.folder import JobFolder, TargetRecord
from lvtui.host.copy.manifest import BLOCK_BYTES, UNIT_BYTES, ZERO_UNIT, Manifest, is_zeros
from lvtui.host.copy.verify import BackReader, ReadBack, read_back
from lvtui.host.files import Files, write_all
from lvtui.source import ByteRange


class Target:
    """The open image of a job."""

    def __init__(
        self,
        path: Path,
        final: Path,
        descriptor: int,
        files: Files,
        *,
        is_fresh: bool,
        had_size: bool = True,
    ) -> None:
        """Use `open_target`."""
        self.had_size = had_size
        """Whether it had the image's size when it was opened; else no map of it holds."""
        self.path = path
        """Its name now: `….part`, or the final one when it was finished before."""
        self.may_hold_old = not is_fresh
        """Whether bytes that the map does not know may be in it: then zeros are written."""
        self.is_final = path == final
        self._final = final
        self._descriptor = descriptor
        self._files = files

    def write(self, offset_bytes: int, data: bytes) -> int:
        """Write `data`, leaving out blocks of zeros; returns the bytes left out.

        Raises:
            OSError: as the file system says; the range has unknown contents then.
        """
        view = memoryview(data)
        holes_bytes = run_start = 0
        for start in range(0, len(data), BLOCK_BYTES):
            block = view[start : start + BLOCK_BYTES]
            if not is_zeros(block):
                continue
            if run_start < start:
                write_all(
                    self._files, self._descriptor, view[run_start:start], offset_bytes + run_start
                )
            self.zero(offset_bytes + start, len(block))
            holes_bytes += len(block)
            run_start = start + len(block)
        if run_start < len(data):
            write_all(self._files, self._descriptor, view[run_start:], offset_bytes + run_start)
        return holes_bytes

    def digest(self, where: ByteRange) -> bytes:
        """The sha256 of what was written, through the page cache."""
        digest = hashlib.sha256()
        for start in range(where.offset_bytes, where.end_bytes, UNIT_BYTES):
            length = min(UNIT_BYTES, where.end_bytes - start)
            digest.update(os.pread(self._descriptor, length, start).ljust(length, b"\0"))
        return digest.digest()

    def zero(self, offset_bytes: int, length_bytes: int) -> None:
        """Make a range zeros: nothing to do where the file has never been written."""
        if not self.may_hold_old:
            return
        end = offset_bytes + length_bytes
        while (start := self._data_from(offset_bytes)) < end:
            run = min(len(ZERO_UNIT), end - start)
            write_all(self._files, self._descriptor, memoryview(ZERO_UNIT)[:run], start)
            offset_bytes = start + run

    def sync(self) -> None:
        """Make what was written durable; after an error nothing since the last one is."""
        self._files.fdatasync(self._descriptor)

    def reopen(self) -> None:
        """A descriptor whose sync failed has forgotten it: take a new one."""
        descriptor = self._files.open_existing(self.path)
        self._files.close(self._descriptor)  # with its lock, which would stand in the way
        self._descriptor = descriptor
        _lock(descriptor, self.path)
        self.may_hold_old = True

    def free_bytes(self) -> int:
        """What is free on its file system."""
        facts = os.fstatvfs(self._descriptor)
        return facts.f_bavail * facts.f_frsize

    def read_back(self, manifest: Manifest, on_unit: Callable[[int, bool], None]) -> ReadBack:
        """See `OpenImage`."""
        return read_back(self.path, manifest, on_unit)

    def back_digests(self, chunks: Sequence[ByteRange]) -> Iterator[bytes]:
        """See `OpenImage`."""
        with BackReader(self.path) as reader:
            for chunk in chunks:
                yield reader.digest(chunk)

    def publish(self) -> None:
        """Give it its final name, which no other file may have; it was verified.

        Raises:
            DestinationError: `LV-DST-14`, the name was taken meanwhile.
        """
        final = self._final
        if self.is_final:
            return
        try:
            self._files.link(self.path, final)
        except FileExistsError:
            if final.stat(follow_symlinks=False).st_ino != os.fstat(self._descriptor).st_ino:
                raise DestinationError(
                    "LV-DST-14",
                    "{path} was made by somebody else meanwhile. The verified image is {part}.",
                    changed=True,
                    path=str(final),
                    part=str(self.path),
                ) from None
            self._files.unlink(self.path)
        except OSError as error:
            if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
                raise
            # no hard links here (vfat, some shares): the name was free an instant ago
            self._files.rename(self.path, final)
        else:
            self._files.unlink(self.path)
        self._files.fsync_folder(final.parent)
        self.path, self.is_final = final, True

    def close(self) -> None:
        """Close it."""
        self._files.close(self._descriptor)

    def _data_from(self, offset_bytes: int) -> int:
        """Where data begins at or after an offset; far away when there is none."""
        try:
            return os.lseek(self._descriptor, offset_bytes, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return 2**63
            return offset_bytes  # not known here: as if all were data


def part_path(final: Path) -> Path:
    """The name until it is verified."""
    return final.with_name(final.name + ".part")


def open_target(folder: JobFolder, final: Path, size_bytes: int, files: Files) -> Target:
    """Open the image of a job, or make it.

    Raises:
        DestinationError: `LV-DST-10` a file that no job made, `LV-DST-11` another file than the
            job's, `LV-DST-12` another job writes it, `LV-DST-13` the file system refuses.
    """
    part = part_path(final)
    record = folder.target()
    try:
        if record is None:
            return _make(folder, final, size_bytes, files)
        for path in (part, final):
            with contextlib.suppress(FileNotFoundError):
                return _open(path, final, size_bytes, record, files)
    except OSError as error:
        raise refused(error, part) from error
    raise FileNotFoundError(part)


def refuse_strangers(folder: JobFolder, final: Path) -> None:
    """Refuse now what the worker would refuse: a file in the way that this job did not make.

    Raises:
        DestinationError: `LV-DST-10`.
    """
    if folder.target() is not None or is_block(final):
        return
    if os.path.lexists(final):
        raise _exists(final)
    part = part_path(final)
    if os.path.lexists(part) and part.lstat().st_size:
        raise _exists(part)


def _make(folder: JobFolder, final: Path, size_bytes: int, files: Files) -> Target:
    part = part_path(final)
    if os.path.lexists(final):
        raise _exists(final)
    try:
        descriptor = files.open_new(part)
    except FileExistsError:
        descriptor = _adopt(part, files)
    try:
        _lock(descriptor, part)
        files.fsync_folder(part.parent)
        facts = os.fstat(descriptor)
        folder.write_target(files, TargetRecord(inode=facts.st_ino, device=facts.st_dev))
        files.truncate(descriptor, size_bytes)
    except BaseException:
        files.close(descriptor)
        raise
    return Target(part, final, descriptor, files, is_fresh=True)


def _adopt(part: Path, files: Files) -> int:
    """An empty `.part` of ours is what a crash between its making and its record leaves."""
    try:
        descriptor = files.open_existing(part)
    except OSError:
        raise _exists(part) from None
    facts = os.fstat(descriptor)
    is_ours = stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid() and facts.st_nlink == 1
    if not is_ours or facts.st_size != 0:
        files.close(descriptor)
        raise _exists(part)
    return descriptor


def _open(path: Path, final: Path, size_bytes: int, record: TargetRecord, files: Files) -> Target:
    is_final = path == final
    descriptor = files.open_existing(path)
    try:
        _lock(descriptor, path)
        facts = os.fstat(descriptor)
        _check_same(path, facts, record, is_final=is_final)
        had_size = facts.st_size == size_bytes
        if not had_size and not is_final:
            files.truncate(descriptor, size_bytes)
    except BaseException:
        files.close(descriptor)
        raise
    return Target(path, final, descriptor, files, is_fresh=False, had_size=had_size)


def _check_same(path: Path, facts: os.stat_result, record: TargetRecord, *, is_final: bool) -> None:
    """A finished image may have been put back under its name; an unfinished one is the same file."""
    is_same = facts.st_ino == record.inode or (is_final and record.finished)
    if not stat.S_ISREG(facts.st_mode) or not is_same:
        raise DestinationError(
            "LV-DST-11",
            "{path} is not the file that this copy began. Move it away and resume.",
            path=str(path),
        )


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DestinationError(
            "LV-DST-12", "Another copy writes {path}. Choose another name.", path=str(path)
        ) from None
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}:
            raise


def _exists(path: Path) -> DestinationError:
    return DestinationError(
        "LV-DST-10",
        "{path} exists and no copy of lvtui made it. Choose another name, or move it away.",
        path=str(path),
    )


def refused(error: OSError, path: Path) -> DestinationError:
    """The sentence for what the file system said about the image."""
    if error.errno == errno.EFBIG:
        return DestinationError(
            "LV-DST-15",
            "The file system of {path} (or a limit of this process) allows no file of that size. "
            "Choose another place.",
            path=str(path),
        )
    return DestinationError(
        "LV-DST-13",
        "{path} cannot be written: {why}. What was copied before is kept.",
        path=str(path),
        why=os.strerror(error.errno or 0),
    )
