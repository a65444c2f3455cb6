"""One version in full: where it lies, what changed field by field, its text."""

from __future__ import annotations

from collections.abc import Iterable

from lvtui.errors import LvtuiError
from lvtui.flow.discover import find_lost
from lvtui.flow.judging import LostReport
from lvtui.lvm.diff import Change
from lvtui.lvm.history import Version, diff
from lvtui.safe import SafeStr, safe, safe_lines
from lvtui.ui.shown import seqno, when
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.text import EMPTY, Row, bold, bolded, row, say, wrapped

TEXT_LINES_MAX = 20_000
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def version_rows(version: Version, older: Version | None) -> tuple[Row, ...]:
    """Places, changes against the older neighbour, the text line by line."""
    lines: list[Row] = [row(say(" Version {n}, id {id}", n=seqno(version), id=version.id))]
    lines += [
        row(
            say(
                " On device {device} at byte {offset:count}, {length:count} bytes, {state}",
                device=copy.device,
                offset=copy.offset_bytes,
                length=copy.length_bytes,
                state=copy.state.value,
            )
        )
        for copy in version.copies
    ]
    index = version.copies[0].index
    if version.reason is not None:
        reason = say("[!] Not trusted: {why}", why=str(version.reason))
        lines += [bolded(line) for line in wrapped(reason, 78)]
    lines.append(
        row(
            say(
                " Written {when} by {host}",
                when=when(version.creation_time),
                host=index.creation_host or "?",
            )
        )
    )
    if index.description:
        lines.append(row(say(" LVM says: {text}", text=index.description)))
    if older is not None:
        lines += change_rows(older, version)
    lines += [EMPTY, row(SafeStr(" "), bold(say("Text")))]
    text = safe_lines(version.copies[0].text, limit_lines=TEXT_LINES_MAX)
    lines += [row(SafeStr(" "), line) for line in text]
    return tuple(lines)


def change_rows(older: Version, version: Version) -> list[Row]:
    """Every difference, field by field."""
    if older.vg is None or version.vg is None:
        return []
    changes = diff(older.vg, version.vg)
    prefix = "logical_volumes/"
    touched = {c.path.split("/")[1] for c in changes if c.path.startswith(prefix)}
    lines: list[Row] = [
        EMPTY,
        row(SafeStr(" "), bold(say("{a} -> {b}", a=seqno(older), b=seqno(version)))),
    ]
    lines += change_lines(changes)
    same = sum(1 for lv in version.vg.lvs if lv.name not in touched)
    lines.append(row(say("   {n:count} volumes unchanged", n=same)))
    return lines


def change_lines(changes: Iterable[Change]) -> list[Row]:
    """Each difference with what stood there before and after."""
    lines: list[Row] = []
    for change in changes:
        lines.append(row(say(" {sign} {path}", sign=_SIGNS.get(change.op, "?"), path=change.path)))
        if change.op == "changed":
            before, after = safe(change.before or "-"), safe(change.after or "-")
            lines.append(row(say("     {before} -> {after}", before=before, after=after)))
    return lines


def reports_at(walk: Walk, version: Version) -> tuple[LostReport, ...]:
    """The lost volumes, those that the chosen version holds first and as it has them."""
    discovery = walk.discovery
    if discovery is None or version.vg is None:
        return walk.reports
    held = {lv.uuid for lv in version.vg.lvs}
    mine, rest = [], []
    for report in discovery.lost:
        if report.lost.lv.uuid not in held:
            rest.append(report)
        elif report.lost.last_seen.id == version.id or report.lost.lv is version.vg.lv(
            report.lost.lv.uuid
        ):
            mine.append(report)
        else:
            try:
                mine.append(find_lost(discovery, report.lost.lv.uuid, at=version.id))
            except LvtuiError:  # the version's own entry cannot be judged: the newest one stays
                mine.append(report)
    return (*mine, *rest)
