"""SOURCE as every command reads it: where the quick way finds no text, all of the disk is searched."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from lvtui.flow.named import parse_named_pv
from lvtui.safe import safe
from lvtui.units import MiB, human_bytes, human_duration, human_percent, human_rate

if TYPE_CHECKING:  # what judges is loaded when it is needed
    from lvtui.flow.deep import DeepProgress
    from lvtui.flow.discover import Discovery
    from lvtui.flow.survey import Survey

_STEP_PERCENT = 5


def read(options: argparse.Namespace) -> Discovery:
    """SOURCE, `--pv` and `--texts` of a command line, read with progress on stderr."""
    from lvtui.flow.discover import discover  # noqa: PLC0415 - a quick list does without

    return discover(
        options.source,
        progress=_reading,
        named=tuple(parse_named_pv(text) for text in options.pv),
        deep=_Searching(found_nothing=not options.deep),
        whole=options.deep,
        texts=tuple(options.texts),
        limit=not options.no_limit,
    )


def read_quickly(options: argparse.Namespace) -> Survey:
    """The versions on SOURCE and the paths of `--pv`, nothing parsed."""
    from lvtui.flow.spec import parse_spec  # noqa: PLC0415 - only here
    from lvtui.flow.survey import survey  # noqa: PLC0415 - only here

    named = [parse_named_pv(text).path for text in options.pv]
    paths = dict.fromkeys((*parse_spec(options.source), *named))
    return survey(options.source, paths, _reading, texts=tuple(options.texts))


def _reading(done_bytes: int, all_bytes: int, versions: int) -> bool:
    """Progress of a long read, on a terminal's stderr only."""
    if all_bytes > 64 * MiB and sys.stderr.isatty():
        print(
            f"\rReading {human_bytes(done_bytes)} of {human_bytes(all_bytes)} of LVM metadata, "
            f"{versions} versions so far",
            end="\n" if done_bytes >= all_bytes else "",
            file=sys.stderr,
        )
    return True


class _Searching:
    """Progress of a deep scan: a line rewritten on a terminal, a line each 5 % elsewhere."""

    def __init__(self, *, found_nothing: bool) -> None:
        self._found_nothing = found_nothing
        self._shown_percent: int | None = None

    def __call__(self, progress: DeepProgress) -> bool:
        tty = sys.stderr.isatty()
        if self._shown_percent is None:
            if self._found_nothing:
                print("lvtui: no metadata text where LVM puts it.", file=sys.stderr)
            print(
                "lvtui: all of SOURCE is searched now (Ctrl-C stops; nothing is written)",
                file=sys.stderr,
            )
            self._shown_percent = -_STEP_PERCENT
        percent = progress.done_bytes * 100 // max(1, progress.all_bytes)
        ended = progress.done_bytes >= progress.all_bytes
        if tty or ended or percent >= self._shown_percent + _STEP_PERCENT:
            self._shown_percent = percent
            eta = progress.eta_seconds
            text = (
                f"Searching {safe(progress.path)}: {human_bytes(progress.done_bytes)} of "
                f"{human_bytes(progress.all_bytes)} "
                f"({human_percent(progress.done_bytes, progress.all_bytes)}), "
                f"{human_rate(progress.rate_bytes_per_s)}, "
                f"{'about ' + human_duration(eta) + ' left' if eta else 'time left unknown'}, "
                f"{progress.texts} texts"
            )
            print(
                f"\r{text:<79}" if tty else text,
                end="" if tty and not ended else "\n",
                file=sys.stderr,
            )
            sys.stderr.flush()
        return True
