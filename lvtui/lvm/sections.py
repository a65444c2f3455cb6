"""Every distinct flat section of a corpus, parsed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lvtui.lvm.model import Statement
from lvtui.lvm.tokens import SectionError

if TYPE_CHECKING:
    from lvtui.lvm.grammar import SectionGrammar

_TICK_SECTIONS = 256
_NOTHING = b"\0 \t\r\n\f\v"

Items = tuple[Statement | None, ...]
"""Statements in order; None stands for the place of a nested section."""


class SectionStore:
    """Flat sections by their bytes; a refused one is remembered too."""

    def __init__(self) -> None:
        self.parser_calls = 0
        self.tick: Callable[[], None] | None = None
        """Called every few hundred sections that are parsed anew; may raise to stop."""
        self._items: dict[bytes, Items | SectionError] = {}
        self._grammar: SectionGrammar | None = None

    @property
    def distinct_sections(self) -> int:
        """How many there were; one without a statement is none."""
        return len(self._items)

    def items(self, flat: bytes) -> Items:
        """What a flat section holds.

        Raises:
            SectionError: the grammar refuses it.
        """
        known = self._items.get(flat)
        if known is None:
            if not flat.strip(_NOTHING):
                return (None,) * flat.count(b"\0")
            known = self._items[flat] = self._parse(flat)
        if isinstance(known, SectionError):
            raise known
        return known

    def _parse(self, flat: bytes) -> Items | SectionError:
        if self._grammar is None:
            # The one import that waits: pyparsing costs 80 ms, which only a parsed text may cost.
            from lvtui.lvm.grammar import SectionGrammar  # noqa: PLC0415

            self._grammar = SectionGrammar()
        self.parser_calls += 1
        if self.tick is not None and self.parser_calls % _TICK_SECTIONS == 0:
            self.tick()
        try:
            return self._grammar.parse(flat)
        except SectionError as error:
            return error
