"""Which LV is whose parent, as far as the LVM texts alone show it.

A snapshot or clone renames a disk's LV to a base copy and makes its children, all while its `clone_`
journal stands (sm LVHDSR.py `_snapshot`). A base copy that goes leaves its children to its own parent:
by a coalesce, or as an empty leaf that the snapshot itself drops (`_finishSnapshot`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.lvm.version import History, Version
from lvtui.rescue.journals import Past, Stage, past_of

_DEPTH_MAX = 1024
"""sm stops at 30; texts that lie may make a ring of parents."""


@dataclass(frozen=True, slots=True)
class Family:
    """Parents by LV uuid."""

    parents: dict[str, tuple[tuple[int, str], ...]]
    """LV uuid → (position since when, parent's LV uuid), oldest first; an empty uuid is unknown."""

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
    events = [(position, 0, child, base) for position, child, base in _births(past)]
    events += [
        (stage.last + 1, 1, uuid, "")
        for uuid, stages in past.stages.items()
        for stage in stages[-1:]
    ]
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
    return Family({uuid: tuple(known) for uuid, known in parents.items()})


def base_of(past: Past, journal: Stage) -> Stage | None:
    """The base copy that a clone journal's disk became while it stood; None where unseen or undone."""
    orig = journal.name.vdi_uuid
    found = []
    for position in range(journal.first + 1, journal.last + 1):
        for stage in past.begun.get(position, ()):
            before = past.before(stage)
            if before is not None and before.vdi == orig and stage.vdi not in {None, orig}:
                found.append(stage)
    if len(found) != 1:
        return None
    (base,) = found
    undone = any(
        stage.lv.uuid == base.lv.uuid and stage.vdi == orig
        for position in range(base.first + 1, journal.last + 2)
        for stage in past.begun.get(position, ())
    )
    return None if undone else base


def _births(past: Past) -> Iterator[tuple[int, str, str]]:
    """(position, child, base copy) of every snapshot and clone that was seen.

    The SR lock is held while the journal stands, so every disk made meanwhile is a child of it.
    """
    for (kind, _), journals in past.journals.items():
        for journal in journals if kind == "clone" else ():
            base = base_of(past, journal)
            if base is None:
                continue
            for position in range(journal.first + 1, journal.last + 1):
                for stage in past.begun.get(position, ()):
                    uuid = stage.lv.uuid
                    is_new = past.stages[uuid][0] is stage
                    if is_new and stage.is_disk and uuid != base.lv.uuid:
                        yield position, uuid, base.lv.uuid
