"""Rows to content and strips: no markup is read, widths are exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style

from lvtui.safe import safe
from lvtui.ui.widgets.text import (
    Mark,
    bold,
    columns,
    content,
    cut_middle,
    fit,
    row,
    say,
    strip,
    wrapped,
)

PROFILE = settings(derandomize=True, max_examples=200)


def test_markup_in_a_name_stays_text() -> None:
    name = safe("[red]x[/] [@click=app.quit]go[/]")

    assert content([name]).plain == name
    assert content([row(bold(name))]).plain == name


def test_strip_is_reversed_where_the_cursor_is() -> None:
    line = strip(row(safe("abc")), 6, Style(), mark=Mark.REVERSE)

    assert line.text == "abc   "
    assert all(segment.style is not None and segment.style.reverse for segment in line)


@PROFILE
@given(st.text(), st.integers(min_value=1, max_value=40))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    shown = safe(text)

    assert len(fit(shown, width)) == width
    assert len(fit(shown, -width)) == width


@PROFILE
@given(st.text(), st.integers(min_value=8, max_value=40))
def test_cut_middle_never_is_longer(text: str, width: int) -> None:
    assert len(cut_middle(safe(text), width)) <= width


@PROFILE
@given(st.text(), st.integers(min_value=20, max_value=90))
def test_wrapped_rows_fit(text: str, width: int) -> None:
    rows = wrapped(safe(text), width)

    assert max((sum(len(part.text) for part in line) for line in rows), default=0) <= width


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param((("ab", 4), ("cd", -4)), "ab     cd", id="left-and-right"),
        pytest.param((("abcdef", 4), ("x", 1)), "abc~ x", id="cut-with-a-mark"),
    ],
)
def test_columns(cells: tuple[tuple[str, int], ...], expected: str) -> None:
    assert columns(*((safe(text), width) for text, width in cells)) == expected


def test_values_pass_the_gate() -> None:
    assert say("name {name}", name="a\x1b[31mb") == "name a\\x1b[31mb"
