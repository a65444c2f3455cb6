"""How the field's values are worded on the pages: times, names, verdicts, version marks. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lvtui.errors import LvtuiError
from lvtui.flow.judging import LostReport
from lvtui.lvm.carve import CopyState, CrcState
from lvtui.lvm.history import Version
from lvtui.lvm.verdict import VerdictWord
from lvtui.safe import SafeStr, safe
from lvtui.ui.widgets.text import EMPTY, Row, bolded, joined, row, say, spoken, wrapped
from lvtui.units import human_bytes, human_percent

_UUID_NAME = re.compile(r"^(?P<prefix>.*?)(?P<head>[0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SECONDS_MAX = 253_370_764_800
"""Year 9999; a larger time is hostile or damaged."""


def when(seconds: int | None) -> SafeStr:
    """`2026-11-22 02:51:36`, in this host's zone; `?` for what is lost."""
    if seconds is None or not 0 <= seconds < _SECONDS_MAX:
        return SafeStr("?")
    return SafeStr(f"{_local(seconds):%Y-%m-%d %H:%M:%S}")


def zone(seconds: int | None) -> SafeStr:
    """`+0300`: this host's zone at that time."""
    if seconds is None or not 0 <= seconds < _SECONDS_MAX:
        return SafeStr("")
    return SafeStr(f"{_local(seconds):%z}")


def _local(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def short_name(name: str) -> SafeStr:
    """`VHD-1b2c9f04` for `VHD-<uuid>`; other names as they are."""
    found = _UUID_NAME.match(name)
    return safe(found["prefix"] + found["head"]) if found else safe(name)


def size(size_bytes: int) -> SafeStr:
    """`40.1 GiB`."""
    return safe(human_bytes(size_bytes))


def left_bytes(report: LostReport) -> int:
    """What no other volume holds now, or held since, of a lost volume."""
    verdict = report.verdict
    return max(0, report.size_bytes - verdict.overwritten_bytes - verdict.at_risk_bytes)


def state_word(word: VerdictWord) -> SafeStr:
    """`AT RISK`: the verdict as the pages write it."""
    return SafeStr(word.value.upper().replace("-", " "))


def state(report: LostReport) -> SafeStr:
    """`DAMAGED 99.6 % left`, or the word alone where nothing is missing."""
    word = state_word(report.verdict.word)
    if left_bytes(report) == report.size_bytes:
        return word
    share = safe(human_percent(left_bytes(report), report.size_bytes))
    return joined(word, SafeStr(" "), share, SafeStr(" "), say("left"))


def text_word(version: Version) -> SafeStr:
    """How whole a version's text is."""
    if version.state is CopyState.TORN:
        return say("cut")
    if version.state is CopyState.SUSPECT:
        return say("suspect")
    if version.crc is CrcState.BAD:
        return say("bad sum")
    return say("OK")


def seqno(version: Version) -> SafeStr:
    """The version's number; `?` where its head is lost."""
    return SafeStr(str(version.seqno) if version.seqno is not None else "?")


def problem_rows(error: LvtuiError, width: int) -> tuple[Row, ...]:
    """What happened, whether anything was changed, and its code in the documentation."""
    changed = (
        say("Something had been changed before: see the log (F2).")
        if error.changed
        else say("Nothing was changed.")
    )
    return (
        EMPTY,
        *(bolded(line) for line in wrapped(spoken(error.message), width)),
        EMPTY,
        row(SafeStr(" "), changed),
        row(SafeStr(" "), say("Code {code}", code=error.code)),
    )
