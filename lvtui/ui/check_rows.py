"""Rows of the Checks page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lvtui.plan.check import WORST_FIRST, Check, Word
from lvtui.safe import SafeStr
from lvtui.ui.widgets.text import Row, bold, fit, joined, row, say, spoken, wrapped


def words_of(check: Check) -> str:
    """`WARN (B, C: STOP)`, or the word alone where it is the same for all ways."""
    if check.reads is check.writes:
        return check.reads.value
    return f"{check.reads.value} (B, C: {check.writes.value})"


def counts_of(checks: Sequence[Check]) -> SafeStr:
    """`1 STOP, 3 WARN, 1 ?, 8 OK`, by the worst word of each."""
    found = Counter(check.worst for check in checks)
    parts = [f"{found[word]} {word.value}" for word in WORST_FIRST if found[word]]
    return say("{counts}", counts=", ".join(parts))


def check_row(check: Check, width: int) -> Row:
    """Word, word of the ways that write, fact."""
    more = SafeStr("")
    if check.reads is not check.writes:
        more = say("(B, C: {word})", word=check.writes.value)
    head = joined(fit(say(check.reads.value), 4), SafeStr(" "), fit(more, 12))
    fact = fit(spoken(check.fact), max(20, width - len(head) - 6))
    marked = bold(head) if check.worst is not Word.OK else head
    return row(marked, SafeStr("  "), fact)


def detail_rows(check: Check, width: int) -> tuple[Row, ...]:
    """The reason, and what to do about it."""
    reason = say("Why it matters: {why}", why=str(check.reason))
    rows = list(wrapped(reason, width - 2))
    if check.fix is not None:
        rows += wrapped(say("By hand: {fix}", fix=str(check.fix)), width - 2)
    return tuple(rows)


def all_rows(checks: Sequence[Check], width: int) -> tuple[Row, ...]:
    """Every check with its whole fact, reason and code."""
    rows: list[Row] = []
    for check in checks:
        head = say(
            "{words}  {fact} [{code}]", words=words_of(check), fact=str(check.fact), code=check.code
        )
        rows += wrapped(head, width - 2)
        rows += [row(SafeStr("   "), *line) for line in detail_rows(check, width - 4)]
    return tuple(rows)
