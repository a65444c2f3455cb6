"""Whether an LV that nothing shows to be merged was deleted, or whether nobody can tell.

A leaf is removed under its own name only when it is deleted: a merge renames it first. A base copy can
go without a trace left in the version before: only an unbroken history proves that it was not merged.
"""

from __future__ import annotations

from lvtui.message import Message, message
from lvtui.rescue.family import Life
from lvtui.rescue.journals import Past, Stage


def removal(life: Life, last: Stage) -> tuple[bool, Message]:
    """Whether it is sure that the LV was deleted, and the sentence for it."""
    past, gone = life.past, last.last + 1
    if not past.unbroken(last.last, gone):
        return False, message(
            "versions between {first} and {last} are not known",
            first=past.seqno(last.last),
            last=past.seqno(gone),
        )
    return _disk(life, last) if last.is_disk else _other(past, last)


def _disk(life: Life, last: Stage) -> tuple[bool, Message]:
    past, gone, vdi = life.past, last.last + 1, last.vdi or ""
    if past.journal("leaf", vdi, last.last, last.last):
        return False, message(
            "it went while {name} was being merged into its parent", name=last.lv.name
        )
    if undone := _undone_snapshot(life, last):
        return True, undone
    if past.before(last) is None and past.unbroken(last.first - 1, last.first):
        return True, _as_it_was(past, gone)
    if not last.writable or past.journal("coalesce", vdi, last.last, last.last):
        return _base_copy(life, last)
    if past.unbroken(last.last - 1, last.last):
        return True, _as_it_was(past, gone)
    return False, message("the version before {n} is not known", n=past.seqno(last.last))


def _base_copy(life: Life, last: Stage) -> tuple[bool, Message]:
    past = life.past
    since, gone, vdi = past.named_since(last), last.last + 1, last.vdi or ""
    if past.unbroken(since - 1, gone):
        return True, _empty_leaf(life, last, since) or message(
            "a base copy, removed in version {n}; every version since it became one is known, and "
            "none merges it",
            n=past.seqno(gone),
        )
    # The collector removes base copies without children before it merges anything: one that stood
    # when a merge began had children then, so it was not one that waited to go after its own merge.
    for position in range(last.last, since, -1):
        if not past.unbroken(position - 1, gone):
            break
        for stage in past.begun.get(position, ()):
            if stage.name.journal in {"coalesce", "leaf"} and stage.name.vdi_uuid != vdi:
                return True, message(
                    "a base copy, removed in version {n}; it still had children in version {then}, "
                    "and nothing since merges it",
                    n=past.seqno(gone),
                    then=past.seqno(position),
                )
    return False, message(
        "a base copy, and the versions before {n} are not known: it may have been merged",
        n=past.seqno(max(since, 0)),
    )


def _undone_snapshot(life: Life, last: Stage) -> Message | None:
    """A child of a snapshot that a crash cut short and that was rolled back: it held nothing."""
    uuid = last.lv.uuid
    for one in life.family.snapshots_at(last.last):
        if one.base is None and any(child.lv.uuid == uuid for child in one.made):
            return message(
                "made and removed while {name} stood: a snapshot that was undone, it held nothing",
                name=one.journal.lv.name,
            )
    return None


def _empty_leaf(life: Life, last: Stage, since: int) -> Message | None:
    """A base copy that the snapshot itself dropped, because the leaf that it was held nothing."""
    for one in life.family.snapshots_at(since):
        at_once = last.last <= one.journal.last + 1
        if one.base is not None and one.base.lv.uuid == last.lv.uuid and at_once:
            return message(
                "a snapshot in version {n} made it a base copy and removed it at once: it held no "
                "data of its own",
                n=life.past.seqno(since),
            )
    return None


def _other(past: Past, last: Stage) -> tuple[bool, Message]:
    """No disk of an SR: an LV of any other group, or the storage manager's own."""
    before, after = past.known[last.last].vg, past.known[last.last + 1].vg
    pvs = {pv.uuid for pv in before.pvs} if before is not None else set()
    if after is None or not pvs <= {pv.uuid for pv in after.pvs}:
        return False, message(
            "the group lost PVs in version {n} as well: it may live on in another group",
            n=past.seqno(last.last + 1),
        )
    return True, _as_it_was(past, last.last + 1)


def _as_it_was(past: Past, gone: int) -> Message:
    return message("removed in version {n} under its own name", n=past.seqno(gone))
