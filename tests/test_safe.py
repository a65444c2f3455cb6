from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvtui.safe import safe, safe_lines


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        pytest.param("VHD-1b2c", "VHD-1b2c", id="plain"),
        pytest.param(
            "веб01 корень",  # noqa: RUF001 - Cyrillic is meant
            "веб01 корень",  # noqa: RUF001
            id="letters-of-the-operator",
        ),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="CSI"),
        pytest.param("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07", id="OSC-clipboard"),
        pytest.param("\x9b31m", "\\x9b31m", id="C1"),
        pytest.param("a\u202eb", "a\\u202eb", id="bidi-override"),
        pytest.param("a\u200bb", "a\\u200bb", id="zero-width"),
        pytest.param("a\nb\tc", "a\\x0ab\\x09c", id="line-feed-and-tab"),
        pytest.param("e\u0301", "e\\u0301", id="combining-mark"),
        pytest.param("\u05d0\u05d1", "\\u05d0\\u05d1", id="right-to-left-letters"),
        pytest.param("\u6f22", "\\u6f22", id="double-width"),
        pytest.param("a\u00a0b", "a\\xa0b", id="blank-that-is-none"),
        pytest.param(b"\xff\xfeLV", "\\xff\\xfeLV", id="bytes-that-are-no-utf8"),
        pytest.param("\ud800", "\\ud800", id="lone-surrogate"),
    ],
)
def test_what_moves_or_hides_is_spelled_out(hostile: str | bytes, shown: str) -> None:
    assert shown == safe(hostile)


def test_a_long_name_is_cut_with_a_visible_mark() -> None:
    shown = safe("x" * 10_000)

    assert len(shown) == 128
    assert shown.endswith("...")


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_nothing_but_single_cells_leaves_the_gate(text: str | bytes) -> None:
    shown = safe(text)

    assert len(shown) <= 128
    for char in shown:
        assert char == " " or unicodedata.category(char)[0] in "LNPS"
        assert unicodedata.east_asian_width(char) not in {"W", "F"}
        assert unicodedata.bidirectional(char) not in {"R", "AL", "AN"}


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=128))
def test_printable_ascii_passes_unchanged(text: str) -> None:
    assert safe(text) == text


def test_lines_keep_their_indentation_by_blanks() -> None:
    assert safe_lines("a\n\tb\x1b") == ("a", "        b\\x1b")
