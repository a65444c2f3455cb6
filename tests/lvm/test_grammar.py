from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.grammar import SectionGrammar
from lvtui.lvm.model import Statement
from lvtui.lvm.tokens import SectionError, number, quote, show_number, unquote
from tests.forms import scrambled_statements
from tests.strategies import unknown_statements

soups = st.lists(
    st.sampled_from(
        ("a", "b", " = ", "=", "1", '"x"', "[", "]", ",", ", ", "\n", " ", "#c\n", "\0", "-", "'y'")
    ),
    max_size=25,
).map("".join)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.lists(unknown_statements, max_size=5), st.randoms(use_true_random=False))
def test_statements_come_back_in_any_form(statements: list[Statement], rnd: random.Random) -> None:
    text = scrambled_statements(statements, rnd)

    assert tuple(statements) == SectionGrammar().parse(text.encode("utf-8", "surrogateescape"))


@settings(derandomize=True, max_examples=500, deadline=None)
@given(soups)
def test_line_form_is_a_special_case_and_nothing_of_its_own(soup: str) -> None:
    """A comment in front takes a section out of the line form, and changes nothing else."""

    def parsed(text: str) -> object:
        try:
            return SectionGrammar().parse(text.encode())
        except SectionError:
            return None

    assert parsed("#\n" + soup) == parsed(soup)


@given(st.integers(-(2**63), 2**63 - 1))
def test_numbers_come_back(value: int) -> None:
    assert value == number(show_number(value))


@given(st.text())
def test_strings_come_back(text: str) -> None:
    assert text == unquote(quote(text)[1:-1])
    assert text == unquote(quote(text, escape=False)[1:-1])


@pytest.mark.parametrize(
    ("flat", "at", "expected"),
    [
        (b"a = 1\nb", 7, "an equals sign"),
        (b"a = 1\nb =", 9, "a value"),
        (b"a = 1\n= 2", 6, "a statement"),
        (b"a = [1, 2", 4, "a value"),
        (b"a = [1 = 2]", 4, "a value"),
        (b"\xc3\xa4 = 1\nb = 1x", 11, "a value"),
        (b"a = {", 4, "a value"),
        (b"a/b = 1", 1, "an equals sign"),
        (b"a = 1\nb = 9223372036854775808\n", 6, "a number of 64 bits"),
        (b"a = 1\nb = [1, -9223372036854775809]\n", 6, "a number of 64 bits"),
        (b"a = 0.1234567890123456\n", 0, "a number of 64 bits"),
    ],
)
def test_refusals_name_place_and_expectation(flat: bytes, at: int, expected: str) -> None:
    with pytest.raises(SectionError) as refused:
        SectionGrammar().parse(flat)

    assert (at, expected) == (refused.value.flat_offset, refused.value.expected)


def test_equal_statements_are_one_object() -> None:
    grammar = SectionGrammar()
    (one,), (two,) = grammar.parse(b"\nflags = []\n"), grammar.parse(b"\nflags = []\n\n")

    assert one is two
