"""Model → LVM's own on-disk syntax, byte for byte as the release wrote it that the text names.

The form in the ring: no indentation, VG first, then the trailer; a NUL (not written here) ends it.
Where a blank line stands and how a list is broken is told by keys, as in lvm2's
`lib/format_text/export.c` and the `text_export` of each segment type (2.02.84 to 2.03.38).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lvtui.lvm.model import (
    LogicalVolume,
    PhysicalVolume,
    Scalar,
    Section,
    Statement,
    Value,
    VolumeGroup,
    Word,
)
from lvtui.lvm.tokens import quote, show_number

_NOT_ESCAPED = frozenset({"creation_host", "creation_host_system_id"})
_AREAS = frozenset({"stripes", "mirrors", "raids", "raid0_lvs"})
_ALWAYS_WRITTEN = frozenset({"start_extent", "extent_count", "type", "tags"})
_KNOWN_TYPES = re.compile(
    r"striped|mirror|snapshot|error|zero|free|thin(-pool)?|cache(-pool)?|vdo(-pool)?"
    r"|writecache|integrity|raid[0-9]+[a-z_0-9]*"
)
_VERSION = re.compile(r"LVM2 version (\d+)\.(\d+)\.(\d+)")
_LINEAR_COMMENT_BEFORE = (2, 2, 108)
_HISTORICAL_SINCE = (2, 2, 145)
_HISTORICAL = "historical_logical_volumes"

Children = Iterable[Statement | Section]

_VOLUMES: dict[tuple[int, bool], tuple[LogicalVolume, str]] = {}
"""By the identity of an LV, which is kept alive beside it: its hash is that of all it holds."""
_KEPT_MAX = 4096
_KEPT_CHARS_MAX = 4096


def _scalar(value: Scalar, *, escape: bool = True) -> str:
    if isinstance(value, Word):
        return value
    if isinstance(value, str):
        return quote(value, escape=escape)
    return show_number(value)


def _value(value: Value, *, escape: bool = True) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    return _scalar(value, escape=escape)


def _statement(statement: Statement) -> str:
    escape = statement.key not in _NOT_ESCAPED
    return f"{statement.key} = {_value(statement.value, escape=escape)}"


def _block(name: str, inner: Iterable[str]) -> Iterator[str]:
    yield f"{name} {{\n"
    yield from inner
    yield "}\n"


def _lines(children: Children, *, after: frozenset[str] = frozenset()) -> Iterator[str]:
    """A statement a line; a blank line after some keys."""
    for child in children:
        if isinstance(child, Section):
            yield from _block(child.name, _lines(child.children))
        else:
            yield f"{_statement(child)}\n\n" if child.key in after else f"{_statement(child)}\n"


def _compact(children: Children, indent: str = "") -> Iterator[str]:
    """As LVM passes on what it does not know: by its configuration library, tabs and no blanks."""
    for child in children:
        if isinstance(child, Section):
            yield f"{indent}{child.name} {{\n"
            yield from _compact(child.children, indent + "\t")
            yield f"{indent}}}\n"
        elif isinstance(child.value, tuple):
            yield f"{indent}{child.key}=[{','.join(map(_scalar, child.value))}]\n"
        else:
            yield f"{indent}{child.key}={_scalar(child.value)}\n"


def _areas(key: str, areas: tuple[Scalar, ...], count: Value | None) -> Iterator[str]:
    """One area a line: a pair, but for raid images without a metadata LV."""
    step = 1 if count == len(areas) else 2
    yield f"\n{key} = [\n"
    for start in range(0, len(areas), step):
        comma = "," if start + step < len(areas) else ""
        yield f"{', '.join(map(_scalar, areas[start : start + step]))}{comma}\n"
    yield "]\n"


def _segment(section: Section, *, linear_comment: bool) -> Iterator[str]:
    kind = section.get("type")
    known = isinstance(kind, str) and _KNOWN_TYPES.fullmatch(kind.partition("+")[0]) is not None
    count = section.get("device_count") or section.get("stripe_count")
    for child in section.children:
        if isinstance(child, Section):
            if child.name == "message1":
                yield "\n"
            if child.name.startswith("message"):
                yield from _block(child.name, _lines(child.children))
            else:
                yield from _compact([child])
        elif not known and child.key not in _ALWAYS_WRITTEN:
            yield from _compact([child])
        elif child.key in _AREAS and isinstance(child.value, tuple):
            yield from _areas(child.key, child.value, count)
        else:
            linear = linear_comment and child.key == "stripe_count" and child.value == 1
            yield f"{_statement(child)}\t# linear\n" if linear else f"{_statement(child)}\n"
            if child.key in {"extent_count", "virtual_extents"}:
                yield "\n"


def _lv(section: Section, *, linear_comment: bool) -> Iterator[str]:
    for child in section.children:
        if isinstance(child, Section):
            yield from _block(child.name, _segment(child, linear_comment=linear_comment))
        else:
            yield from _lines([child], after=frozenset({"segment_count"}))


def render_volume(lv: LogicalVolume, *, linear_comment: bool = False) -> str:
    """One LV's block, as it stands in the ring; the same LV is asked for again and again."""
    key = id(lv), linear_comment
    known = _VOLUMES.get(key)
    if known is not None:
        return known[1]
    text = "".join(_block(lv.name, _lv(lv.section, linear_comment=linear_comment)))
    if len(text) <= _KEPT_CHARS_MAX:
        if len(_VOLUMES) >= _KEPT_MAX:
            _VOLUMES.clear()
        _VOLUMES[key] = lv, text
    return text


def render_pv(pv: PhysicalVolume) -> str:
    """One PV's block, as it stands in the ring."""
    return "".join(_block(pv.name, _lines(pv.section.children, after=frozenset({"device"}))))


def has_linear_comment(vg: VolumeGroup) -> bool:
    """Whether the release that wrote the text says `# linear` behind a stripe_count of 1."""
    return _release(vg) < _LINEAR_COMMENT_BEFORE


def render_trailer(vg: VolumeGroup) -> str:
    """What stands behind the VG's block."""
    return "".join(_trailer(vg))


def _group_line(child: Statement | Section) -> Iterator[str]:
    if isinstance(child, Statement) and child.key == "allocation_policy":
        yield "\n"
    if isinstance(child, Statement) and child.key == "pr" and isinstance(child.value, tuple):
        yield f"pr = [ {', '.join(map(_scalar, child.value))} ]\n"
    else:
        yield from _lines([child])


def _trailer(vg: VolumeGroup) -> Iterator[str]:
    if vg.generated_by is not None:
        yield f"# Generated by {vg.generated_by}\n\n"
    for statement in vg.trailer:
        yield _statement(statement)
        if statement.key == "creation_host" and vg.host_comment is not None:
            yield f"\t# {vg.host_comment}"
        elif statement.key == "creation_time" and vg.time_comment is not None:
            yield f"\t# {vg.time_comment}"
        yield "\n\n" if statement.key in {"version", "description", "creation_time"} else "\n"


def _release(vg: VolumeGroup) -> tuple[int, ...]:
    release = _VERSION.match(vg.generated_by or "")
    return tuple(int(part[:9]) for part in release.groups()) if release else _HISTORICAL_SINCE


def _group(vg: VolumeGroup) -> Iterator[str]:
    release = _release(vg)
    linear_comment = release < _LINEAR_COMMENT_BEFORE
    historical = [section for section in vg.section.sections() if section.name == _HISTORICAL]
    for child in vg.section.children:
        if child not in historical:
            yield from _group_line(child)
    yield "\nphysical_volumes {\n"
    for pv in vg.pvs:
        yield "\n"
        yield render_pv(pv)
    yield "}\n\n"
    if vg.lvs:
        yield "logical_volumes {\n"
        for lv in vg.lvs:
            yield "\n"
            yield render_volume(lv, linear_comment=linear_comment)
        yield "}\n"
    if release >= _HISTORICAL_SINCE:
        yield "\n"
    for section in historical:
        yield f"{section.name} {{\n"
        for child in section.children:
            yield "\n"
            yield from _lines([child])
        yield "}\n"


def render(vg: VolumeGroup) -> bytes:
    """LVM's own on-disk syntax (ring form: no indentation, VG first, then the trailer)."""
    text = "".join((*_block(vg.name, _group(vg)), *_trailer(vg)))
    return text.encode("utf-8", "surrogateescape")
