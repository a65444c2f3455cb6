"""A block device or LV as the image: only what is zeros, or already the image's own, is ever written.

Every sector is read before it is written, so that a device that is not blank is found out before a byte
of it is lost, whatever its owner believed. The first 4 KiB are kept in the job and written last: until
the image is whole and verified, nothing takes the device for a disk with something on it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from lvtui.errors import DestinationError
from lvtui.host.copy.folder import JobFolder, TargetRecord
from lvtui.host.copy.manifest import BLOCK_BYTES, UNIT_BYTES, Manifest, is_zeros
from lvtui.host.copy.verify import BackReader, ReadBack, read_back_from
from lvtui.host.device import BLKGETSIZE64
from lvtui.host.files import Files, replace_file, write_all
from lvtui.source import ByteRange
from lvtui.units import SECTOR_BYTES, KiB

HEAD_BYTES = 4 * KiB


def is_block(path: Path) -> bool:
    """Whether a path is a block device."""
    try:
        return stat.S_ISBLK(path.stat().st_mode)
    except OSError:
        return False


class BlockReader(BackReader):
    """Reads the device, its held-back head included."""

    def __init__(self, path: Path, size_bytes: int, head: bytes | None) -> None:
        """`head` None: it was written."""
        super().__init__(path, follow=True)
        self.size_bytes = size_bytes
        self.holes_bytes = 0
        self._head = head

    def read(self, offset_bytes: int, length_bytes: int) -> bytes:
        """See `BackReader`."""
        data = super().read(offset_bytes, length_bytes)
        if self._head is None or offset_bytes:
            return data
        return self._head[: len(data)] + data[HEAD_BYTES:]

    def data_from(self, offset_bytes: int) -> int:
        """A device has no holes."""
        return offset_bytes


class BlockTarget:
    """The image of a job on a device."""

    def __init__(self, path: Path, folder: JobFolder, size_bytes: int, files: Files) -> None:
        """Open the device for nobody else.

        Raises:
            OSError: in use (EBUSY), or not to be opened. DestinationError: `LV-DST-29` it is not the
                device that this copy began, `LV-DST-06` it is too small.
        """
        self.path = path
        self.had_size = True
        self.may_hold_old = True
        self._folder = folder
        self._files = files
        self._image_bytes = size_bytes
        self._head_path = folder.path / "head"
        self._head = bytes(min(HEAD_BYTES, size_bytes))
        if self._head_path.exists():
            self._head = self._head_path.read_bytes()[:HEAD_BYTES].ljust(len(self._head), b"\0")
        self._descriptor = _open(path)
        try:
            record = self._check()
        except BaseException:
            os.close(self._descriptor)
            raise
        self.is_final = record.finished

    def _check(self) -> TargetRecord:
        facts = os.fstat(self._descriptor)
        (size_bytes,) = struct.unpack("Q", fcntl.ioctl(self._descriptor, BLKGETSIZE64, bytes(8)))
        if size_bytes < self._image_bytes:
            raise DestinationError(
                "LV-DST-28",
                "{path} holds {found:bytes}, the image needs {need:bytes}.",
                path=str(self.path),
                found=size_bytes,
                need=self._image_bytes,
            )
        record = self._folder.target()
        if record is None:
            # what is told of a disk stands at its beginning or its end: look before copying for hours
            for start in (0, max(size_bytes - UNIT_BYTES, 0)):
                self.zero(start, min(UNIT_BYTES, size_bytes - start))
            record = TargetRecord(inode=facts.st_rdev, device=size_bytes)
            self._folder.write_target(self._files, record)
        elif (record.inode, record.device) != (facts.st_rdev, size_bytes):
            raise DestinationError(
                "LV-DST-29",
                "{path} is not the device that this copy began. Attach the right one and resume.",
                path=str(self.path),
            )
        return record

    def write(self, offset_bytes: int, data: bytes) -> int:
        """Write what the device does not say already; returns the bytes left out."""
        if offset_bytes < HEAD_BYTES:
            head = bytearray(self._head)
            part = data[: len(head) - offset_bytes]
            head[offset_bytes : offset_bytes + len(part)] = part
            self._head = bytes(head)
            data, offset_bytes = data[len(part) :], offset_bytes + len(part)
        holes_bytes, view = 0, memoryview(data)
        for start in range(0, len(data), BLOCK_BYTES):
            block = view[start : start + BLOCK_BYTES]
            there = os.pread(self._descriptor, len(block), offset_bytes + start)
            if is_zeros(block):
                holes_bytes += len(block)
            if there == block:
                continue
            self._prove(there, block, offset_bytes + start)
            write_all(self._files, self._descriptor, block, offset_bytes + start)
        return holes_bytes

    def zero(self, offset_bytes: int, length_bytes: int) -> None:
        """Prove that a range is zeros."""
        for start in range(offset_bytes, offset_bytes + length_bytes, UNIT_BYTES):
            length = min(UNIT_BYTES, offset_bytes + length_bytes - start)
            there = os.pread(self._descriptor, length, start)
            if not is_zeros(there):
                self._prove(there, memoryview(bytes(length)), start)

    def _prove(self, there: bytes, wanted: memoryview, offset_bytes: int) -> None:
        """Each sector is zeros, or what is to be written: of this very image, before a crash."""
        for at in range(0, len(wanted), SECTOR_BYTES):
            sector = there[at : at + SECTOR_BYTES]
            if sector != wanted[at : at + SECTOR_BYTES] and not is_zeros(sector):
                raise DestinationError(
                    "LV-DST-26",
                    "{path} is not blank: byte {offset:count} and what follows hold data that are "
                    "not of this copy. Nothing there was overwritten. Choose another destination.",
                    path=str(self.path),
                    offset=offset_bytes + at,
                )

    def digest(self, where: ByteRange) -> bytes:
        """See `OpenImage`."""
        digest = hashlib.sha256()
        for start in range(where.offset_bytes, where.end_bytes, UNIT_BYTES):
            data = os.pread(self._descriptor, min(UNIT_BYTES, where.end_bytes - start), start)
            if start == 0 and not self.is_final:
                data = self._head + data[len(self._head) :]
            digest.update(data)
        return digest.digest()

    def sync(self) -> None:
        """See `OpenImage`."""
        replace_file(self._files, self._head_path, self._head)
        self._files.fdatasync(self._descriptor)

    def reopen(self) -> None:
        """See `OpenImage`."""
        os.close(self._descriptor)
        self._descriptor = _open(self.path)
        self._check()

    def publish(self) -> None:
        """Write the head, and see that it is there."""
        if self.is_final:
            return
        there = os.pread(self._descriptor, len(self._head), 0)
        self._prove(there, memoryview(self._head), 0)
        write_all(self._files, self._descriptor, self._head, 0)
        self._files.fdatasync(self._descriptor)
        with BlockReader(self.path, self._image_bytes, None) as reader:
            if reader.read(0, len(self._head)) != self._head:
                raise DestinationError(
                    "LV-DST-27",
                    "The first sectors of {path} do not keep what is written to them.",
                    changed=True,
                    path=str(self.path),
                )
        self.is_final = True

    def close(self) -> None:
        """See `OpenImage`."""
        os.close(self._descriptor)

    def _reader(self) -> BlockReader:
        return BlockReader(self.path, self._image_bytes, None if self.is_final else self._head)

    def read_back(self, manifest: Manifest, on_unit: Callable[[int, bool], None]) -> ReadBack:
        """See `OpenImage`."""
        with self._reader() as reader:
            return read_back_from(reader, manifest, on_unit)

    def back_digests(self, chunks: Sequence[ByteRange]) -> Iterator[bytes]:
        """See `OpenImage`."""
        with self._reader() as reader:
            for chunk in chunks:
                yield reader.digest(chunk)


def _open(path: Path) -> int:
    """For nobody else: not while it is mounted, part of something, or open in the same way."""
    return os.open(path, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
