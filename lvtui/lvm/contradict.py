"""Which of several texts that follow each other lies, by what no command of LVM can have done.

A step between two texts is impossible where an id, a time of birth or the beginning of a PV's data
changes, or where more changed than there were commits and damage could have made part of it. The odd
one is the text without which its neighbours follow from each other. A tag that came and went, a
rename and back, a resize and back are each one change in one commit: possible steps.
Of a text at the end of a history only one neighbour tells; where nothing decides, both are odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lvtui.lvm.habits import odd_habits, odd_names
from lvtui.lvm.order import adjacent
from lvtui.lvm.steps import Difference, Kind, differences, has
from lvtui.lvm.version import Version
from lvtui.message import Message, message

_COMMITS_MAX = 8
"""Over more commits than these a change more or less proves nothing."""
_TWIN_BYTES = 64
_RESTORE = "vgcfgrestore"


@dataclass(slots=True)
class Contradictions:
    """Looks through the texts of one group, oldest first."""

    versions: Sequence[Version]
    trusted: Sequence[bool]
    """Of each version: whether its bytes are known to be LVM's."""
    _odd: dict[int, Message] = field(default_factory=dict)
    _steps: dict[tuple[int, int], Difference | None] = field(default_factory=dict)

    def find(self) -> dict[int, Message]:
        """Places in `versions` of those that lie, each with its reason."""
        known = [
            number
            for number, version in enumerate(self.versions)
            if version.usable and version.vg is not None
        ]
        known = self._without(known, self._wrong_numbers(known))
        known = self._without(known, self._wrong_twins(known))
        at = 0
        while at + 1 < len(known):
            convicted = self._convicted(known, at)
            if convicted:
                known = self._without(known, convicted)
                at = max(0, at - 2)
            else:
                at += 1
        models = [self.versions[number].vg for number in known]
        trusted = [self.trusted[number] for number in known]
        told = (*odd_habits(models, trusted), *odd_names(models, trusted))
        self._without(known, ((known[place], reason) for place, reason in told))
        return self._odd

    def _without(self, known: list[int], found: Iterable[tuple[int, Message]]) -> list[int]:
        for number, reason in list(found):
            self._odd.setdefault(number, reason)
        return [number for number in known if number not in self._odd]

    def _wrong_numbers(self, known: list[int]) -> Iterator[tuple[int, Message]]:
        """A seqno between two that follow each other, with room for one."""
        for before, number, after in zip(known, known[1:], known[2:], strict=False):
            first, own, last = (self.versions[n].seqno or 0 for n in (before, number, after))
            if (
                first + 2 == last
                and own != first + 1
                and not self.trusted[number]
                and adjacent(self.versions[before], self.versions[number])
                and adjacent(self.versions[number], self.versions[after])
            ):
                yield (
                    number,
                    message(
                        "its seqno is {own}, but it stands between versions {first} and {last}",
                        own=own,
                        first=first,
                        last=last,
                    ),
                )

    def _wrong_twins(self, known: list[int]) -> Iterator[tuple[int, Message]]:
        """One commit that stands in two areas with a few different bytes."""
        seen: dict[tuple[int | None, int | None, int], int] = {}
        for number in known:
            version = self.versions[number]
            key = version.seqno, version.creation_time, len(version.copies[0].text)
            other = seen.setdefault(key, number)
            if other == number or not self._are_twins(other, number):
                continue
            near = [n for n in known if n not in {other, number}]
            faults = [self._faults(near, one) for one in (other, number)]
            reason = message(
                "another area holds the same version with a few different bytes: {id}",
                id=self.versions[other].id,
            )
            if not self.trusted[number] and (self.trusted[other] or faults[1] >= faults[0]):
                yield number, reason
            if not self.trusted[other] and (self.trusted[number] or faults[0] >= faults[1]):
                yield other, message(reason.template, id=version.id)

    def _are_twins(self, one: int, other: int) -> bool:
        places = [
            {(copy.device, copy.area) for copy in self.versions[number].copies}
            for number in (one, other)
        ]
        if places[0] & places[1]:
            return False
        texts = [self.versions[number].copies[0].text for number in (one, other)]
        differ = [a != b for a, b in zip(texts[0], texts[1], strict=True)]
        return sum(differ) <= _TWIN_BYTES

    def _faults(self, near: list[int], number: int) -> int:
        """How many of its neighbours do not go with it."""
        before = max((n for n in near if n < number), default=None)
        after = min((n for n in near if n > number), default=None)
        steps = ((before, number), (number, after))
        return sum(
            a is not None and b is not None and self._step(a, b) is not None for a, b in steps
        )

    def _convicted(self, known: list[int], at: int) -> list[tuple[int, Message]]:
        """Which of the two at `at` and behind it lies, if the step between them is impossible."""
        one, two = known[at], known[at + 1]
        step = self._step(one, two)
        if step is None:
            return []
        before = known[at - 1] if at else None
        after = known[at + 2] if at + 2 < len(known) else None
        lies = [
            not self.trusted[one]
            and (before is not None or after is not None)
            and self._holds(before, two)
            and self._holds(two, after),
            not self.trusted[two]
            and (before is not None or after is not None)
            and self._holds(one, after)
            and self._holds(before, one),
        ]
        if all(lies):
            # Another text that has it as one of the two has it speaks for that one.
            backed = [
                before is not None and self._agree(before, one, step, step.thing.before),
                after is not None and self._agree(two, after, step, step.thing.after),
            ]
            lies = [not backed[0], not backed[1]] if backed[0] != backed[1] else lies
        return [
            (number, _reason(step, self.versions[one], self.versions[two], odd=number == two))
            for number, lied in zip((one, two), lies, strict=True)
            if lied
        ]

    def _agree(self, before: int, after: int, step: Difference, uuid: str) -> bool:
        """Whether both texts have the thing, and alike in what the step is about."""
        one, two = self.versions[before].vg, self.versions[after].vg
        return (
            one is not None
            and two is not None
            and has(one, uuid)
            and has(two, uuid)
            and not any(
                other.kind is step.kind and uuid in {other.thing.before, other.thing.after}
                for other in differences(one, two)
            )
        )

    def _holds(self, before: int | None, after: int | None) -> bool:
        return before is None or after is None or self._step(before, after) is None

    def _step(self, before: int, after: int) -> Difference | None:
        """What makes the step impossible."""
        key = before, after
        if key not in self._steps:
            self._steps[key] = _impossible(self.versions[before], self.versions[after])
        return self._steps[key]


def _impossible(before: Version, after: Version) -> Difference | None:
    """The difference that no command, or not so few commands, can have made."""
    if before.vg is None or after.vg is None:
        return None
    found = differences(before.vg, after.vg)
    identity = next((one for one in found if one.kind is Kind.IDENTITY), None)
    if identity is not None:
        return identity
    commits = (after.seqno or 0) - (before.seqno or 0)
    things = {(one.thing.what, one.kind) for one in found}
    if not 0 < commits <= _COMMITS_MAX or len(things) <= commits:
        return None
    if _RESTORE in (after.vg.description or ""):
        return None
    return next((one for one in found if one.local), None)


def _reason(step: Difference, before: Version, after: Version, *, odd: bool) -> Message:
    own, usual = (step.after, step.before) if odd else (step.before, step.after)
    other = before if odd else after
    if step.kind is Kind.IDENTITY:
        text = "{what}: {field} is {own} here, {usual} in version {id}; no command changes that"
    else:
        text = (
            "{what}: {field} is {own} here, {usual} in version {id}; more differs between the two "
            "than that many commands can change"
        )
    return message(text, what=step.thing.what, field=step.field, own=own, usual=usual, id=other.id)
