"""What changed between two versions of a volume group.

LVs and PVs are matched by uuid, so that a rename is one change. Local PV names (`pv0`) are positions
in a text: they are translated before stripes are compared. The trailer (time, host, description)
tells the versions apart and is no change of the group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lvtui.lvm.model import (
    LogicalVolume,
    PhysicalVolume,
    Section,
    Statement,
    Value,
    VolumeGroup,
    Word,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions."""

    op: str
    """`added`, `removed` or `changed`."""
    path: str
    """`logical_volumes/<name>` or `logical_volumes/<name>/segment1/extent_count`, …"""
    before: str | None
    after: str | None


def diff(before: VolumeGroup, after: VolumeGroup) -> tuple[Change, ...]:
    """What changed, matched by uuid; a rename is one `changed` of the name."""
    if before is after:
        return ()
    uuids = {pv.uuid: pv.name for pv in after.pvs}
    names = {pv.name: uuids.get(pv.uuid, pv.uuid) for pv in before.pvs}
    changes: list[Change] = []
    if before.name != after.name:
        changes.append(Change("changed", "name", before.name, after.name))
    if before.section is not after.section:
        changes.extend(_sections("", before.section, after.section, {}))
    changes.extend(_matched("physical_volumes", before.pvs, after.pvs, {}))
    if all(name == local for name, local in names.items()):
        names = {}
    changes.extend(_matched("logical_volumes", before.lvs, after.lvs, names))
    return tuple(changes)


def _matched(
    path: str,
    before: tuple[LogicalVolume, ...] | tuple[PhysicalVolume, ...],
    after: tuple[LogicalVolume, ...] | tuple[PhysicalVolume, ...],
    pv_names: Mapping[str, str],
) -> Iterator[Change]:
    old = {one.uuid: one for one in before}
    new = {one.uuid: one for one in after}
    for uuid, one in old.items():
        if uuid not in new:
            yield Change("removed", f"{path}/{one.name}", uuid, None)
    for uuid, one in new.items():
        was = old.get(uuid)
        if was is None:
            yield Change("added", f"{path}/{one.name}", None, uuid)
            continue
        if was is one and not pv_names:
            continue
        if was.name != one.name and isinstance(one, LogicalVolume):
            yield Change("changed", f"{path}/{was.name}/name", was.name, one.name)
        yield from _sections(f"{path}/{one.name}/", was.section, one.section, pv_names)


def _sections(
    path: str, before: Section, after: Section, pv_names: Mapping[str, str]
) -> Iterator[Change]:
    """Statements and blocks of two sections; a stack instead of recursion."""
    todo = [(path, before, after)]
    while todo:
        at, old, new = todo.pop()
        if old is new and not pv_names:
            continue
        old_values, old_blocks = _content(old)
        new_values, new_blocks = _content(new)
        yield from _values(at, old_values, new_values, pv_names)
        yield from (
            Change("removed", at + key, key, None) for key in old_blocks if key not in new_blocks
        )
        yield from (
            Change("added", at + key, None, key) for key in new_blocks if key not in old_blocks
        )
        todo.extend(
            (f"{at}{key}/", block, new_blocks[key])
            for key, block in reversed(old_blocks.items())
            if key in new_blocks
        )


def _values(
    at: str, old: dict[str, Value], new: dict[str, Value], pv_names: Mapping[str, str]
) -> Iterator[Change]:
    for key, value in old.items():
        if key not in new:
            yield Change("removed", at + key, _shown(value), None)
        elif (same := _translated(value, pv_names)) != new[key]:
            yield Change("changed", at + key, _shown(same), _shown(new[key]))
    for key, value in new.items():
        if key not in old:
            yield Change("added", at + key, None, _shown(value))


def _content(section: Section) -> tuple[dict[str, Value], dict[str, Section]]:
    """Last one wins, as in LVM."""
    values: dict[str, Value] = {}
    blocks: dict[str, Section] = {}
    for child in section.children:
        if isinstance(child, Statement):
            values[child.key] = child.value
        else:
            blocks[child.name] = child
    return values, blocks


def _translated(value: Value, pv_names: Mapping[str, str]) -> Value:
    if pv_names and isinstance(value, tuple):
        return tuple(pv_names.get(item, item) if isinstance(item, str) else item for item in value)
    return value


def _shown(value: Value) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, str) and not isinstance(value, Word):
        return f'"{value}"'
    return str(value)
