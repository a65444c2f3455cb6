"""A parent that may have been written after its child was lost: the child's content is then not sure.

The name and the uuid of such a parent stay, so that every checker calls the chain valid; only the
history shows it. "Was writable" is a suspicion, not a proof: it lowers to at-risk, never to damaged.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.lvm.version import History, Version
from lvtui.message import Message, message
from lvtui.rescue.family import Life, life_of
from lvtui.rescue.journals import Past, Stage

_JOURNALS = ("coalesce", "relink", "leaf")


def touched_since(history: History, parent_lv_uuid: str, after: Version) -> tuple[Message, ...]:
    """`touches` for one question about a history; for many, make its `Life` once."""
    return touches(life_of(history), parent_lv_uuid, after)


def touches(life: Life, parent_lv_uuid: str, after: Version) -> tuple[Message, ...]:
    """What was done to a parent, or to any ancestor of it, in the known versions after one.

    Args:
        life: of the group that the parent belongs to.
        parent_lv_uuid: the LV that the lost child's VHD names, as it was when the child was there.
        after: the last version that has the child.

    Returns:
        One sentence for each kind of touch of each ancestor; empty if none of them was touched.
    """
    position = life.past.position(after)
    ancestors = (parent_lv_uuid, *life.family.ancestors(parent_lv_uuid, position))
    return tuple(told for uuid in ancestors for told in _touches(life.past, uuid, position))


def _touches(past: Past, uuid: str, position: int) -> Iterator[Message]:
    then = past.at(uuid, position)
    since = [stage for stage in past.stages.get(uuid, ()) if stage.last > position]
    first: dict[str, Message] = {}
    before = then
    for stage in since:
        for kind, told in _changes(past, before, stage, position):
            first.setdefault(kind, told)
        before = stage
    yield from first.values()


def _changes(
    past: Past, before: Stage | None, stage: Stage, position: int
) -> Iterator[tuple[str, Message]]:
    start = max(stage.first, position + 1)
    where: dict[str, str | int] = {"name": stage.lv.name, "n": past.seqno(start)}
    if stage.writable:
        yield (
            "writable",
            message("its parent {name} was writable in version {n}, after the loss", **where),
        )
    if before is not None and before.lv.extent_count != stage.lv.extent_count:
        yield (
            "resized",
            message("its parent {name} was resized in version {n}, after the loss", **where),
        )
    if before is not None and before.lv.name != stage.lv.name:
        yield (
            "renamed",
            message(
                "its parent {old} was renamed to {name} in version {n}, after the loss",
                old=before.lv.name,
                **where,
            ),
        )
    for kind in _JOURNALS if stage.vdi is not None else ():
        for journal in past.journal(kind, stage.vdi or "", start, stage.last):
            yield (
                kind,
                message(
                    "{journal} stood in version {n}, after the loss: its parent {name} was being "
                    "merged",
                    journal=journal.lv.name,
                    name=stage.lv.name,
                    n=past.seqno(max(journal.first, start)),
                ),
            )
