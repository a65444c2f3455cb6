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
    past = life.past
    uuid, since = last.lv.uuid, past.named_since(last)
    windows = past.journal("coalesce", last.vdi or "", since, relink.last)
    ancestors = life.family.ancestors(uuid, relink.first)
    written: tuple[str, ...] = ()
    if windows:
        found = dict.fromkeys(_written(past, max(windows[-1].first, since), windows[-1].last))
        written = tuple(one for one in found if one != uuid)
    if ancestors and written:
        # A relink that a crash cut short leaves a child's parent one generation higher than known.
        return next((one for one in ancestors if one in written), None)
    if ancestors:
        nearest = past.at(ancestors[0], relink.first)
        vdi = nearest.vdi if nearest is not None else None
        return ancestors[0] if vdi is not None and ("relink", vdi) not in past.journals else None
    return written[0] if len(written) == 1 else None


def _written(past: Past, first: int, last: int) -> Iterator[str]:
    """Disks that were read-only before or after and writable in some version of a range."""
    for position in range(first, min(last + 2, len(past.known))):
        for stage in past.begun.get(position, ()):
            before = past.before(stage)
            if before is None or stage.vdi is None or before.vdi != stage.vdi:
                continue
            if before.writable == stage.writable or past.named_since(stage) > first:
                continue  # a snapshot meanwhile makes its base copy read-only: renamed in the range
            open_one = before if before.writable else stage
            if open_one.first <= last and open_one.last >= first:
                yield stage.lv.uuid


def _gone(past: Past, gone: int) -> Message:
    return message("gone in version {n}", n=past.seqno(gone))


def _hidden(past: Past, last: int, gone: int) -> Message:
    return message(
        "too much is unknown between versions {first} and {last}",
        first=past.seqno(min(last, gone)),
        last=past.seqno(gone),
    )
