"""Numbered questions on a plain terminal: no cursor is moved, nothing is redrawn, nothing blinks.

For screen readers, dumb terminals, serial consoles, and for answers from a file.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lvtui.errors import UserError
from lvtui.message import Value, message
from lvtui.safe import SafeStr, safe

WIDTH = 78
TRIES_MAX = 20
BACK, QUIT = "b", "q"


class Left(Exception):
    """The operator quits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answer: its number on the screen comes from its place."""

    words: str
    names: tuple[str, ...] = ()
    """What an answers file may write instead of the number; a unique beginning will do."""
    why_not: str | None = None
    """Why it cannot be chosen."""


class Asker:
    """Asks on stdout, hears from stdin or from a list of answers."""

    def __init__(self, answers: Iterable[str] | None = None) -> None:
        self._answers: Iterator[str] | None = None
        if answers is not None:
            kept = (line.strip() for line in answers)
            self._answers = iter([line for line in kept if not line.startswith("#")])

    @property
    def is_scripted(self) -> bool:
        """Whether the answers come from a file: then nobody can be asked again."""
        return self._answers is not None

    def say(self, template: str = "", **values: Value) -> None:
        """A sentence, wrapped."""
        self.show(message(template, **values).render() if template else SafeStr(""))

    def show(self, text: SafeStr, indent: int = 0) -> None:
        """A line that is made already, wrapped."""
        lines = textwrap.wrap(
            text,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_on_hyphens=False,
        )
        for line in lines or [""]:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def step(self, number: int, of: int, name: str) -> None:
        """The head of a step."""
        self.show(SafeStr(""))
        self.say("Step {n} of {of}: {name}", n=number, of=of, name=name)

    def line(self, question: str) -> str:
        """Ask for a line of text.

        Raises:
            Left: `q`. UserError: `LV-ASK-10`, the answers have ended.
        """
        sys.stdout.write(f"{question}: ")
        sys.stdout.flush()
        if self._answers is None:
            given = sys.stdin.readline()
            if not given:
                raise self._ended(question)
        else:
            found = next(self._answers, None)
            if found is None:
                raise self._ended(question)
            given = found
            sys.stdout.write(safe(given, limit_chars=400) + "\n")
        if given.strip().lower() == QUIT:
            raise Left
        return given.strip()

    def choose(self, question: str, choices: Sequence[Choice], default: int | None) -> int | None:
        """The index of an answer; None for `b`, one step back.

        Raises:
            Left: `q`. UserError: `LV-ASK-10`, the answers have ended; `LV-ASK-11`, no answer fits.
        """
        for number, choice in enumerate(choices, start=1):
            self.show(safe(f"{number}. {choice.words}", limit_chars=400), 2)
        hint = f" [{default + 1}]" if default is not None else ""
        for _ in range(TRIES_MAX):
            given = self.line(f"{question}{hint} (number, b back, q quit)")
            if given.lower() == BACK:
                return None
            index = default if not given else _found(given, choices)
            if index is None:
                self._wrong(given)
            elif choices[index].why_not is not None:
                self._refused(choices[index])
            else:
                return index
        raise UserError("LV-ASK-11", "No answer that fits was given. Nothing was changed.")

    def choose_several(self, question: str, choices: Sequence[Choice]) -> tuple[int, ...] | None:
        """Indexes of several answers, joined by commas or blanks; None for `b`.

        Raises:
            Left, UserError: as `choose`.
        """
        for number, choice in enumerate(choices, start=1):
            self.show(safe(f"{number}. {choice.words}", limit_chars=400), 2)
        for _ in range(TRIES_MAX):
            given = self.line(f"{question} (numbers, b back, q quit)")
            if given.lower() == BACK:
                return None
            words = given.replace(",", " ").split()
            found = [_found(word, choices) for word in words]
            wrong = [word for word, index in zip(words, found, strict=True) if index is None]
            refused = [i for i in found if i is not None and choices[i].why_not is not None]
            if not words or wrong:
                self._wrong(wrong[0] if wrong else given)
            elif refused:
                self._refused(choices[refused[0]])
            else:
                return tuple(dict.fromkeys(index for index in found if index is not None))
        raise UserError("LV-ASK-11", "No answer that fits was given. Nothing was changed.")

    def _wrong(self, given: str) -> None:
        if self._answers is not None:
            raise UserError(
                "LV-ASK-12", "The answer {given} fits no choice. Nothing was started.", given=given
            )
        self.say("{given} is none of the choices.", given=given or "Nothing")

    def _refused(self, choice: Choice) -> None:
        if self._answers is not None:
            raise UserError(
                "LV-ASK-13",
                "{choice} cannot be chosen: {why}",
                choice=choice.words,
                why=choice.why_not or "",
            )
        self.say("That cannot be chosen: {why}", why=choice.why_not or "")

    def _ended(self, question: str) -> UserError:
        return UserError(
            "LV-ASK-10",
            "There was no answer any more to: {question}. What was started before goes on; nothing "
            "else was changed.",
            question=question,
        )


def _found(given: str, choices: Sequence[Choice]) -> int | None:
    if given.isascii() and given.isdigit() and len(given) < 10:
        number = int(given) - 1
        return number if 0 <= number < len(choices) else None
    exact = [i for i, choice in enumerate(choices) if given in choice.names]
    begin = [
        i
        for i, choice in enumerate(choices)
        if any(name.startswith(given) for name in choice.names)
    ]
    fits = exact or begin
    return fits[0] if len(fits) == 1 else None
