"""What the texts of a group have alike besides their volumes: a value that one text alone has is odd.

A host writes its kernel, its LVM release, its zone and its devices into every text, and the storage
manager names volumes in one form. Where the texts before and after have one value and the text
between a damaged one, that no other text has, it was flipped. What may honestly come and go (a device
under another name after a restart, a volume that an operator named) is let pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.steps import is_local
from lvtui.lvm.suspect import zone_seconds
from lvtui.lvm.vocabulary import is_device
from lvtui.message import Message, message

_DEVICE_SECONDS = 60
"""No host is started anew, no disk is found under another name in less."""
_ZONE_DAMAGE_SECONDS = frozenset({900, 9000})
"""What one digit of a creation_time can change so that it is still some zone's time."""
_SR = "VG_XenStorage-"
_DISK = re.compile(r"(?:VHD|LV)-(.{36})", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SAME_CHARS = 28

Models = Sequence[VolumeGroup | None]
Odd = tuple[int, Message]
"""Place in the models, and why."""


def odd_habits(models: Models, trusted: Sequence[bool]) -> Iterator[Odd]:
    """What one host writes alike in every text, and in one text otherwise."""
    habits = [_habits(vg) for vg in models]
    seen = Counter(habit for each in habits for habit in each)
    for number in range(1, len(models) - 1):
        before, own, after = habits[number - 1 : number + 2]
        if trusted[number] or before == own:
            continue
        seconds = _seconds_between(models[number - 1], models[number + 1])
        for usual, odd, later in zip(before, own, after, strict=False):
            if usual == later and seen[odd] == 1 and odd.is_damaged(usual, seconds):
                yield (
                    number,
                    message(
                        "{what} is {own} here, {usual} in the versions before and after it",
                        what=odd.what,
                        own=odd.value,
                        usual=usual.value,
                    ),
                )


def odd_names(models: Models, trusted: Sequence[bool]) -> Iterator[Odd]:
    """In a storage repository, a volume of one text alone whose name is nearly one of a disk."""
    seen: set[int] = set()
    for number, vg in enumerate(models):
        if vg is None or not vg.name.startswith(_SR):
            continue
        near = [models[n] for n in (number - 1, number + 1) if 0 <= n < len(models)]
        fresh = set(map(id, vg.lvs)) - seen
        seen |= fresh
        for lv in vg.lvs if fresh and not trusted[number] else ():
            if id(lv) not in fresh or not _is_nearly_a_disk(lv.name):
                continue
            if not any(other is not None and other.lv(lv.uuid) for other in near):
                yield (
                    number,
                    message("{name} is no name of a disk of a storage repository", name=lv.name),
                )


def _is_nearly_a_disk(name: str) -> bool:
    told = _DISK.fullmatch(name)
    if told is None or _UUID.fullmatch(told[1]):
        return False
    form = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
    chars = {"-": "-", "h": "0123456789abcdef"}
    fits = [char in chars[due] for char, due in zip(told[1], form, strict=True)]
    return sum(fits) >= _SAME_CHARS


def _seconds_between(before: VolumeGroup | None, after: VolumeGroup | None) -> int:
    first, last = ((vg.creation_time if vg else None) or 0 for vg in (before, after))
    return abs(last - first)


class _Habit(NamedTuple):
    """A value that a host writes, with whose it is; a tuple, because each text has four."""

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
        if self.what != "the device" or not is_device(self.value):
            return True
        return took_seconds < _DEVICE_SECONDS


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
