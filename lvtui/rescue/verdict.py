"""The verdict on a disk: the worst of its own LV's and of all the LVs that it reads through.

A child that leaves sectors to its parents is as good as the worst of them: lost ones have verdicts of
their own, present ones may have been written since (`stale`), unknown ones cannot be read at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lvtui.lvm.verdict import Verdict, VerdictWord
from lvtui.message import Message, message

_WORST_FIRST = tuple(VerdictWord)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """One ancestor of a lost disk."""

    lv_uuid: str | None
    """None when no version has it."""
    name: str
    """As the child's VHD or the versions name it."""
    present: bool
    """Whether the group has it now."""
    verdict: Verdict | None = None
    """Its own, for one that is lost; None for one that is present or that no version has."""
    touched: tuple[Message, ...] = ()
    """What was done to it after the child was lost (`stale.touched_since`)."""

    @property
    def word(self) -> VerdictWord:
        """What the ancestor alone allows its child at best."""
        own = VerdictWord.INTACT
        if self.verdict is not None:
            own = self.verdict.word
        elif not self.present:
            own = VerdictWord.NO_PARENT
        return worst(own, VerdictWord.AT_RISK) if self.touched else own


def worst(*words: VerdictWord) -> VerdictWord:
    """The worst of some words, in the order of commands.md."""
    return min(words, key=_WORST_FIRST.index)


def combined(own: Verdict, chain: tuple[ChainLink, ...]) -> Verdict:
    """The verdict on the disk: the child's own with its ancestors', nearest first.

    Counts, conflicts and missing versions stay those of the child's own LV; the reasons name all,
    those of the worst word first.
    """
    told = [(own.word, own.reasons)]
    told += [(link.word, _reasons(link)) for link in chain if link.word is not VerdictWord.INTACT]
    word = worst(*(one for one, _ in told))
    if word is not VerdictWord.INTACT and own.word is VerdictWord.INTACT:
        told[0] = (own.word, ())  # "none gave any of its extents away" would read as all clear
    told.sort(key=lambda one: _WORST_FIRST.index(one[0]))
    reasons = dict.fromkeys(reason for _, reasons in told for reason in reasons)
    return replace(own, word=word, reasons=tuple(reasons))


def _reasons(link: ChainLink) -> tuple[Message, ...]:
    if link.verdict is not None:
        lost = message(
            "its parent {name} is lost as well: {word}",
            name=link.name,
            word=link.verdict.word.value,
        )
        own = link.verdict.reasons if link.verdict.word is not VerdictWord.INTACT else ()
        return (lost, *own, *link.touched)
    if not link.present:
        return (message("its parent {name} is in no known version", name=link.name), *link.touched)
    return link.touched
