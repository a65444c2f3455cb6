"""How often pyparsing really runs, and how many distinct sections there are; counted from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyparsing

NOT_COMPARED = re.compile(r"seqno|description|creation_host|creation_time|#")


def flat_sections(text: str) -> set[str]:
    """The flat sections of a ring text: lines without nested blocks; a NUL where one stood.

    The head's seqno, the trailer's description, host and time and its comments do not count.
    """
    found: set[str] = set()
    stack: list[list[str]] = [[]]
    for line in text.rstrip("\0").splitlines():
        if line.endswith(" {"):
            stack.append([])
        elif line == "}":
            lines = stack.pop()
            stack[-1].append("\0")
            found.add("\n".join(lines))
        elif line and not (len(stack) <= 2 and NOT_COMPARED.match(line)):
            stack[-1].append(line)
    found.add("\n".join(stack[0]))
    return {flat for flat in found if flat.strip("\0\n")}


class Counter:
    """Counts."""

    calls = 0


@contextmanager
def counted_calls() -> Iterator[Counter]:
    """Count every run of a pyparsing grammar."""
    counter = Counter()
    parse = pyparsing.ParserElement.parse_string

    def counting(self: pyparsing.ParserElement, text: str) -> pyparsing.ParseResults:
        counter.calls += 1
        return parse(self, text)

    pyparsing.ParserElement.parse_string = counting  # type: ignore[method-assign,assignment]
    try:
        yield counter
    finally:
        pyparsing.ParserElement.parse_string = parse  # type: ignore[method-assign]
