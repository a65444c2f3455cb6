"""Which LV is whose parent, as far as the LVM texts alone show it.

A snapshot or clone renames a disk's LV to a base copy and makes its children, all while its `clone_`
journal stands (sm LVHDSR.py `_snapshot`). A base copy that goes leaves its children to its own parent:
by a coalesce, or as an empty leaf that the snapshot itself drops (`_finishSnapshot`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from lvtui.lvm.version import History, Version
from lvtui.rescue.journals import Past, Stage, past_of

_DEPTH_MAX = 1024
"""sm stops at 30; texts that lie may make a ring of parents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot or clone that was seen while its journal stood."""

    journal: Stage
    base: Stage | None
    """The base copy that the disk's LV became; None where that is unseen or was undone."""
    made: tuple[Stage, ...]
    """Disks made meanwhile: the SR lock is held, so all of them are its children."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Parents by LV uuid, and the snapshots that they come from."""

    standing: dict[int, tuple[Snapshot, ...]]
    """Snapshots by every position at which their journal stands."""
    parents: dict[str, tuple[tuple[int, str], ...]]
    """LV uuid → (position since when, parent's LV uuid), oldest first; an empty uuid is unknown."""

    def snapshots_at(self, position: int) -> tuple[Snapshot, ...]:
        """Those whose journal stands in a version: the SR lock allows one, unless a host died."""
        return self.standing.get(position, ())

    def parent(self, uuid: str, position: int) -> str | None:
        """The parent of an LV in a version; None for a root and where the texts do not tell."""
        known = self.parents.get(uuid, ())
        index = bisect_right(known, position, key=lambda one: one[0])
        return known[index - 1][1] or None if index else None

    def ancestors(self, uuid: str, position: int) -> tuple[str, ...]:
        """Parent, its parent and so on, nearest first."""
        found: list[str] = []
        seen = {uuid}
        parent = self.parent(uuid, position)
        while parent is not None and parent not in seen and len(found) < _DEPTH_MAX:
            found.append(parent)
            seen.add(parent)
            parent = self.parent(parent, position)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Life:
    """What a history tells of an SR: made once, asked often."""

    past: Past
    family: Family

    def ancestors(self, lv_uuid: str, at: Version) -> tuple[str, ...]:
        """LV uuids of parent, its parent and so on in a version, as far as the texts tell."""
        return self.family.ancestors(lv_uuid, self.past.position(at))


def life_of(history: History) -> Life:
    """Read a history."""
    past = past_of(history)
    return Life(past, family_of(past))


def family_of(past: Past) -> Family:
    """Follow births and removals in the order of the versions."""
    snapshots = tuple(
        _snapshot(past, journal)
        for (kind, _), journals in past.journals.items()
        for journal in (journals if kind == "clone" else ())
    )
    events = [
        (child.first, 0, child.lv.uuid, one.base.lv.uuid)
        for one in snapshots
        for child in one.made
        if one.base is not None
    ]
    events += [(stages[-1].last + 1, 1, uuid, "") for uuid, stages in past.stages.items() if stages]
    parents: dict[str, list[tuple[int, str]]] = defaultdict(list)
    children: dict[str, set[str]] = defaultdict(set)
    for position, is_removal, uuid, base in sorted(events):
        if not is_removal:
            parents[uuid].append((position, base))
            children[base].add(uuid)
            continue
        heir = parents[uuid][-1][1] if parents.get(uuid) else ""
        for child in children.pop(uuid, ()):
            parents[child].append((position, heir))
            children[heir].add(child)
    standing: dict[int, list[Snapshot]] = defaultdict(list)
    for one in snapshots:
        for position in range(one.journal.first, one.journal.last + 1):
            standing[position].append(one)
    return Family(
        standing={position: tuple(those) for position, those in standing.items()},
        parents={uuid: tuple(known) for uuid, known in parents.items()},
    )


def _snapshot(past: Past, journal: Stage) -> Snapshot:
    orig = journal.name.vdi_uuid
    bases: list[Stage] = []
    made: list[Stage] = []
    for position in range(journal.first + 1, journal.last + 1):
        for stage in past.begun.get(position, ()):
            before = past.before(stage)
            if before is not None and before.vdi == orig and stage.vdi not in {None, orig}:
                bases.append(stage)
            elif stage.is_disk and past.stages[stage.lv.uuid][0] is stage:
                made.append(stage)
    base = bases[0] if len(bases) == 1 else None
    if base is not None and _undone(past, journal, base):
        base = None
    return Snapshot(journal=journal, base=base, made=tuple(made))


def _undone(past: Past, journal: Stage, base: Stage) -> bool:
    return any(
        stage.vdi == journal.name.vdi_uuid and base.first < stage.first <= journal.last + 1
        for stage in past.stages[base.lv.uuid]
    )
