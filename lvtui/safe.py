r"""The one gate for text that came from a disk or a tool, before a person sees it.

A carved LV name can hold terminal escapes, bidi overrides or ten thousand characters. Whatever is
shown (screen, log, stderr, script comment) passes `safe`, which keeps printable characters and turns
the rest into visible `\xNN`, `\uNNNN`: no ESC, no C1, no format character leaves it.
Markup is the widgets' matter: they only accept `SafeStr` as unmarked content.
"""

from __future__ import annotations

import unicodedata
from typing import NewType

SafeStr = NewType("SafeStr", str)

SHOWN_CHARS_MAX = 128

# Categories that draw something of their own and move nothing: letters, numbers, punctuation,
# symbols. Marks (M*) can pile up on a neighbour, Z* other than the blank break lines or hide,
# C* are controls, formats (bidi, zero width), surrogates, private use, unassigned.
_SHOWN_CATEGORIES = frozenset("LNPS")


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _is_shown(char: str) -> bool:
    if char == " " or "!" <= char <= "~":
        return True
    # Right-to-left letters reorder their line as bidi controls do, so they are escaped as well.
    return (
        unicodedata.category(char)[0] in _SHOWN_CATEGORIES
        and unicodedata.bidirectional(char) not in {"R", "AL", "AN"}
        and unicodedata.east_asian_width(char) not in {"W", "F"}
    )


def safe(text: str | bytes, *, limit_chars: int = SHOWN_CHARS_MAX) -> SafeStr:
    """Return `text` as one line that can be shown, cut at `limit_chars` with a visible mark.

    Bytes are read as UTF-8, others by backslash escapes. Double-width characters are escaped too,
    so that one character is one cell.
    """
    if isinstance(text, bytes):
        text = text[: 4 * limit_chars].decode("utf-8", "backslashreplace")
    if len(text) <= limit_chars and text.isascii() and text.isprintable():
        return SafeStr(text)
    shown = "".join(char if _is_shown(char) else _escape(char) for char in text[: limit_chars + 1])
    if len(shown) > limit_chars or len(text) > limit_chars:
        shown = shown[: limit_chars - 3] + "..."
    return SafeStr(shown)


def safe_lines(text: str | bytes, *, limit_lines: int = 200) -> tuple[SafeStr, ...]:
    """Return the lines of a tool's output or of a carved text, each safe; tabs become blanks."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    return tuple(
        safe(line.expandtabs(8), limit_chars=1000) for line in text.split("\n")[:limit_lines]
    )
