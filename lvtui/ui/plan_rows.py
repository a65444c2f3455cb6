"""Rows of the Plan page: the three ways, and the lines of the one that is chosen. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lvtui.message import Message
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import short_name, size
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.text import Row, bold, columns, fit, row, say

WAYS = ("a", "b", "c")
TITLES = {
    "a": "copy by extents, LVM is not touched",
    "b": "restore the LVM entry",
    "c": "in place, under its own name",
}


def way_row(way: str, chosen: str, closed: Mapping[str, Message] | None, width: int) -> Row:
    """`(*) A  copy by extents ...  recommended`; a closed way has a dash and its reason."""
    why = closed.get(way) if closed is not None else None
    mark = "-" if why is not None else "(*)" if way == chosen else "( )"
    head = say("{mark} {way}  ", mark=fit(say(mark), 3), way=way.upper())
    title = say(TITLES[way])
    if way == "a":
        return row(head, bold(title), say("          recommended"))
    if closed is None:
        return row(head, title)
    if why is None:
        return row(head, title, say("          writes to the disk"))
    reason = say("{title}: closed. {why}", title=title, why=str(why))
    return row(head, fit(reason, min(len(reason), width - len(head) - 4)))


def _numbered(lines: list[tuple[SafeStr, str, str]]) -> tuple[Row, ...]:
    return tuple(
        row(say(" "), columns((safe(str(n)), 2), (words, 53), (say(changes), 12), (say(undo), 6)))
        for n, (words, changes, undo) in enumerate(lines, start=1)
    )


def way_a_rows(walk: Walk) -> tuple[Row, ...]:
    """Read, write an image, read it back."""
    lines = [
        (
            say(
                "read {name}, {size}, pieces: {n:count}",
                name=short_name(report.lost.lv.name),
                size=size(report.size_bytes),
                n=len(report.ranges),
            ),
            "nothing",
            "-",
        )
        for report in walk.marked
    ]
    lines += [
        (
            say("write up to {size} where the Copy page says", size=size(walk.need_bytes)),
            "destination",
            "delete",
        ),
        (say("read the image back from the disk, compare SHA-256"), "nothing", "-"),
        (say("give the image its final name"), "destination", "delete"),
    ]
    return _numbered(lines)


def way_bc_rows(walk: Walk, way: str) -> tuple[Row, ...]:
    """What such a plan does, before it is made for this disk."""
    names = ", ".join(short_name(report.lost.lv.name) for report in walk.marked[:2])
    lines = [
        (say("save labels, metadata areas, first and last extents"), "case folder", "-"),
        (say("rehearse: vgcfgrestore --test with the new text"), "nothing", "-"),
        (say("vgcfgrestore: {names} back in the present text", names=names), "THE DISK", "F7"),
        (say("read every metadata area back, compare"), "nothing", "-"),
        (say("activate it, check what is in it"), "kernel only", "yes"),
    ]
    if way == "c":
        lines.append((say("un-hide it, give it its own name, scan the SR"), "THE DISK", "F7"))
    more = row(say(" Enter shows the exact plan for this disk, with its token. Nothing runs."))
    return (*_numbered(lines), more)
