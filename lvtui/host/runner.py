"""Runs commands: for real, dry, from a record, or keeping a record; none of them raises for a tool.

The real one starts a program by its argv, never through a shell, with an environment of its own, no
input, a time limit and a limit on what it may say. Output goes to memory files, not to pipes: should
lvtui die, a running vgcfgrestore must not die of SIGPIPE in the middle of a write.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from lvtui.plan.command import Command, Effect, Outcome, Runner
from lvtui.units import MiB

SAFE_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/opt/xensource/bin"
LVM_MASTER = Path("/etc/lvm/master")
"""XenServer's configuration for hosts that may write; sm itself sets LVM_SYSTEM_DIR to it."""
OUTPUT_BYTES_MAX = 4 * MiB
_FOLDER = next(p for p in (Path(__file__).parents[2], Path("/")) if p.is_dir())
"""Where the package is, for an lvtui that runs from its source tree: the lock's holder is one."""
_POLL_SECONDS = 0.02
_POLL_SECONDS_MAX = 0.2


def clean_environment() -> dict[str, str]:
    """What a tool gets: nothing of ours but the way to its configuration."""
    environment = {"PATH": SAFE_PATH, "LC_ALL": "C", "HOME": "/root", "TERM": "dumb"}
    if LVM_MASTER.is_dir():
        environment["LVM_SYSTEM_DIR"] = str(LVM_MASTER)
    return environment


class SystemRunner:
    """Runs it on this host."""

    def __init__(self, *, output_bytes_max: int = OUTPUT_BYTES_MAX) -> None:
        self._output_bytes_max = output_bytes_max

    def run(self, command: Command) -> Outcome:
        """See `Runner`; a program that is missing has no exit code."""
        begun = time.monotonic()
        out = os.memfd_create("stdout", os.MFD_CLOEXEC)
        err = os.memfd_create("stderr", os.MFD_CLOEXEC)
        try:
            code, note = self._run(command, out, err)
            stdout, stderr = self._said(out), self._said(err) + note
        finally:
            os.close(out)
            os.close(err)
        return Outcome(
            argv=command.argv,
            exit_code=code,
            stdout=stdout,
            stderr=stderr,
            seconds=time.monotonic() - begun,
        )

    def _run(self, command: Command, out: int, err: int) -> tuple[int | None, bytes]:
        try:
            child = subprocess.Popen(
                command.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=clean_environment(),
                cwd=_FOLDER,
                close_fds=True,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return None, str(error).encode("utf-8", "backslashreplace")
        end = time.monotonic() + command.timeout_seconds
        pause = _POLL_SECONDS
        while True:
            try:
                return child.wait(timeout=pause), b""
            except subprocess.TimeoutExpired:
                pause = min(_POLL_SECONDS_MAX, pause * 1.5)
            except KeyboardInterrupt:
                # What writes is let to its end; the interruption is told afterwards.
                if command.effect is not Effect.READS:
                    child.wait()
                else:
                    _kill(child)
                raise
            if time.monotonic() > end:
                _kill(child)
                return None, b"stopped by lvtui: it took longer than its time limit"
            if max(os.fstat(out).st_size, os.fstat(err).st_size) > self._output_bytes_max:
                _kill(child)
                return None, b"stopped by lvtui: it said more than any answer holds"

    def _said(self, descriptor: int) -> bytes:
        return os.pread(descriptor, self._output_bytes_max, 0)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """The whole session that it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def skipped(command: Command) -> Outcome:
    """The answer for a command that was not run."""
    return Outcome(
        argv=command.argv, exit_code=None, stdout=b"", stderr=b"", seconds=0.0, skipped=True
    )


class DryRunner:
    """Runs what only reads; skips the rest, and never says that it was done."""

    def __init__(self, inner: Runner) -> None:
        self._inner = inner

    def run(self, command: Command) -> Outcome:
        """See `Runner`."""
        return self._inner.run(command) if command.effect is Effect.READS else skipped(command)


class ReplayRunner:
    """Answers from a record: each argv's outcomes in their order, the last one again and again."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._answers: dict[tuple[str, ...], list[Outcome]] = {}
        for outcome in outcomes:
            self._answers.setdefault(outcome.argv, []).append(outcome)

    def run(self, command: Command) -> Outcome:
        """See `Runner`; a command that is not in the record has no exit code."""
        answers = self._answers.get(command.argv)
        if not answers:
            return Outcome(
                argv=command.argv, exit_code=None, stdout=b"", stderr=b"not recorded", seconds=0.0
            )
        return answers.pop(0) if len(answers) > 1 else answers[0]


class RecordingRunner:
    """Runs through another runner and keeps what it answered."""

    def __init__(self, inner: Runner) -> None:
        self._inner = inner
        self.outcomes: list[Outcome] = []

    def run(self, command: Command) -> Outcome:
        """See `Runner`."""
        outcome = self._inner.run(command)
        self.outcomes.append(outcome)
        return outcome
