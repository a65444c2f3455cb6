r"""The words of LVM's text: what is a blank, a string, a number, a name; quoting and unquoting.

The only place for the lexical rules (lvm2 `libdm/libdm-config.c: _get_token`). Two rules are stricter
than LVM's, so that a text has one reading only: a bare word holds no quote and no bracket, and a key
holds no `/` (LVM makes a nested path of it).

The patterns repeat single characters possessively and groups plainly over alternatives that differ
in their first character: linear, and right on Python 3.11.0 to 3.11.4 too, where a possessive group
that holds a choice matches wrongly.
"""

from __future__ import annotations

import re

INT_END = 2**63
"""LVM reads a number into an int64_t."""

_NUMBER_CHARS_MAX = 20
_FRACTION_DIGITS_MAX = 15

BLANK = r" \t\r\n\f\v"
SPACE = rf"(?:[{BLANK}]++|#[^\n\0]*+)*"
STRING = r'"[^"\\\0]*+(?:\\[^\0][^"\\\0]*+)*"'
RAW_STRING = r"'[^'\0]*+'"
_WORD_CHARS = rf"""[^{BLANK}#={{}}\[\],"'\0]"""
WORD = rf"{_WORD_CHARS}++"
KEY = rf"""[^{BLANK}#={{}}\[\],"'\0/]++"""
_END = rf"(?=[{BLANK}#,\]\0]|\Z)"
NUMBER = rf"[+-]?[0-9]++(?:\.[0-9]++)?{_END}"
BARE = rf"(?![0-9+-]){WORD}{_END}"
SCALAR = rf"(?:{STRING}|{RAW_STRING}|{NUMBER}|{BARE})"
LIST = rf"\[{SPACE}(?:{SCALAR}{SPACE}(?:,{SPACE})?)*\]"
STATEMENT = rf"{KEY}{SPACE}={SPACE}(?:{LIST}|{SCALAR})"

FLAGS = re.DOTALL

_ESCAPED = re.compile(r'\\(["\\])')
_ESCAPE = re.compile(r'(["\\])')


class NumberRangeError(ValueError):
    """A number that LVM cannot hold."""


class SectionError(Exception):
    """A flat section that the grammar refuses; the caller knows where the section stands."""

    def __init__(self, flat_offset: int, expected: str) -> None:
        super().__init__(expected)
        self.flat_offset = flat_offset
        self.expected = expected


def unquote(inner: str) -> str:
    r"""What a double-quoted string says: `\"` and `\\` are escapes, any other `\` is itself."""
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def quote(text: str, *, escape: bool = True) -> str:
    r"""`text` as a double-quoted string.

    LVM writes host names without escapes (`escape=False`): so does this, where it reads back the same.
    """
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    if not escape and '"' not in text and not text.endswith("\\") and unquote(text) == text:
        return f'"{text}"'
    return '"' + _ESCAPE.sub(r"\\\1", text) + '"'


def number(text: str) -> int | float:
    """A number as `strtoll` with base 0 reads it, without hex.

    Raises:
        NumberRangeError: it does not fit into 64 bits, or is no octal number in spite of its zero.
    """
    if "." in text:
        whole, _, fraction = text.partition(".")
        if len(whole) > _FRACTION_DIGITS_MAX or len(fraction) > _FRACTION_DIGITS_MAX:
            raise NumberRangeError
        return float(text)
    if len(text) > _NUMBER_CHARS_MAX:
        raise NumberRangeError
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0":
        if "8" in digits or "9" in digits:
            raise NumberRangeError
        value = int(digits, 8)
        value = -value if text[0] == "-" else value
    else:
        value = int(text)
    if not -INT_END <= value < INT_END:
        raise NumberRangeError
    return value


def show_number(value: float) -> str:
    """A number as `number` reads it back: decimal, without an exponent."""
    if isinstance(value, int):
        return str(value)
    shown = f"{value:.{_FRACTION_DIGITS_MAX}f}".rstrip("0")
    return shown + "0" if shown.endswith(".") else shown
