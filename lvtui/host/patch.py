"""The only module that opens a damaged disk for writing, and only for a line of an approved plan.

On one descriptor: identity, old bytes by sha256, pwrite, fsync, then the same bytes read again with
O_DIRECT. LVM's lock of the group is held meanwhile, so that no LVM command of this host writes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import mmap
import os
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lvtui.errors import CheckStop, LockedError, Refused, SourceChangedError, VerifyError
from lvtui.host.device import BLKGETSIZE64, BLKSSZGET, HEAD_BYTES
from lvtui.plan.command import Patch
from lvtui.plan.facts import DeviceIdentity
from lvtui.plan.plan import Approval, is_device
from lvtui.units import SECTOR_BYTES

LOCK_FOLDERS = (Path("/run/lock/lvm"), Path("/var/lock/lvm"))
_LOCK_TRIES = 200
_LOCK_SECONDS = 0.05


def lock_file_of(vg_name: str) -> str | None:
    """Where LVM keeps its lock of a group; None where it has no lock folder yet."""
    folder = next((folder for folder in LOCK_FOLDERS if folder.is_dir()), None)
    return str(folder / f"V_{vg_name}") if folder is not None else None


@contextmanager
def group_lock(lock_file: str | None) -> Iterator[None]:
    """LVM's lock of a group; LVM takes the file away when it is done, so its inode is compared.

    Raises:
        LockedError: `LV-PAT-01`, an LVM command of this host has it.
    """
    if lock_file is None:
        yield
        return
    for _ in range(_LOCK_TRIES):
        descriptor = os.open(
            lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(descriptor, lock_file):
                break
        except BlockingIOError:
            pass
        os.close(descriptor)
        time.sleep(_LOCK_SECONDS)
    else:
        raise LockedError(
            "LV-PAT-01",
            "Another LVM command works on this group ({lock}). Nothing was changed. Wait until it "
            "has ended, then go on.",
            lock=lock_file,
        )
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(lock_file).unlink()
        os.close(descriptor)


def _is_at(descriptor: int, path: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        mine, there = os.fstat(descriptor), Path(path).lstat()
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
    return False


def apply_patch(patch: Patch, approval: Approval, *, resumed: bool = False) -> None:
    """Write the bytes of a line.

    Args:
        patch: the line.
        approval: of the plan that it belongs to.
        resumed: the line was begun before and its end is not known: each sector may hold the old
            bytes or the new ones.

    Raises:
        Refused: no such line was approved. SourceChangedError: another device, or other bytes.
        CheckStop: `LV-PAT-05`, the file with the new bytes. VerifyError: it reads back otherwise.
    """
    if not approval.covers(patch):
        raise Refused(
            "LV-PAT-02", "This write is no line of an approved plan. Nothing was changed."
        )
    new = _new_bytes(patch)
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY
    with contextlib.ExitStack() as stack:
        descriptor = _open(patch.path, flags)
        stack.callback(os.close, descriptor)
        unit = _unit_bytes(descriptor)
        if not is_device(_identity(descriptor, unit), patch.device_identity):
            raise SourceChangedError(
                "LV-PAT-03",
                "{path} is not the device that the plan was made for, or its first 4 KiB changed. "
                "Nothing was changed. Make the plan again.",
                path=patch.path,
            )
        first = patch.offset_bytes // unit * unit
        end = -(-(patch.offset_bytes + patch.length_bytes) // unit) * unit
        window = mmap.mmap(-1, end - first)
        _read(descriptor, window, first)
        at = patch.offset_bytes - first
        old = window[at : at + patch.length_bytes]
        if hashlib.sha256(old).hexdigest() != patch.old_sha256 and not (
            resumed and _is_mixed(patch, old, new)
        ):
            raise SourceChangedError(
                "LV-PAT-04",
                "{path} holds other bytes at {offset} than when the plan was made. Nothing was "
                "changed there. Make the plan again.",
                path=patch.path,
                offset=patch.offset_bytes,
            )
        window[at : at + patch.length_bytes] = new
        _write(descriptor, window, first)
        os.fsync(descriptor)
        back = mmap.mmap(-1, end - first)
        _read(descriptor, back, first)
        if back[:] != window[:]:
            raise VerifyError(
                "LV-PAT-06",
                "{path} does not hold what was written at {offset}. The disk or its path is not to "
                "be trusted.",
                changed=True,
                path=patch.path,
                offset=patch.offset_bytes,
            )


def _new_bytes(patch: Patch) -> bytes:
    new = Path(patch.new_bytes_file).read_bytes()
    if len(new) != patch.length_bytes or hashlib.sha256(new).hexdigest() != patch.new_sha256:
        raise CheckStop(
            "LV-PAT-05",
            "{path} in the case does not hold the bytes that the plan names. Nothing was changed.",
            path=patch.new_bytes_file,
        )
    return new


def _is_mixed(patch: Patch, found: bytes, new: bytes) -> bool:
    """Whether the write was cut off: every sector is the old one or the new one."""
    if found == new:
        return True
    if patch.old_bytes_file is None:
        return False
    old = Path(patch.old_bytes_file).read_bytes()
    return hashlib.sha256(old).hexdigest() == patch.old_sha256 and all(
        found[at : at + SECTOR_BYTES] in {old[at : at + SECTOR_BYTES], new[at : at + SECTOR_BYTES]}
        for at in range(0, patch.length_bytes, SECTOR_BYTES)
    )


def _open(path: str, flags: int) -> int:
    if not stat.S_ISBLK(os.stat(path).st_mode):  # noqa: PTH116 - the path as it is, links followed
        return os.open(path, flags)
    try:
        return os.open(path, flags | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags | os.O_DSYNC)


def _unit_bytes(descriptor: int) -> int:
    if not stat.S_ISBLK(os.fstat(descriptor).st_mode):
        return SECTOR_BYTES
    (unit,) = struct.unpack("i", fcntl.ioctl(descriptor, BLKSSZGET, bytes(4)))
    return int(unit)


def _identity(descriptor: int, unit: int) -> DeviceIdentity:
    found = os.fstat(descriptor)
    is_block = stat.S_ISBLK(found.st_mode)
    size_bytes = found.st_size
    if is_block:
        (size_bytes,) = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETSIZE64, bytes(8)))
    head = mmap.mmap(-1, max(HEAD_BYTES, unit))
    _read(descriptor, head, 0)
    rdev = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    return DeviceIdentity(
        kind="block" if is_block else "file",
        rdev=rdev if is_block else None,
        inode=None if is_block else f"{found.st_dev}:{found.st_ino}",
        size_bytes=size_bytes,
        head_sha256=hashlib.sha256(head[:HEAD_BYTES]).hexdigest(),
    )


def _read(descriptor: int, into: mmap.mmap, offset_bytes: int) -> None:
    view = memoryview(into)
    done = 0
    while done < len(view):
        got = os.preadv(descriptor, [view[done:]], offset_bytes + done)
        if got <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done += got


def _write(descriptor: int, data: mmap.mmap, offset_bytes: int) -> None:
    view = memoryview(data)
    done = 0
    while done < len(view):
        written = os.pwritev(descriptor, [view[done:]], offset_bytes + done)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done += written
