"""The characters that differ between the plain (ASCII) and the rich look; F4 changes the look."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.safe import SafeStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One look. Marks that carry a decision (`[x]`, `(*)`, X, ?) are the same in both."""

    rule: SafeStr
    bar_done: SafeStr
    bar_left: SafeStr
    lost: SafeStr
    at_risk: SafeStr
    other: SafeStr
    free: SafeStr
    overwritten: SafeStr
    metadata: SafeStr
    unreadable: SafeStr


PLAIN = Glyphs(
    rule=SafeStr("-"),
    bar_done=SafeStr("#"),
    bar_left=SafeStr("-"),
    lost=SafeStr("L"),
    at_risk=SafeStr("~"),
    other=SafeStr("#"),
    free=SafeStr("."),
    overwritten=SafeStr("X"),
    metadata=SafeStr("M"),
    unreadable=SafeStr("?"),
)
RICH = Glyphs(
    rule=SafeStr("\u2500"),
    bar_done=SafeStr("\u2588"),
    bar_left=SafeStr("\u2591"),
    lost=SafeStr("\u2593"),
    at_risk=SafeStr("\u2592"),
    other=SafeStr("\u2588"),
    free=SafeStr("\u00b7"),
    overwritten=SafeStr("X"),
    metadata=SafeStr("M"),
    unreadable=SafeStr("?"),
)
