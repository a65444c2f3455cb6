"""The pyparsing grammar of a flat section: `key = value` statements, lists, comments, holes.

The only importer of pyparsing, and itself imported only when a text is parsed: pyparsing takes
80 ms to load, which a list of versions or the copier's worker must not pay.
A section is one pyparsing token, a run of statements; a run that ends early is gone through
again by the same grammar word by word, to say what was expected where.
"""

from __future__ import annotations

import re

import pyparsing as pp

from lvtui.lvm.model import Scalar, Statement, Value, Word
from lvtui.lvm.tokens import (
    BARE,
    FLAGS,
    KEY,
    LIST,
    NUMBER,
    RAW_STRING,
    SCALAR,
    SPACE,
    STATEMENT,
    STRING,
    NumberRangeError,
    SectionError,
    number,
    unquote,
)

_LINE_ITEM = r'(?:"[^"\\\n\0]*+"|[+-]?[0-9]++(?:\.[0-9]++)?)'
_LINE = rf"{KEY} = (?:{_LINE_ITEM}|\[(?:{_LINE_ITEM}(?:, {_LINE_ITEM})*)?\])\n++"
_AREAS = rf"{KEY} = \[\n(?:{_LINE_ITEM}(?:, {_LINE_ITEM})?,?\n)*\]\n++"
_RUN = rf"{SPACE}(?:(?:{STATEMENT}|\0){SPACE})*"

_SECTION = (
    pp.Regex(
        rf"(?P<lines>\n*+(?:{_LINE})*)(?P<areas>{_AREAS})?(?P<holes>\0*+)\Z|{_RUN}",
        flags=FLAGS,
        as_match=True,
    )
    .leave_whitespace()
    .parse_with_tabs()
)
"""A run of statements. LVM's own line form (a statement a line, the areas last) is a special case
of the second alternative, and is told apart because a line is a statement there."""

_ITEM = re.compile(
    rf"{SPACE}(?:(({KEY}){SPACE}={SPACE}({LIST}|{SCALAR}))|(\0)|\Z)",
    FLAGS,
)
_SIMPLE_ITEM = re.compile(_LINE_ITEM)
_LIST_ITEM = re.compile(rf"{SPACE}(?:({SCALAR}){SPACE}(?:,{SPACE})?|\Z)", FLAGS)


def _explaining_grammar() -> pp.ParserElement:
    key = pp.Regex(KEY, flags=FLAGS).set_name("a key")
    equals = pp.Literal("=").set_name("an equals sign")
    value = pp.Regex(rf"{LIST}|{STRING}|{RAW_STRING}|{NUMBER}|{BARE}", flags=FLAGS)
    statement = key - equals - value.set_name("a value")
    section = pp.ZeroOrMore(statement | pp.Regex("\0")) + pp.StringEnd().set_name("a statement")
    return section.ignore(pp.Regex("#[^\n]*")).parse_with_tabs()


def _why(text: str) -> SectionError:
    try:
        _explaining_grammar().parse_string(text)
    except pp.ParseBaseException as error:
        for name in ("a key", "an equals sign", "a value"):
            if name in error.msg:
                return SectionError(error.loc, name)
        return SectionError(error.loc, "a statement")
    return SectionError(0, "a section of statements")


def _scalar(token: str) -> Scalar:
    first = token[0]
    if first == '"':
        return unquote(token[1:-1])
    if first == "'":
        return token[1:-1]
    if first in "+-0123456789":
        return number(token)
    return Word(token)


def _value(token: str, item: re.Pattern[str]) -> Value:
    if token[0] != "[":
        return _scalar(token)
    return tuple([_scalar(found) for found in item.findall(token[1:-1]) if found])


class SectionGrammar:
    """Parses flat sections; equal statements of a corpus are one object."""

    def __init__(self) -> None:
        self._statements: dict[str, Statement] = {}

    def parse(self, flat: bytes) -> tuple[Statement | None, ...]:
        """Parse one flat section; None stands for the place of a nested one.

        Raises:
            SectionError: with the offset in `flat` (in characters, were it not UTF-8).
        """
        text = flat.decode("utf-8", "surrogateescape")
        found: re.Match[str] = _SECTION.parse_string(text)[0]
        lines, areas, holes = found.groups()
        if lines is not None:
            statements = [line for line in lines.split("\n") if line]
            if areas is not None:
                statements.append(areas.rstrip("\n"))
            known = self._statements
            return (
                *[known.get(line) or self._line(text, line) for line in statements],
                *[None] * len(holes),
            )
        if found.end() != len(text):
            error = _why(text)
            error.flat_offset = len(text[: error.flat_offset].encode("utf-8", "surrogateescape"))
            raise error
        return tuple(
            self._statement(text, statement, key, value) if statement else None
            for statement, key, value, hole in _ITEM.findall(text)
            if statement or hole
        )

    def _line(self, text: str, line: str) -> Statement:
        key, _, value = line.partition(" = ")
        # No comment and no blank of note is in a line's list: every item-like run is an item.
        return self._statement(text, line, key, value, _SIMPLE_ITEM)

    def _statement(
        self,
        text: str,
        statement: str,
        key: str,
        value: str,
        item: re.Pattern[str] = _LIST_ITEM,
    ) -> Statement:
        known = self._statements.get(statement)
        if known is None:
            try:
                known = Statement(key, _value(value, item))
            except NumberRangeError:
                offset = len(text[: text.index(statement)].encode("utf-8", "surrogateescape"))
                raise SectionError(offset, "a number of 64 bits") from None
            self._statements[statement] = known
        return known
