"""The two merges of the collector, each known by the journals and flips that it leaves.

coalesce of X into P: `coalesce_X`, P writable for a while, then `relink_X` once all data has moved,
then X goes. leaf-coalesce of V into P: under `leaf_V` V's LV becomes `VHD-OLD_V`, P takes V's name, then
`VHD-OLD_V` goes. Only `relink_X` proves a coalesce: `coalesce_X` also stays behind a failed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.message import Message, message
from lvtui.rescue.family import Life
from lvtui.rescue.journals import Past, Stage
from lvtui.xen.names import VolumeRole

_MISSING_MAX = 4
"""Fewer versions than a second operation needs that could explain the same beginning and end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge that took place; `into` is None where the texts do not tell the other LV."""

    into: str | None
    evidence: tuple[Message, ...]


def coalesce_of(life: Life, last: Stage) -> Merge | None:
    """The coalesce by which a base copy went; None if nothing shows one."""
    past = life.past
    vdi, gone, since = last.vdi, last.last + 1, past.named_since(last)
    relinks = past.journal("relink", vdi, since, last.last) if vdi else ()
    if vdi is None or not relinks:
        return None
    relink = relinks[-1]
    missing = past.missing(min(relink.last, last.last), gone)
    told = message(
        "version {n} holds {journal}: its data had been moved into its parent, the children were "
        "being relinked",
        n=past.seqno(max(relink.first, since)),
        journal=relink.lv.name,
    )
    if missing is None or missing > _MISSING_MAX:
        return Merge(into=None, evidence=(told, _hidden(past, relink.last, gone)))
    into = _parent(life, last, relink)
    if into is None:
        told_not = message("which volume it was merged into, no known version tells")
        return Merge(into=None, evidence=(told, told_not))
    target = past.at(into, gone) or past.stages[into][-1]
    return Merge(
        into=into,
        evidence=(
            told,
            message("merged into LV {uuid}, {name}", uuid=into, name=target.lv.name),
            _gone(past, gone),
        ),
    )


def leaf_coalesce_of(past: Past, last: Stage) -> Merge | None:
    """The leaf-coalesce by which a disk's LV went; None if nothing shows one."""
    vdi, gone = last.name.vdi_uuid, last.last + 1
    if vdi is None:
        return None
    if last.name.role is VolumeRole.OLD:
        since = past.named_since(last)
        heir = _heir(past, last, since)
    elif past.journal("leaf", vdi, last.last, last.last) and not past.unbroken(last.last, gone):
        missing = past.missing(last.last, gone)
        if missing is None or missing > 2 * _MISSING_MAX:
            return None
        since = last.last
        heir = next((s for s in past.disks.get(vdi, ()) if s.first == gone), None)
        heir = heir if heir is not None and _had_other_name(past, heir) else None
        if heir is None:
            return None
    else:
        return None
    told = message(
        "in version {n} the collector was merging the disk {vdi} into its parent",
        n=past.seqno(since),
        vdi=vdi,
    )
    if heir is None or not _finished(past, heir, vdi, last.last):
        told_not = message("which volume took its place, no known version tells")
        return Merge(into=None, evidence=(told, told_not))
    return Merge(
        into=heir.lv.uuid,
        evidence=(
            told,
            message(
                "from version {n} on LV {uuid} bears its name, {name}",
                n=past.seqno(heir.first),
                uuid=heir.lv.uuid,
                name=heir.lv.name,
            ),
            _gone(past, gone),
        ),
    )


def _heir(past: Past, last: Stage, since: int) -> Stage | None:
    """The LV that took the name while the old one was called `OLD_`."""
    vdi, gone = last.name.vdi_uuid or "", last.last + 1
    for stage in past.disks.get(vdi, ()):
        if since <= stage.first <= gone and since > 0 and _had_other_name(past, stage):
            return stage
        is_there = stage.last >= since and stage.first <= last.last
        if is_there and past.journal(
            "leaf", vdi, max(stage.first, since), min(stage.last, last.last)
        ):
            return stage
    return None


def _had_other_name(past: Past, stage: Stage) -> bool:
    before = past.before(stage)
    return before is not None and before.vdi is not None and before.vdi != stage.vdi


def _finished(past: Past, heir: Stage, vdi: str, last: int) -> bool:
    """Whether the merge cannot have been undone between: while `leaf_` stands, a crash undoes it."""
    if past.unbroken(last, last + 1):
        return True
    return any(
        heir.covers(position) and not past.journal("leaf", vdi, position, position)
        for position in (last, last + 1)
    )


def _parent(life: Life, last: Stage, relink: Stage) -> str | None:
    """The LV that a coalesce wrote to: by its permission, and by the family as far as it is known."""
    past, since = life.past, life.past.named_since(last)
    windows = past.journal("coalesce", last.vdi or "", since, relink.last)
    window = windows[-1] if windows else None
    written = tuple(dict.fromkeys(_written(life, window))) if window is not None else ()
    ancestors = life.family.ancestors(last.lv.uuid, relink.first)
    if not ancestors:
        return written[0] if len(written) == 1 else None
    if ancestors[0] in written:
        return ancestors[0]
    nearest = past.at(ancestors[0], relink.first)
    if nearest is None:
        return None
    was_relinked = ("relink", nearest.vdi or "") in past.journals
    if window is None or not past.unbroken(window.first - 1, window.last + 1):
        return None if was_relinked else ancestors[0]
    if was_relinked:
        # A crash cut that relink short: the children have its parent, and it is still there.
        higher = [one for one in ancestors[1:] if one in written]
        return higher[0] if len(higher) == 1 else None
    before = past.at(ancestors[0], window.first)
    is_open = before is not None and before.writable  # a crash in an earlier merge left it so
    return ancestors[0] if is_open else None


def _written(life: Life, window: Stage) -> Iterator[str]:
    """Disks whose permission changed while a `coalesce_` journal stood: its target, as a rule."""
    past = life.past
    for position in range(window.first + 1, window.last + 1):
        if life.family.snapshots_at(position):
            continue  # other calls go on meanwhile: a snapshot changes its base copy's permission
        for stage in past.begun.get(position, ()):
            before = past.before(stage)
            if before is None or stage.vdi is None or before.vdi != stage.vdi:
                continue
            if before.writable and past.named_since(stage) >= window.first:
                continue  # the same, with the snapshot's journal in a version that is missing
            if before.writable != stage.writable:
                yield stage.lv.uuid


def _gone(past: Past, gone: int) -> Message:
    return message("gone in version {n}", n=past.seqno(gone))


def _hidden(past: Past, last: int, gone: int) -> Message:
    return message(
        "too much is unknown between versions {first} and {last}",
        first=past.seqno(min(last, gone)),
        last=past.seqno(gone),
    )
