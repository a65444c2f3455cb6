"""Run a program in a real pty and keep every byte that it sends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable

PATIENCE_SECONDS = 60


class TerminalRun:
    """A child in a pty of 80x24."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self.sent = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environ)  # noqa: S606 - the child of the pty
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.ended = False

    def read_until(self, holds: Callable[[bytes], bool]) -> None:
        """Collect output until `holds`, or the child's end."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds(self.sent):
            left = end - time.monotonic()
            assert left > 0, f"never came; the last bytes: {self.sent[-2000:]!r}"
            ready, _, _ = select.select([self.fd], [], [], left)
            if not ready:
                continue
            try:
                piece = os.read(self.fd, 65536)
            except OSError:  # Linux: the other side of the pty is closed
                piece = b""
            if not piece:
                self.ended = True
                return
            self.sent += piece

    def read_until_quiet(self, seconds: float) -> bytes:
        """Collect output until nothing comes for so long; what came."""
        before, end = len(self.sent), time.monotonic() + PATIENCE_SECONDS
        while select.select([self.fd], [], [], seconds)[0]:
            assert time.monotonic() < end, f"never quiet; the last bytes: {self.sent[-2000:]!r}"
            self.sent += os.read(self.fd, 65536)
        return self.sent[before:]

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.fd, keys)

    def finish(self) -> int:
        """Read to the end; the exit code."""
        self.read_until(lambda _sent: False)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        """End the child, whatever it does."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
