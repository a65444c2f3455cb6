"""What one commit of LVM can change, and what it cannot: the steps between texts of a group.

One command changes one thing in one commit: a name, a layout, a set of attributes, or which volumes
and PVs there are. Ids, the time and the host at which a volume was made, and the place at which the
data of a PV begin are changed by no command that the next one changes back. Segment types other than
`striped` have changes of their own (a thin pool counts its transactions); they are left out, as are
names of devices, which any commit may write anew. Sources: lvm2 `tools/*.c`, `lib/metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from lvtui.lvm.model import LogicalVolume, PhysicalVolume, Section, Statement, VolumeGroup
from lvtui.lvm.render import render_pv, render_volume

_LOCAL_BYTES = 64
"""Damage that leaves a text well-formed is shorter; it never changes a length."""
_ALIKE = 20
"""Of an id's 38 characters: two of LVM's random ids have ten in common at most (six are dashes)."""
_HEAD = 2
"""A group's section begins with id and seqno, which differ in every version."""
_HINTS = frozenset({"device", "device_id", "device_id_type"})
_IDENTITY = frozenset({"id", "creation_time", "creation_host"})
_LAYOUT = frozenset({"segment_count"})
_SIZE = frozenset({"dev_size", "pe_count"})


class Thing(NamedTuple):
    """What differs; an id that is damaged is another one before and after."""

    what: str
    """`LV VHD-1…`, `PV …`, `VG x`; empty for a presence, which is one however many came and went."""
    before: str
    """Its id in the earlier text; empty for the group itself."""
    after: str


class Kind(Enum):
    """What a change is about."""

    IDENTITY = "identity"
    """What no command changes."""
    PRESENCE = "presence"
    NAME = "name"
    LAYOUT = "layout"
    ATTRIBUTES = "attributes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference between two texts."""

    kind: Kind
    thing: Thing
    field: str
    before: str
    after: str
    local: bool
    """Whether damage could have made it: nothing moved, and few bytes differ."""


def is_alike(one: str, other: str) -> bool:
    """Whether two different ids are one and the same, damaged."""
    return (
        one != other
        and len(one) == len(other)
        and sum(a == b for a, b in zip(one, other, strict=True)) >= _ALIKE
    )


def has(vg: VolumeGroup, uuid: str) -> bool:
    """Whether the text has the LV or PV of an id; the empty one stands for the group."""
    return (
        not uuid or any(lv.uuid == uuid for lv in vg.lvs) or any(pv.uuid == uuid for pv in vg.pvs)
    )


def differences(before: VolumeGroup, after: VolumeGroup) -> tuple[Difference, ...]:
    """What changed from one text to another; a presence is one change however many came and went."""
    found = list(_head_changes(before, after))
    if before.pvs is not after.pvs:
        found += _pv_changes(before, after)
    if before.lvs is not after.lvs:
        found += _lv_changes(before, after)
    return tuple(found)


def _head_changes(before: VolumeGroup, after: VolumeGroup) -> Iterator[Difference]:
    thing = Thing(f"VG {after.name}", "", "")
    if before.name != after.name:
        yield _difference(Kind.NAME, thing, "name", before.name, after.name)
    if before.uuid != after.uuid:
        yield _difference(Kind.IDENTITY, thing, "id", before.uuid, after.uuid)
    if before.extent_size_sectors != after.extent_size_sectors:
        counts = [{pv.uuid: pv.pe_count for pv in vg.pvs} for vg in (before, after)]
        yield _difference(
            Kind.IDENTITY if counts[0] == counts[1] else Kind.LAYOUT,
            thing,
            "extent_size",
            str(before.extent_size_sectors),
            str(after.extent_size_sectors),
        )
    if before.section.children[_HEAD:] != after.section.children[_HEAD:]:
        yield from _attributes(
            thing, before.section, after.section, frozenset({"id", "seqno", "extent_size"})
        )


def _pv_changes(before: VolumeGroup, after: VolumeGroup) -> Iterator[Difference]:
    old = {pv.uuid: pv for pv in before.pvs}
    new = {pv.uuid: pv for pv in after.pvs}
    gone = [pv for uuid, pv in old.items() if uuid not in new]
    came = [pv for uuid, pv in new.items() if uuid not in old]
    for pv in list(gone):
        alike = next((one for one in came if is_alike(pv.uuid, one.uuid)), None)
        if alike is not None and _pv_shape(pv) == _pv_shape(alike):
            gone.remove(pv)
            came.remove(alike)
            thing = Thing(f"PV {pv.name}", pv.uuid, alike.uuid)
            yield _difference(Kind.IDENTITY, thing, "id", pv.uuid, alike.uuid)
    if gone or came:
        yield _presence()
    for uuid, pv in new.items():
        was = old.get(uuid)
        if was is not None and was is not pv and was != pv:
            yield from _pv_differences(was, pv)


def _pv_differences(was: PhysicalVolume, pv: PhysicalVolume) -> Iterator[Difference]:
    thing = Thing(f"PV {pv.uuid}", pv.uuid, pv.uuid)
    if was.pe_start_sectors != pv.pe_start_sectors:
        old, new = str(was.pe_start_sectors), str(pv.pe_start_sectors)
        yield _difference(Kind.IDENTITY, thing, "pe_start", old, new)
    local = is_local(render_pv(was), render_pv(pv))
    for key in sorted(_SIZE):
        old, new = str(was.section.get(key)), str(pv.section.get(key))
        if old != new:
            yield Difference(
                kind=Kind.LAYOUT, thing=thing, field=key, before=old, after=new, local=local
            )
    yield from _attributes(
        thing, was.section, pv.section, _HINTS | _SIZE | {"id", "pe_start"}, local=local
    )


def _lv_changes(before: VolumeGroup, after: VolumeGroup) -> Iterator[Difference]:
    was_there, is_there = set(map(id, before.lvs)), set(map(id, after.lvs))
    if was_there == is_there:
        return
    old = {lv.uuid: lv for lv in before.lvs if id(lv) not in is_there}
    new = {lv.uuid: lv for lv in after.lvs if id(lv) not in was_there}
    gone = [lv for uuid, lv in old.items() if uuid not in new]
    came = [lv for uuid, lv in new.items() if uuid not in old]
    for lv in list(gone) if came else ():
        alike = next((one for one in came if _is_same(lv, one)), None)
        if alike is not None:
            gone.remove(lv)
            came.remove(alike)
            thing = Thing(f"LV {lv.name}", lv.uuid, alike.uuid)
            yield _difference(Kind.IDENTITY, thing, "id", lv.uuid, alike.uuid)
    if gone or came:
        yield _presence()
    for uuid, lv in new.items():
        was = old.get(uuid)
        if was is not None and was != lv:
            yield from _lv_differences(was, lv)


def _is_same(lv: LogicalVolume, other: LogicalVolume) -> bool:
    """One LV under two ids that are alike: at least its name or its place is the same."""
    return is_alike(lv.uuid, other.uuid) and (
        lv.name == other.name or lv.segments == other.segments
    )


def _lv_differences(was: LogicalVolume, lv: LogicalVolume) -> Iterator[Difference]:
    thing = Thing(f"LV {was.name}", was.uuid, lv.uuid)
    for field, old, new in (
        ("creation_time", was.creation_time, lv.creation_time),
        ("creation_host", was.creation_host, lv.creation_host),
    ):
        if old is not None and new is not None and old != new:
            yield _difference(Kind.IDENTITY, thing, field, str(old), str(new))
    striped = all(segment.is_mapped for segment in (*was.segments, *lv.segments))
    local = is_local(render_volume(was), render_volume(lv))
    if not striped and not local:
        return
    if was.name != lv.name:
        yield Difference(
            kind=Kind.NAME, thing=thing, field="name", before=was.name, after=lv.name, local=local
        )
    if was.segments != lv.segments or was.section.get("segment_count") != lv.section.get(
        "segment_count"
    ):
        if not striped and not _type_is_damaged(was, lv):
            return
        old, new = _layout(was), _layout(lv)
        yield Difference(
            kind=Kind.LAYOUT, thing=thing, field="segments", before=old, after=new, local=local
        )
    yield from _attributes(thing, was.section, lv.section, _IDENTITY | _LAYOUT, local=local)


def _type_is_damaged(was: LogicalVolume, lv: LogicalVolume) -> bool:
    """Whether the number of segments stays while one loses or gets the type `striped`."""
    pairs = zip(was.segments, lv.segments, strict=False)
    return len(was.segments) == len(lv.segments) and any(
        one.is_mapped != other.is_mapped for one, other in pairs
    )


def _layout(lv: LogicalVolume) -> str:
    """In few words."""
    shown = []
    for segment in lv.segments[:4]:
        places = "+".join(f"{area.pv_name}:{area.start_extent}" for area in segment.stripes)
        shown.append(f"{segment.extent_count}@{places or segment.type}")
    return ", ".join(shown) + (", …" if len(lv.segments) > len(shown) else "")


def _attributes(
    thing: Thing, before: Section, after: Section, but: frozenset[str], *, local: bool | None = None
) -> Iterator[Difference]:
    """The first statement that differs stands for all of them: one command may set several."""
    old, new = _statements(before, but), _statements(after, but)
    if old == new:
        return
    keys = [key for key in (*old, *new) if old.get(key) != new.get(key)]
    if not keys:
        return  # the order alone
    was, now = (str(one.get(keys[0], "absent")) for one in (old, new))
    if local is None:
        local = is_local(str(list(old.items())), str(list(new.items())))
    yield Difference(
        kind=Kind.ATTRIBUTES, thing=thing, field=keys[0], before=was, after=now, local=local
    )


def _statements(section: Section, but: frozenset[str]) -> dict[str, object]:
    return {
        child.key: child.value
        for child in section.children
        if isinstance(child, Statement) and child.key not in but
    }


def _presence() -> Difference:
    thing = Thing("", "", "")
    return Difference(kind=Kind.PRESENCE, thing=thing, field="", before="", after="", local=False)


def _difference(kind: Kind, thing: Thing, field: str, before: str, after: str) -> Difference:
    return Difference(
        kind=kind,
        thing=thing,
        field=field,
        before=before,
        after=after,
        local=is_local(before, after),
    )


def is_local(before: str, after: str) -> bool:
    """Whether the bytes in which two renderings differ lie close together, nothing having moved."""
    if len(before) != len(after) or before == after:
        return False
    behind = len(before) - _shared(before[::-1], after[::-1])
    return behind - 1 - _shared(before, after) < _LOCAL_BYTES


def _shared(one: str, other: str) -> int:
    """How many characters of two strings of one length are alike at their beginning."""
    low, high = 0, len(one)
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _pv_shape(pv: PhysicalVolume) -> tuple[int, int, int | None]:
    return pv.pe_start_sectors, pv.pe_count, pv.dev_size_sectors
