"""The image on another host: written through the system's ssh, made durable and hashed there.

A line that is lost is no end: the copy waits, and begins again at its last checkpoint when it is asked
to go on. Nothing is read back over the line but digests.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lvtui.errors import DestinationError
from lvtui.host.copy.folder import JobFolder, TargetRecord
from lvtui.host.copy.hold import HoldError
from lvtui.host.copy.manifest import (
    BLOCK_BYTES,
    CHUNK_BYTES,
    Manifest,
    chunk_bytes,
    chunk_count,
    is_zeros,
)
from lvtui.host.copy.remote_shell import command
from lvtui.host.copy.verify import HASHED_HOLES_BYTES_MAX, ReadBack
from lvtui.host.files import Files
from lvtui.host.ssh import ssh_argv
from lvtui.plan.remote import Remote
from lvtui.source import ByteRange

ANSWER_BYTES_MAX = 4096


class SshTarget:
    """The image of a job on another host; its line is opened when it is needed."""

    def __init__(
        self,
        remote: Remote,
        folder: JobFolder,
        size_bytes: int,
        files: Files,
        tick: Callable[[], None],
    ) -> None:
        """Open the line, and find or make the image.

        Raises:
            HoldError: there is no line. DestinationError: `LV-DST-30`, `LV-DST-31`, as `open_target`.
        """
        self.path = Path(remote.path)
        self.had_size = True
        self.may_hold_old = True
        self.is_final = False
        self._remote = remote
        self._folder = folder
        self._size_bytes = size_bytes
        self._files = files
        self._tick = tick
        self._line: subprocess.Popen[bytes] | None = None
        self._open_image()

    def write(self, offset_bytes: int, data: bytes) -> int:
        """Write `data`, leaving out blocks of zeros; returns the bytes left out."""
        view, holes_bytes, run_start = memoryview(data), 0, 0
        for start in range(0, len(data), BLOCK_BYTES):
            block = view[start : start + BLOCK_BYTES]
            if is_zeros(block):
                if run_start < start:
                    self._send(b"w", offset_bytes + run_start, view[run_start:start])
                self.zero(offset_bytes + start, len(block))
                holes_bytes += len(block)
                run_start = start + len(block)
        if run_start < len(data):
            self._send(b"w", offset_bytes + run_start, view[run_start:])
        return holes_bytes

    def zero(self, offset_bytes: int, length_bytes: int) -> None:
        """Make a range zeros: nothing to do where the file has never been written."""
        if self.may_hold_old and length_bytes:
            self._put(b"z %d %d\n" % (offset_bytes, length_bytes))

    def digest(self, where: ByteRange) -> bytes:
        """The sha256 of a part, taken there."""
        answer = self._ask(b"d %d %d\n" % (where.offset_bytes, where.length_bytes))
        return bytes.fromhex(answer.removeprefix("sum "))

    def sync(self) -> None:
        """Make it durable there."""
        self._ask(b"s\n")

    def reopen(self) -> None:
        """What was sent since the last checkpoint may be lost: take a new line."""
        self.close()
        self.may_hold_old = True
        self._open_image()

    def publish(self) -> None:
        """Give it its final name."""
        self._ask(b"p\n")
        self.is_final = True

    def close(self) -> None:
        """End the loop there."""
        line, self._line = self._line, None
        if line is None:
            return
        assert line.stdin is not None
        assert line.stdout is not None
        line.kill()
        line.wait()
        line.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            line.stdin.close()

    def read_back(self, manifest: Manifest, on_unit: Callable[[int, bool], None]) -> ReadBack:
        """Have every chunk hashed there, past what its kernel keeps in memory."""
        self._ask(b"n\n")
        differing: list[ByteRange] = []
        zeros_bytes = 0
        for index in range(chunk_count(manifest.size_bytes)):
            chunk = ByteRange(index * CHUNK_BYTES, chunk_bytes(index, manifest.size_bytes))
            if self.digest(chunk) != manifest.digest(index):
                differing.append(chunk)
            zeros_bytes += chunk.length_bytes if manifest.zero_chunks(index) else 0
            on_unit(chunk.length_bytes, True)  # noqa: FBT003 - read
        _, _, size = self._state().partition(" ")[2].partition(" ")
        if int(size) > manifest.size_bytes:
            differing.append(ByteRange(manifest.size_bytes, int(size) - manifest.size_bytes))
        sha256 = ""
        if zeros_bytes <= HASHED_HOLES_BYTES_MAX:
            sha256 = self._ask(b"h\n").removeprefix("sum ")
        return ReadBack(differing=tuple(differing), sha256=sha256, zeros_bytes=zeros_bytes)

    def back_digests(self, chunks: Sequence[ByteRange]) -> Iterator[bytes]:
        """See `OpenImage`."""
        self._ask(b"n\n")
        return (self.digest(chunk) for chunk in chunks)

    def _open_image(self) -> None:
        record = self._folder.target()
        state = self._state()
        kind, _, rest = state.partition(" ")
        if kind == "none" and record is None:
            _, inode, _ = self._ask(b"c %d\n" % self._size_bytes).split(" ")
            self._folder.write_target(self._files, TargetRecord(inode=int(inode), device=0))
            self.may_hold_old = False
            return
        if kind == "none":
            self.had_size = False
            _, inode, _ = self._ask(b"c %d\n" % self._size_bytes).split(" ")
            assert record is not None
            again = replace(record, inode=int(inode), finished=False)
            self._folder.write_target(self._files, again)
            return
        inode_text, _, size = rest.partition(" ")
        if record is None:
            raise self._stranger("LV-DST-30", "exists and no copy of lvtui made it")
        self.is_final = kind == "final"
        if int(inode_text) != record.inode and not (self.is_final and record.finished):
            raise self._stranger("LV-DST-31", "is not the file that this copy began")
        self.had_size = int(size) == self._size_bytes
        if not self.had_size and not self.is_final:
            self._ask(b"t %d\n" % self._size_bytes)

    def _stranger(self, code: str, what: str) -> DestinationError:
        return DestinationError(
            code,
            "{path} on {host} {what}. Choose another name, or move it away.",
            path=self._remote.path,
            host=self._remote.login,
            what=what,
        )

    def _state(self) -> str:
        return self._ask(b"q\n")

    def _connected(self) -> subprocess.Popen[bytes]:
        if self._line is None:
            socket = self._folder.path / "line"
            options = ("-oBatchMode=yes", "-oControlMaster=no")
            argv = (*ssh_argv(self._remote, socket, *options), command(self._remote.path))
            self._line = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._line

    def _send(self, what: bytes, offset_bytes: int, data: memoryview) -> None:
        self._put(b"%s %d %d\n" % (what, offset_bytes, len(data)), data)

    def _put(self, request: bytes, data: memoryview | None = None) -> None:
        line = self._connected()
        assert line.stdin is not None
        try:
            line.stdin.write(request)
            if data is not None:
                line.stdin.write(data)
            line.stdin.flush()
        except (BrokenPipeError, ConnectionError):
            raise self._ended() from None

    def _ask(self, request: bytes) -> str:
        self._put(request)
        answer = self._answer()
        if answer.startswith("err "):
            raise self._refused(answer)
        return answer

    def _answer(self) -> str:
        line = self._connected()
        assert line.stdout is not None
        answer = b""
        while not answer.endswith(b"\n") and len(answer) < ANSWER_BYTES_MAX:
            ready, _, _ = select.select([line.stdout], [], [], 1.0)
            self._tick()
            if ready:
                data = os.read(line.stdout.fileno(), ANSWER_BYTES_MAX)
                if not data:
                    raise self._ended()
                answer += data
        return answer.decode("ascii", "replace").strip()

    def _ended(self) -> OSError:
        """Why the loop ended: it said so, or the line is gone."""
        line = self._connected()
        assert line.stdout is not None
        said = b""
        if select.select([line.stdout], [], [], 5.0)[0]:
            said = os.read(line.stdout.fileno(), ANSWER_BYTES_MAX)
        self.close()
        for answer in said.decode("ascii", "replace").split("\n"):
            if answer.startswith("err "):
                return self._refused(answer)
        return HoldError(
            "The line to {host} is gone. The copy waits and keeps its place. Open it again and go on: "
            "lvtui resume, which lets ssh ask for what it needs.",
            host=self._remote.login,
        )

    def _refused(self, answer: str) -> OSError:
        self.close()
        why = answer.removeprefix("err ").strip()
        if "No space left" in why or "quota" in why.lower():
            return HoldError(
                "{host} has no room for {path} ({why}). The copy waits and keeps its place. Free some "
                "space there, then resume.",
                host=self._remote.login,
                path=self._remote.path,
                why=why,
            )
        return HoldError(
            "{host} refuses to write {path}: {why}. The copy waits and keeps its place.",
            host=self._remote.login,
            path=self._remote.path,
            why=why,
        )
