"""Deleted, or merged by the storage manager's collector: what became of each LV that is gone.

On an SR with nightly backups most of what is missing was merged: the data lives on in an LV that is
here. Each answer rests on what neighbouring versions show; where versions are missing or a text was
restored in between, the answer is `unknown` rather than a guess. Source: sm, drivers/cleanup.py
(`_coalesce`, `_doCoalesceLeaf`, `getAllPrunable`) and LVHDSR.py (`_snapshot`, `_undoCloneOp`), v3.2.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lvtui.lvm.version import History
from lvtui.message import Message, message
from lvtui.rescue.deleted import removal
from lvtui.rescue.family import Life, life_of
from lvtui.rescue.journals import Stage
from lvtui.rescue.merges import Merge, coalesce_of, leaf_coalesce_of
from lvtui.xen.names import parse_group

_MERGES_MAX = 1024
"""As many later merges are followed; sm's chains end at 30."""


class GoneBy(StrEnum):
    """How an LV left its group; the words of commands.md."""

    DELETED = "deleted"
    COALESCED = "coalesced"
    LEAF_COALESCED = "leaf-coalesced"
    TEMPORARY = "temporary"
    UNKNOWN = "unknown"

    @property
    def is_merge(self) -> bool:
        """Whether its data went into another LV."""
        return self in {GoneBy.COALESCED, GoneBy.LEAF_COALESCED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one LV."""

    gone_by: GoneBy
    into: str | None = None
    """LV uuid that the collector merged it into, whether or not that LV is still here."""
    content_in: str | None = None
    """LV uuid of the present LV where its data lives on, later merges followed; None if gone too."""
    evidence: tuple[Message, ...] = ()
    """What shows it, and in which versions."""


def fates(history: History, life: Life | None = None) -> Mapping[str, Fate]:
    """The fate of every LV, by LV uuid, that some known version has and the current one does not."""
    life = life or life_of(history)
    here = _present(history)
    found = {
        uuid: _fate(life, stages[-1])
        for uuid, stages in life.past.stages.items()
        if uuid and uuid not in here
    }
    return {
        uuid: replace(fate, content_in=_followed(fate, found, here)) for uuid, fate in found.items()
    }


def _fate(life: Life, last: Stage) -> Fate:
    past, gone = life.past, last.last + 1
    if last.name.is_temporary or "PVMOVE" in last.lv.status:
        return _temporary(last)
    if gone >= len(past.known):
        return _unknown(message("no known version is without it"))
    if any(gone == restored for _, restored in past.left):
        return _unknown(
            message("an older version was restored over it in version {n}", n=past.seqno(gone))
        )
    kind, merge = _merge(life, last)
    if merge is None:
        return _by_removal(removal(life, last))
    if any(first <= gone < restored for first, restored in past.left):
        return _unknown(
            *merge.evidence,
            message("an older version was restored since: the merge may be undone in part"),
        )
    return _by_merge(kind, merge)


def _merge(life: Life, last: Stage) -> tuple[GoneBy, Merge | None]:
    vg = life.past.known[last.last].vg
    if vg is None or not parse_group(vg.name).is_lvm_sr or not last.name.holds_disk:
        return GoneBy.UNKNOWN, None
    merge = coalesce_of(life, last) if last.is_disk else None
    if merge is not None:
        return GoneBy.COALESCED, merge
    return GoneBy.LEAF_COALESCED, leaf_coalesce_of(life.past, last)


def _by_merge(kind: GoneBy, merge: Merge) -> Fate:
    if merge.into is None:
        return _unknown(*merge.evidence)
    return Fate(gone_by=kind, into=merge.into, evidence=merge.evidence)


def _by_removal(found: tuple[bool, Message]) -> Fate:
    is_sure, evidence = found
    return Fate(gone_by=GoneBy.DELETED, evidence=(evidence,)) if is_sure else _unknown(evidence)


def _temporary(last: Stage) -> Fate:
    if last.name.is_temporary:
        told = message("{name} is the storage manager's own, made in passing", name=last.lv.name)
    else:
        told = message("{name} only stood while extents were moved", name=last.lv.name)
    return Fate(gone_by=GoneBy.TEMPORARY, evidence=(told,))


def _unknown(*evidence: Message) -> Fate:
    return Fate(gone_by=GoneBy.UNKNOWN, evidence=evidence)


def _present(history: History) -> frozenset[str]:
    """Of the group itself, and of one that took its disk over with its LVs."""
    groups = [history, *(other.history for other in history.others)]
    return frozenset(
        lv.uuid
        for group in groups
        if group.current is not None and group.current.vg is not None
        for lv in group.current.vg.lvs
    )


def _followed(fate: Fate, found: Mapping[str, Fate], here: frozenset[str]) -> str | None:
    into = fate.into
    for _ in range(_MERGES_MAX):
        if into is None or into in here:
            return into
        into = found[into].into if into in found else None
    return None
