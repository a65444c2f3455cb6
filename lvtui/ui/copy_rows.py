"""Rows of a running copy, from `CopyProgress`. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lvtui.flow.judging import LostReport
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import size
from lvtui.ui.widgets.extent_map import lost_runs, paint, strip_text
from lvtui.ui.widgets.glyphs import Glyphs
from lvtui.ui.widgets.text import EMPTY, Row, bold, fit, row, say, spoken, wrapped
from lvtui.units import human_duration, human_percent, human_rate

WORKING = frozenset(
    {CopyState.WAITING, CopyState.RUNNING, CopyState.PAUSED, CopyState.VERIFYING, CopyState.STALLED}
)
"""States in which a worker lives."""

BAD_PLACES = frozenset({"trimming", "scraping", "retrying"})
"""Phases in which only bad places are left."""

WORDS = {
    CopyState.WAITING: "The copy is starting.",
    CopyState.RUNNING: "Copying.",
    CopyState.PAUSED: "Paused. The place is kept.",
    CopyState.VERIFYING: "Reading the image back and comparing.",
    CopyState.STALLED: "No sign of life from the copy for a while; a slow disk can do that.",
    CopyState.STOPPED: "Stopped. The part is kept; 1 goes on from there.",
    CopyState.FAILED: "The copy stopped because of a problem. The part is kept.",
    CopyState.DONE: "Image written and read back: equal.",
}


def progress_rows(
    progress: CopyProgress, width: int, glyphs: Glyphs, now: datetime | None = None
) -> tuple[Row, ...]:
    """Bar, counts, rates, time left, errors, and how it ended."""
    rows = [_bar(progress, width, glyphs), *_numbers(progress, now), EMPTY]
    ending = progress.result is not None and progress.state in WORKING
    words = say("The copy is ending.") if ending else say(_words(progress))
    rows.append(row(SafeStr(" "), bold(words)))
    if progress.problem is not None:
        rows += wrapped(spoken(progress.problem), width - 2)
    return (*rows, *_result(progress))


def _words(progress: CopyProgress) -> str:
    """What it does: bad places come last, and may take long."""
    if progress.state is CopyState.RUNNING and progress.phase in BAD_PLACES - {"retrying"}:
        return "All that reads well is copied. Bad places are taken apart; each may take seconds."
    if progress.state is CopyState.RUNNING and progress.phase == "retrying":
        return "Bad places are tried once more."
    return WORDS[progress.state]


def map_row(progress: CopyProgress, report: LostReport, width: int, glyphs: Glyphs) -> Row:
    """The image in cells: what is copied, and what was overwritten before."""
    extents = report.lost.lv.extent_count
    states = paint(lost_runs(report), extents, width - 11)
    done = progress.done_bytes * len(states) // max(progress.size_bytes, 1)
    if progress.state is CopyState.VERIFYING or progress.result is not None:
        done = len(states)
    strip = strip_text(states, glyphs)
    return row(say(" map      "), SafeStr(strip[:done] + glyphs.free * (len(states) - done)))


def _bar(progress: CopyProgress, width: int, glyphs: Glyphs) -> Row:
    cells = width - 13
    whole = max(progress.size_bytes, 1)
    done = min(progress.done_bytes * cells // whole, cells)
    bar = glyphs.bar_done * done + glyphs.bar_left * (cells - done)
    share = human_percent(progress.done_bytes, progress.size_bytes)
    return row(SafeStr(" ["), SafeStr(bar), SafeStr("]  "), safe(share))


def _numbers(progress: CopyProgress, now: datetime | None) -> tuple[Row, ...]:
    what = "compared" if progress.state is CopyState.VERIFYING else "copied"
    last = progress.last_good_read_seconds
    limit = progress.rate_limit_bytes_per_s
    return (
        row(
            say(
                " {what} {done} of {all}   now {now:rate}   average {average:rate}",
                what=fit(say(what), 8),
                done=size(progress.done_bytes),
                all=size(progress.size_bytes),
                now=progress.rate_now_bytes_per_s,
                average=progress.rate_average_bytes_per_s,
            )
        ),
        row(
            say(" left     "),
            eta(progress, now),
            say("   running {t:duration}", t=progress.running_seconds),
        ),
        row(
            say(
                " read errors {n}   unreadable {bad}   holes {holes}   last good read {last}",
                n=progress.read_errors,
                bad=size(progress.unreadable_bytes),
                holes=size(progress.holes_bytes),
                last="-" if last is None else f"{human_duration(last)} ago",
            )
        ),
        row(
            say(" limit    {rate}", rate="none" if limit is None else human_rate(limit)),
            say("   pid {pid}", pid=progress.pid) if progress.pid is not None else SafeStr(""),
        ),
    )


def eta(progress: CopyProgress, now: datetime | None) -> SafeStr:
    """`about 4-6 min, until ~03:41`: a range, because a rate is none."""
    seconds = progress.eta_seconds
    idle = progress.state not in WORKING or progress.state is CopyState.PAUSED
    if idle or progress.result is not None:
        return say("-")
    if seconds is None:
        return say("not known yet")
    if seconds < 60:
        words = say("about {t:duration}", t=float(int(seconds) + 1))
    else:
        low, high = int(seconds * 0.9 // 60), int(seconds * 1.2 // 60) + 1
        words = say("about {low}-{high} min", low=low, high=high)
    if now is None or seconds > 86_400 * 365:
        return words
    until = now.astimezone(UTC) + timedelta(seconds=seconds)
    return say("{words}, until ~{at}", words=words, at=f"{until.astimezone():%H:%M}")


def _result(progress: CopyProgress) -> tuple[Row, ...]:
    result = progress.result
    if result is None:
        return ()
    word = say("equal") if result.verified else say("NOT equal: do not use this image")
    sums = (
        ("source", result.source_sha256 or "read in several runs: compared chunk by chunk"),
        ("image", result.destination_sha256),
    )
    return (
        row(say(" SHA-256 of what was read, and of the image as read back: "), bold(word)),
        *(row(say("   {name} {sum}", name=fit(say(name), 7), sum=value)) for name, value in sums),
        row(
            say(
                " {data} of data and {holes} of holes in {took:duration}",
                data=size(result.bytes_written),
                holes=size(result.bytes_holes),
                took=result.seconds,
            )
        ),
    )


def key_pairs(state: CopyState, phase: str = "") -> tuple[tuple[str, str], ...]:
    """Keys that act in a state, the most needed first."""
    always = (("F1", "Help"), ("Esc", "Back"), ("F2", "Log"))
    leave = ("F10", "Leave (copy goes on)")
    if state in {CopyState.RUNNING, CopyState.STALLED, CopyState.WAITING}:
        enough = (("5", "Enough"),) if phase in BAD_PLACES else ()
        return (("1", "Pause"), *enough, ("2", "Slower"), ("3", "Full speed"), leave, *always)
    if state is CopyState.PAUSED:
        return (("1", "Go on"), ("F10", "Leave"), *always)
    if state is CopyState.VERIFYING:
        return (leave, *always)
    head = ("Enter", "Report") if state is CopyState.DONE else ("1", "Go on")
    return (head, ("4", "Another place"), ("F10", "Quit"), *always)
