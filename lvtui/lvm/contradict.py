"""Which of several texts that follow each other lies, by what no command of LVM can have done.

A step between two texts is impossible where an id, a time of birth or the beginning of a PV's data
changes, or where more changed than there were commits and damage could have made part of it. The odd
one is the text without which its neighbours follow from each other. A tag that came and went, a
rename and back, a resize and back are each one change in one commit: possible steps.
Of a text at the end of a history only one neighbour tells; where nothing decides, both are odd.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.order import adjacent
from lvtui.lvm.steps import Difference, Kind, differences, has, is_local
from lvtui.lvm.suspect import zone_seconds
from lvtui.lvm.version import Version
from lvtui.lvm.vocabulary import is_device
from lvtui.message import Message, message

_COMMITS_MAX = 8
"""Over more commits than these a change more or less proves nothing."""
_TWIN_BYTES = 64
_RESTORE = "vgcfgrestore"
_DEVICE_SECONDS = 60
"""No host is started anew, no disk is found under another name in less."""
_ZONE_DAMAGE_SECONDS = frozenset({900, 9000})
"""What one digit of a creation_time can change so that it is still some zone's time."""
_SR = re.compile(r"VG_XenStorage-.*")
_DISK = re.compile(r"(VHD|LV)-")
_WHOLE = re.compile(r"(VHD|LV)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
        known = self._without(known, self._wrong_habits(known))
        self._without(known, self._wrong_names(known))
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

    def _wrong_habits(self, known: list[int]) -> Iterator[tuple[int, Message]]:
        """What one host writes alike in every text: its kernel, its LVM, its zone, its devices."""
        habits = {number: _habits(self.versions[number].vg) for number in known}
        seen = Counter(habit for each in habits.values() for habit in each)
        for before, number, after in zip(known, known[1:], known[2:], strict=False):
            if self.trusted[number] or habits[before] == habits[number]:
                continue
            for usual, own, later in zip(
                habits[before], habits[number], habits[after], strict=False
            ):
                if (
                    usual == later
                    and seen[own] == 1
                    and own.is_damaged(usual, self._took(before, after))
                ):
                    yield (
                        number,
                        message(
                            "{what} is {own} here, {usual} in the versions before and after it",
                            what=own.what,
                            own=own.value,
                            usual=usual.value,
                        ),
                    )

    def _took(self, before: int, after: int) -> int:
        times = (self.versions[number].creation_time or 0 for number in (before, after))
        first, last = times
        return abs(last - first)

    def _wrong_names(self, known: list[int]) -> Iterator[tuple[int, Message]]:
        """A volume of a storage repository that only one text has, under no name of a volume."""
        before: frozenset[int] = frozenset()
        holders: dict[str, list[int]] = {}
        for number in known:
            vg = self.versions[number].vg
            if vg is None or not _SR.fullmatch(vg.name):
                continue
            now = frozenset(map(id, vg.lvs))
            if now - before:
                for lv in vg.lvs:
                    if (
                        id(lv) not in before
                        and _DISK.match(lv.name)
                        and not _WHOLE.fullmatch(lv.name)
                    ):
                        holders.setdefault(lv.name, []).append(number)
            before = now
        for name, numbers in holders.items():
            number = numbers[0]
            after = next((n for n in known if n > number), None)
            later = None if after is None else self.versions[after].vg
            stays = later is not None and any(lv.name == name for lv in later.lvs)
            if len(numbers) == 1 and not stays and not self.trusted[number]:
                yield (
                    number,
                    message("{name} is no name of a volume of a storage repository", name=name),
                )


@dataclass(frozen=True, slots=True)
class _Habit:
    """A value that a host writes, with whose it is."""

    what: str
    value: str
    host: str

    def is_damaged(self, usual: _Habit, took_seconds: int) -> bool:
        """Whether it is another habit's value with damage, not one that came and went."""
        if self.what != usual.what or self.host != usual.host:
            return False
        if self.what == "the zone":
            return abs(int(self.value) - int(usual.value)) in _ZONE_DAMAGE_SECONDS
        if not is_local(usual.value, self.value):
            return False
        is_path = self.what != "the device" or is_device(self.value)
        return not is_path or self.what != "the device" or took_seconds < _DEVICE_SECONDS


def _habits(vg: VolumeGroup | None) -> tuple[_Habit, ...]:
    if vg is None:
        return ()
    host = vg.creation_host or ""
    release = (vg.generated_by or "").split(": ", 1)[0]
    zone = zone_seconds(vg)
    return (
        _Habit("the kernel", vg.host_comment or "", host),
        _Habit("the release", release, host),
        _Habit("the zone", str(zone or 0), host),
        *(_Habit("the device", pv.device_hint or "", f"{host} {pv.uuid}") for pv in vg.pvs),
    )


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
