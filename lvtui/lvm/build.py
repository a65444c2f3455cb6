"""From a section's statements to the model's values: which key means what, and what contradicts.

What cannot be represented is refused (`FieldError`); what can be, but contradicts itself, is recorded
in `problems`: a later judgement calls such a text suspect. Keys: lvm2 `lib/format_text/import_vsn1.c`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lvtui.lvm.model import (
    LogicalVolume,
    PhysicalVolume,
    Section,
    Segment,
    Statement,
    StripeArea,
    Value,
)
from lvtui.message import Message, message

Fields = dict[str, Value]

_SEGMENT_NAME = re.compile(r"segment[0-9]+")
_UUID = re.compile(r"[A-Za-z0-9]{6}(?:-[A-Za-z0-9]{4}){5}-[A-Za-z0-9]{6}")
_NAME = re.compile(r"(?!-)(?!\.{1,2}\Z)[A-Za-z0-9_.+-]{1,127}")


class FieldError(Exception):
    """A statement is absent or holds what cannot be represented."""

    def __init__(self, section: str, key: str, expected: str, found: str) -> None:
        super().__init__(key)
        self.section = section
        self.key = key
        self.expected = expected
        self.found = found


def fields_of(section: Section) -> Fields:
    """The section's own values by key; the last one wins, as in LVM."""
    return {child.key: child.value for child in section.children if isinstance(child, Statement)}


def need_int(section: Section, fields: Fields, key: str, *, minimum: int = 0) -> int:
    """A number that must be there."""
    value = fields.get(key)
    if isinstance(value, int) and value >= minimum:
        return value
    expected = f"a number from {minimum}" if isinstance(value, int) else "a number"
    raise FieldError(section.name, key, expected, _shown(value))


def find_int(section: Section, fields: Fields, key: str) -> int | None:
    """A number from 0 that may be absent."""
    return need_int(section, fields, key) if key in fields else None


def need_str(section: Section, fields: Fields, key: str) -> str:
    """A string that must be there."""
    value = fields.get(key)
    if isinstance(value, str):
        return value
    raise FieldError(section.name, key, "a string", _shown(value))


def find_str(fields: Fields, key: str) -> str | None:
    """A string that may be absent; None for another kind of value too."""
    value = fields.get(key)
    return value if isinstance(value, str) else None


def find_strings(section: Section, fields: Fields, key: str) -> tuple[str, ...]:
    """A list of strings that may be absent."""
    value = fields.get(key)
    if value is None or value == ():
        return ()
    items = value if isinstance(value, tuple) else (value,)
    strings = [item for item in items if isinstance(item, str)]
    if len(strings) != len(items):
        raise FieldError(section.name, key, "a list of strings", _shown(value))
    return tuple(strings)


def _shown(value: Value | None) -> str:
    return "nothing" if value is None else str(value)[:64]


def identity_problems(kind: str, name: str, uuid: str) -> list[Message]:
    """What is wrong with a name and a uuid: either is all that a command will be given."""
    problems = []
    if not _NAME.fullmatch(name):
        problems.append(
            message("the name of {kind} {name} is none that LVM allows", kind=kind, name=name)
        )
    if not uuid:
        problems.append(message("{kind} {name} has no id", kind=kind, name=name))
    elif not _UUID.fullmatch(uuid):
        problems.append(
            message("the id of {kind} {name} is no LVM id: {uuid}", kind=kind, name=name, uuid=uuid)
        )
    return problems


def build_pv(section: Section) -> PhysicalVolume:
    """A physical volume."""
    fields = fields_of(section)
    uuid = find_str(fields, "id") or ""
    return PhysicalVolume(
        name=section.name,
        uuid=uuid,
        device_hint=find_str(fields, "device"),
        status=find_strings(section, fields, "status"),
        flags=find_strings(section, fields, "flags"),
        tags=find_strings(section, fields, "tags"),
        dev_size_sectors=find_int(section, fields, "dev_size"),
        pe_start_sectors=need_int(section, fields, "pe_start"),
        pe_count=need_int(section, fields, "pe_count"),
        section=section,
        problems=tuple(identity_problems("PV", section.name, uuid)),
    )


@dataclass(frozen=True, slots=True)
class _Stripes:
    areas: tuple[StripeArea, ...]
    problems: tuple[Message, ...]


def _stripes(section: Section, fields: Fields, extent_count: int) -> _Stripes:
    value = fields.get("stripes", ())
    items = value if isinstance(value, tuple) else (value,)
    areas = []
    for name, start in zip(items[::2], items[1::2], strict=False):
        if isinstance(start, int) and start < 0:
            raise FieldError(section.name, "stripes", "a number from 0", str(start))
        if isinstance(name, str) and isinstance(start, int):
            areas.append(StripeArea(name, start))
    count = fields.get("stripe_count")
    if len(areas) * 2 != len(items) or not areas or count != len(areas):
        told = message("{segment}: stripe_count and stripes disagree", segment=section.name)
        return _Stripes((), (told,))
    if extent_count % len(areas):
        told = message(
            "{segment}: its extents cannot be shared by its stripes", segment=section.name
        )
        return _Stripes((), (told,))
    if len(areas) > 1 and not find_int(section, fields, "stripe_size"):
        return _Stripes((), (message("{segment} has no stripe_size", segment=section.name),))
    return _Stripes(tuple(areas), ())


def build_segment(section: Section) -> Segment:
    """A segment of any type; only `striped` gets its stripes."""
    fields = fields_of(section)
    extent_count = need_int(section, fields, "extent_count", minimum=1)
    kind = need_str(section, fields, "type")
    stripes = _stripes(section, fields, extent_count) if kind == "striped" else _Stripes((), ())
    return Segment(
        start_extent=need_int(section, fields, "start_extent"),
        extent_count=extent_count,
        type=kind,
        stripe_size_sectors=find_int(section, fields, "stripe_size"),
        stripes=stripes.areas,
        section=section,
        problems=stripes.problems,
    )


def is_segment(name: str) -> bool:
    """Whether a block of an LV is one of its segments."""
    return _SEGMENT_NAME.fullmatch(name) is not None


def build_lv(section: Section, segments: tuple[Segment, ...]) -> LogicalVolume:
    """A logical volume of the segments that were built from its sections."""
    fields = fields_of(section)
    name = section.name
    uuid = find_str(fields, "id") or ""
    problems = identity_problems("LV", name, uuid)
    if fields.get("segment_count") != len(segments):
        problems.append(message("segment_count and the segments of LV {name} disagree", name=name))
    expected = 0
    for segment in segments:
        problems.extend(segment.problems)
        if segment.start_extent != expected:
            problems.append(
                message(
                    "{segment} of LV {name} starts at extent {found:count}, {expected:count} is due",
                    segment=segment.section.name,
                    name=name,
                    found=segment.start_extent,
                    expected=expected,
                )
            )
        expected = segment.start_extent + segment.extent_count
    return LogicalVolume(
        name=name,
        uuid=uuid,
        status=find_strings(section, fields, "status"),
        flags=find_strings(section, fields, "flags"),
        tags=find_strings(section, fields, "tags"),
        creation_time=find_int(section, fields, "creation_time"),
        creation_host=find_str(fields, "creation_host"),
        segments=segments,
        section=section,
        problems=tuple(problems),
    )
