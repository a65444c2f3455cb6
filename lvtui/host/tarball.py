"""A tarball read member by member, in memory: nothing is unpacked onto a disk.

Hostile until proven: sizes are bounded before anything is read, names are only shown. `tarfile` itself
reads an extended header as long as it says it is, so only its reading of one header block is used.
Formats: POSIX ustar and pax, GNU long names; gzip, bzip2 and xz around them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from lvtui.message import Message, message
from lvtui.units import KiB, MiB

MEMBERS_MAX = 4096
MEMBER_BYTES_MAX = 64 * MiB
ALL_BYTES_MAX = 256 * MiB
"""Of what is unpacked, members that are passed over included."""
_NAME_BYTES_MAX = 64 * KiB
_BLOCK_BYTES = 512
_STEP_BYTES = 1 * MiB
_MAGICS = ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\0", "xz"))
_USTAR, _USTAR_AT = b"ustar", 257
_LONG_NAME, _PAX = b"L", b"x"
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a tarball."""

    name: str
    """Empty: the whole is no tarball but one packed file."""
    data: bytes
    problem: Message | None = None
    """Why it was not read, or why reading ended here."""


def is_packed(data: bytes) -> bool:
    """Whether a file is a tarball, or packed."""
    return any(data.startswith(magic) for magic, _ in _MAGICS) or _is_tar(data)


def members(data: bytes) -> Iterator[Member]:
    """Every regular file in it, in its order."""
    stream = _Stream(data)
    try:
        yield from _members(stream)
    except _BROKEN as error:
        yield _ended(message("the tarball is damaged: {reason}", reason=str(error)))
    except _TooLongError:
        yield _ended(message("it unpacks to more than {max:bytes}", max=ALL_BYTES_MAX))


def _members(stream: _Stream) -> Iterator[Member]:
    block = stream.read(_BLOCK_BYTES)
    if not _is_tar(block):
        data = block + stream.read(MEMBER_BYTES_MAX + 1 - len(block))
        too_long = len(data) > MEMBER_BYTES_MAX
        yield _too_large("") if too_long else Member(name="", data=data)
        return
    name = ""
    count = 0
    while block.strip(b"\0"):
        try:
            head = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except (tarfile.TarError, ValueError):
            yield _ended(message("the tarball is damaged: no header where one must be"))
            return
        if head.size < 0:
            yield _ended(message("the tarball is damaged: a size below 0"))
            return
        padded_bytes = -(-head.size // _BLOCK_BYTES) * _BLOCK_BYTES
        if head.type in {_LONG_NAME, _PAX} and head.size <= _NAME_BYTES_MAX:
            told = stream.read(padded_bytes)[: head.size]
            name = _long_name(told) if head.type == _LONG_NAME else _pax_name(told) or name
        else:
            if head.isreg():
                count += 1
                if count > MEMBERS_MAX:
                    yield _ended(message("more than {max:count} files", max=MEMBERS_MAX))
                    return
                shown = name or head.name
                if head.size > MEMBER_BYTES_MAX:
                    yield _too_large(shown)
                else:
                    data = stream.read(padded_bytes)
                    if len(data) < head.size:
                        yield _ended(message("the tarball ends within {name}", name=shown))
                        return
                    yield Member(name=shown, data=data[: head.size])
                    padded_bytes = 0
            name = ""
            stream.skip(padded_bytes)
        block = stream.read(_BLOCK_BYTES)


def _is_tar(data: bytes) -> bool:
    return data[_USTAR_AT : _USTAR_AT + len(_USTAR)] == _USTAR


def _long_name(told: bytes) -> str:
    return told.rstrip(b"\0").decode("utf-8", "surrogateescape")


def _pax_name(told: bytes) -> str:
    """Of `LENGTH path=NAME`, a line each."""
    for line in told.split(b"\n"):
        _, _, record = line.partition(b" ")
        if record.startswith(b"path="):
            return record.removeprefix(b"path=").decode("utf-8", "surrogateescape")
    return ""


def _ended(reason: Message) -> Member:
    return Member(name="", data=b"", problem=reason)


def _too_large(name: str) -> Member:
    reason = message("it is larger than {max:bytes}", max=MEMBER_BYTES_MAX)
    return Member(name=name, data=b"", problem=reason)


class _TooLongError(Exception):
    """More was unpacked than one may ask for."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Stream:
    """What is unpacked, forward only, and no more than `ALL_BYTES_MAX` of it."""

    def __init__(self, data: bytes) -> None:
        kind = next((kind for magic, kind in _MAGICS if data.startswith(magic)), None)
        packed = io.BytesIO(data)
        self._file: _Readable = packed
        if kind == "gz":
            self._file = gzip.GzipFile(fileobj=packed)
        elif kind == "bz2":
            self._file = bz2.BZ2File(packed)
        elif kind == "xz":
            self._file = lzma.LZMAFile(packed)  # noqa: SIM115 - holds no descriptor
        self._left_bytes = ALL_BYTES_MAX

    def read(self, length_bytes: int) -> bytes:
        """As many bytes as there are, up to `length_bytes`."""
        parts: list[bytes] = []
        while length_bytes:
            part = self._file.read(min(length_bytes, _STEP_BYTES))
            if not part:
                break
            self._left_bytes -= len(part)
            if self._left_bytes < 0:
                raise _TooLongError
            parts.append(part)
            length_bytes -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def skip(self, length_bytes: int) -> None:
        """Read on."""
        while length_bytes > 0:
            step = len(self.read(min(length_bytes, _STEP_BYTES)))
            if not step:
                return
            length_bytes -= step
