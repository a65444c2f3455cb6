"""Lost LVs grafted into the current committed text: the only place that makes text for vgcfgrestore.

LVM checks little of what it is given (facts: 2.02.84 to 2.03.16): a second LV of one name silently
replaces the first, another pe_start or extent_size maps every LV to wrong bytes, both with exit code 0.
So everything is checked here, and refused with the sentence why. The current text keeps its bytes;
a grafted block is made anew from few known keys, never from carved text. Rules: `merge_rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lvtui.errors import FormatError
from lvtui.lvm.build import build_lv, build_segment
from lvtui.lvm.merge_rules import (
    Conflict,
    graft_conflicts,
    group_conflicts,
    name_taken,
    not_as_meant,
    too_long,
)
from lvtui.lvm.model import LogicalVolume, Section, Segment, Statement, VolumeGroup
from lvtui.lvm.render import render
from lvtui.lvm.text import TextParser

__all__ = ["Conflict", "Graft", "Merged", "Naming", "merge", "rename"]

_STATUS_KEPT = ("READ", "WRITE", "VISIBLE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graft:
    """A lost LV and how it comes back."""

    lv: LogicalVolume
    origin: VolumeGroup
    """The version that it is taken from."""
    name: str
    """Under which it comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """A new name, and the tags that go with it."""

    lv_uuid: str
    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A text for vgcfgrestore, or why there is none."""

    vg: VolumeGroup | None
    """What the text says; None where anything conflicts."""
    text: bytes
    conflicts: tuple[Conflict, ...]


def merge(
    current: VolumeGroup,
    current_text: bytes,
    grafts: Sequence[Graft],
    *,
    text_bytes_max: int | None = None,
) -> Merged:
    """Graft LVs into the current text.

    Args:
        current: the committed version.
        current_text: its bytes as they stand in the ring.
        grafts: what to bring back; all or none.
        text_bytes_max: the longest text that every metadata area of the group holds.
    """
    volumes = [(graft.lv, graft.origin, graft.name) for graft in grafts]
    conflicts = [
        *group_conflicts(current, render(current), current_text),
        *graft_conflicts(current, volumes),
    ]
    if conflicts:
        return Merged(vg=None, text=b"", conflicts=tuple(conflicts))
    local = {pv.uuid: pv.name for pv in current.pvs}
    new = tuple(_grafted(graft, local) for graft in grafts)
    return _checked(replace(current, lvs=current.lvs + new), text_bytes_max)


def rename(
    current: VolumeGroup, namings: Sequence[Naming], *, text_bytes_max: int | None = None
) -> Merged:
    """The same group with LVs of other names: how restored volumes get their final ones."""
    wanted = {naming.lv_uuid: naming for naming in namings}
    others = {lv.name for lv in current.lvs if lv.uuid not in wanted}
    conflicts = [name_taken(naming.name) for naming in namings if naming.name in others]
    if conflicts:
        return Merged(vg=None, text=b"", conflicts=tuple(conflicts))
    lvs = tuple(_named(lv, wanted[lv.uuid]) if lv.uuid in wanted else lv for lv in current.lvs)
    return _checked(replace(current, lvs=lvs), text_bytes_max)


def _named(lv: LogicalVolume, naming: Naming) -> LogicalVolume:
    children = [
        child
        for child in lv.section.children
        if not (isinstance(child, Statement) and child.key == "tags")
    ]
    if naming.tags:
        after = next(
            (at for at, child in enumerate(children, 1) if _is_key(child, "flags")), len(children)
        )
        children.insert(after, Statement("tags", naming.tags))
    return build_lv(Section(naming.name, tuple(children)), lv.segments)


def _is_key(child: Statement | Section, key: str) -> bool:
    return isinstance(child, Statement) and child.key == key


def _grafted(graft: Graft, local: Mapping[str, str]) -> LogicalVolume:
    """The LV's block from known keys alone: no tag, no flag, no profile, no device number."""
    lv = graft.lv
    pvs = {pv.name: local[pv.uuid] for pv in graft.origin.pvs if pv.uuid in local}
    segments = tuple(
        _segment(segment, number, pvs) for number, segment in enumerate(lv.segments, 1)
    )
    statements: list[Statement | Section] = [
        Statement("id", lv.uuid),
        Statement("status", tuple(word for word in _STATUS_KEPT if word in lv.status)),
        Statement("flags", ()),
    ]
    host = lv.creation_host
    if lv.creation_time is not None and host is not None and host.isascii() and host.isprintable():
        statements += [
            Statement("creation_time", lv.creation_time),
            Statement("creation_host", host),
        ]
    statements.append(Statement("segment_count", len(segments)))
    section = Section(graft.name, (*statements, *(segment.section for segment in segments)))
    return build_lv(section, segments)


def _segment(segment: Segment, number: int, pvs: Mapping[str, str]) -> Segment:
    (stripe,) = segment.stripes
    return build_segment(
        Section(
            f"segment{number}",
            (
                Statement("start_extent", segment.start_extent),
                Statement("extent_count", segment.extent_count),
                Statement("type", "striped"),
                Statement("stripe_count", 1),
                Statement("stripes", (pvs[stripe.pv_name], stripe.start_extent)),
            ),
        )
    )


def _checked(vg: VolumeGroup, text_bytes_max: int | None) -> Merged:
    """The text, if it says to a parser exactly what was meant and fits into every area."""
    text = render(vg)
    if text_bytes_max is not None and len(text) + 1 > text_bytes_max:
        told = too_long(vg, len(text) + 1, text_bytes_max)
        return Merged(vg=None, text=b"", conflicts=(told,))
    try:
        read = TextParser().parse(text)
    except FormatError as error:
        told = not_as_meant(vg, str(error))
        return Merged(vg=None, text=b"", conflicts=(told,))
    if read.problems or read.lvs != vg.lvs or read.section != vg.section or read.pvs != vg.pvs:
        told = not_as_meant(vg, "; ".join(map(str, read.problems)) or "-")
        return Merged(vg=None, text=b"", conflicts=(told,))
    return Merged(vg=read, text=text, conflicts=())
