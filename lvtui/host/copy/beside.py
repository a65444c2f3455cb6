"""The manifest beside an image, `NAME.manifest`: what `lvtui verify` and anybody else can check it by.

Text, a line an entry, in the order of the image:

    lvtui-manifest 1
    size_bytes 8589934592
    chunk_bytes 4194304
    manifest_sha256 HEX     over the digests of all chunks, in binary
    sha256 HEX              of the whole image; `-` where it was not taken
    HEX                     the sha256 of a chunk; the last chunk may be shorter
    zeros N                 N chunks of zeros
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from pathlib import Path

from lvtui.errors import FormatError
from lvtui.host.copy.manifest import (
    CHUNK_BYTES,
    ZERO_ENTRY,
    Manifest,
    chunk_bytes,
    chunk_count,
    zero_digest,
)
from lvtui.host.files import Files, unlink_if_there, write_all
from lvtui.plan.facts import CopyResult

FIRST_LINE = "lvtui-manifest 1"
LINE_BYTES_MAX = 128
_LINES_AT_ONCE = 4096

_HEAD = re.compile(
    r"size_bytes (\d{1,19})\nchunk_bytes (\d{1,19})\nmanifest_sha256 ([0-9a-f]{64})\n"
    r"sha256 ([0-9a-f]{64}|-)\n",
    re.ASCII,
)


def beside(image: Path) -> Path:
    """Where the manifest of an image is."""
    return image.with_name(image.name + ".manifest")


def write_beside(files: Files, image: Path, manifest: Manifest, result: CopyResult) -> bool:
    """Write it, durably; False where a file is in the way that is no manifest."""
    path = beside(image)
    if path.is_symlink() or (path.exists() and not _is_manifest(path)):
        return False
    new = path.with_name(path.name + ".new")
    unlink_if_there(files, new)
    descriptor = files.open_new(new)
    try:
        offset_bytes = 0
        for text in _texts(manifest, result):
            data = text.encode()
            write_all(files, descriptor, data, offset_bytes)
            offset_bytes += len(data)
        files.fsync(descriptor)
    finally:
        files.close(descriptor)
    files.rename(new, path)
    files.fsync_folder(path.parent)
    return True


def _is_manifest(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(FIRST_LINE)) in {FIRST_LINE.encode(), b""}


def _texts(manifest: Manifest, result: CopyResult) -> Iterator[str]:
    yield (
        f"{FIRST_LINE}\nsize_bytes {manifest.size_bytes}\nchunk_bytes {CHUNK_BYTES}\n"
        f"manifest_sha256 {result.manifest_sha256}\nsha256 {result.destination_sha256 or '-'}\n"
    )
    lines: list[str] = []
    zeros = 0
    for entry in manifest.entries():
        if entry == ZERO_ENTRY:
            zeros += 1
            continue
        if zeros:
            lines.append(f"zeros {zeros}\n")
            zeros = 0
        lines.append(f"{entry.hex()}\n")
        if len(lines) > _LINES_AT_ONCE:
            yield "".join(lines)
            lines.clear()
    if zeros:
        lines.append(f"zeros {zeros}\n")
    yield "".join(lines)


class BesideManifest:
    """A manifest as it was read; runs, so that a sparse image of any size is small."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            OSError: it cannot be read. FormatError: `LV-MAN-01`, it is none, or it is damaged.
        """
        self._starts: list[int] = []
        self._values: list[bytes | None] = []
        with path.open("rb") as file:
            head = b"".join(file.readline(LINE_BYTES_MAX) for _ in range(5))
            text = head.decode("ascii", "replace")
            found = _HEAD.fullmatch(text.removeprefix(FIRST_LINE + "\n"))
            if not text.startswith(FIRST_LINE + "\n") or found is None:
                raise _damaged(path)
            self.size_bytes = int(found[1])
            if int(found[2]) != CHUNK_BYTES or self.size_bytes >= 2**63:
                raise _damaged(path)
            self.manifest_sha256 = found[3]
            self.sha256 = None if found[4] == "-" else found[4]
            self._read(file_lines(iter(lambda: file.readline(LINE_BYTES_MAX), b"")), path)

    def _read(self, lines: Iterator[str], path: Path) -> None:
        at, whole = 0, chunk_count(self.size_bytes)
        for line in lines:
            word, _, count = line.partition(" ")
            self._starts.append(at)
            if word == "zeros" and re.fullmatch(r"[1-9][0-9]{0,15}", count, re.ASCII):
                self._values.append(None)
                at += int(count)
            elif re.fullmatch(r"[0-9a-f]{64}", line, re.ASCII):
                self._values.append(bytes.fromhex(line))
                at += 1
            else:
                raise _damaged(path)
            if at > whole:
                raise _damaged(path)
        if at != whole:
            raise _damaged(path)

    def digest(self, index: int) -> bytes:
        """The digest of a chunk."""
        value = self._values[bisect.bisect_right(self._starts, index) - 1]
        return zero_digest(chunk_bytes(index, self.size_bytes)) if value is None else value

    def zero_chunks(self, index: int, most: int = 1) -> int:
        """How many chunks of zeros there are from this one on, up to `most`."""
        run = bisect.bisect_right(self._starts, index) - 1
        if self._values[run] is not None:
            return 0
        behind = [*self._starts[run + 1 : run + 2], chunk_count(self.size_bytes)][0]
        return min(behind - index, most)


def file_lines(raw: Iterator[bytes]) -> Iterator[str]:
    """Lines without their ends; bytes that are no ASCII fit no form."""
    return (line.decode("ascii", "replace").removesuffix("\n") for line in raw)


def _damaged(path: Path) -> FormatError:
    return FormatError(
        "LV-MAN-01", "{path} is no manifest of lvtui's, or it is damaged.", path=str(path)
    )
