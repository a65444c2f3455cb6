"""Progress of a copy on stderr, and the signals that ask it to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from lvtui.errors import DestinationError
from lvtui.plan.facts import CopyProgress
from lvtui.safe import safe
from lvtui.units import human_bytes, human_duration, human_percent, human_rate

INTERRUPTED = 130


def not_ended(case_dir: Path, progress: CopyProgress, *, stopped: bool) -> int:
    """A copy that stopped before its end: interrupted, or for a reason of its own.

    Raises:
        DestinationError: it failed.
    """
    again = f"lvtui resume {safe(case_dir.name)}"
    if stopped or progress.problem is None:
        print(f"Stopped at a checkpoint. To go on: {again}", file=sys.stderr)
        return INTERRUPTED
    raise DestinationError(
        "LV-CPY-02",
        "{problem} What was copied is kept. To go on: {again}",
        problem=str(progress.problem),
        again=again,
    )


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """SIGINT and SIGTERM ask to stop; SIGHUP leaves at once, as the worker is its own session."""
    caught: list[int] = []

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {
        number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(caught)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def image_line(head: str) -> Callable[[int, int], None]:
    """Shows how much of an image was read back: on a terminal one line, rewritten; else nothing."""
    shown = ""
    tty = sys.stderr.isatty()

    def show(done_bytes: int, size_bytes: int) -> None:
        nonlocal shown
        text = f"{head}{human_percent(done_bytes, size_bytes)}"
        if tty and text != shown:
            shown = text
            print(f"\r{text}", end="", file=sys.stderr, flush=True)

    return show


def line(head: str, stopped: Callable[[], bool]) -> Callable[[CopyProgress], bool]:
    """Shows progress: one line rewritten on a terminal, one line each 5 % elsewhere."""
    shown_percent = -5
    tty = sys.stderr.isatty()

    def show(progress: CopyProgress) -> bool:
        nonlocal shown_percent
        percent = progress.done_bytes * 100 // max(1, progress.size_bytes)
        if tty or percent >= shown_percent + 5:
            shown_percent = percent
            eta = progress.eta_seconds
            text = (
                f"{head}{progress.state.value} {human_bytes(progress.done_bytes)} of "
                f"{human_bytes(progress.size_bytes)} "
                f"({human_percent(progress.done_bytes, progress.size_bytes)}), "
                f"{human_rate(progress.rate_now_bytes_per_s)}, "
                f"{'about ' + human_duration(eta) + ' left' if eta else 'time left unknown'}, "
                f"read errors {progress.read_errors}"
            )
            print(f"\r{text:<79}" if tty else text, end="" if tty else "\n", file=sys.stderr)
            sys.stderr.flush()
        return not stopped()

    return show


def end_line() -> None:
    """Leave the line of progress behind."""
    if sys.stderr.isatty():
        print(file=sys.stderr)
