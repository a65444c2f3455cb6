"""A volume group put together: its head, which versions share, and what each version adds."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from lvtui.lvm.build import (
    fields_of,
    find_str,
    find_strings,
    identity_problems,
    need_int,
    need_str,
)
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, Section, Statement, VolumeGroup
from lvtui.lvm.trailer import Trailer
from lvtui.message import Message, message

_NAME, _UUID, _PROBLEMS = attrgetter("name"), attrgetter("uuid"), attrgetter("problems")
SEQNO_AT = 1
"""The seqno is masked only where it is the second statement, behind the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VgHead:
    """A VG without its LVs; shared by all versions that differ in seqno and LVs only."""

    section: Section
    seqno_masked: bool
    seqno: int
    """0 where it is masked."""
    name: str
    uuid: str
    extent_size_sectors: int
    status: tuple[str, ...]
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    system_id: str | None
    pvs: tuple[PhysicalVolume, ...]
    problems: tuple[Message, ...]


def duplicate_problems(kind: str, names: list[str], uuids: list[str]) -> tuple[Message, ...]:
    """Names and ids that stand twice; the text keeps both, whoever plans with them must refuse."""
    problems = []
    for what, values in (("name", names), ("id", [uuid for uuid in uuids if uuid])):
        seen: set[str] = set()
        for value in values:
            if value in seen:
                problems.append(
                    message(
                        "two {kind}s have the {what} {value}", kind=kind, what=what, value=value
                    )
                )
            seen.add(value)
    return tuple(problems)


def build_head(section: Section, pvs: tuple[PhysicalVolume, ...], *, seqno_masked: bool) -> VgHead:
    """The head of a VG; id, seqno and extent_size must be there."""
    fields = fields_of(section)
    uuid = need_str(section, fields, "id")
    names = [pv.name for pv in pvs]
    problems = [
        *identity_problems("VG", section.name, uuid),
        *duplicate_problems("PV", names, [pv.uuid for pv in pvs]),
    ]
    for pv in pvs:
        problems.extend(pv.problems)
    return VgHead(
        section=section,
        seqno_masked=seqno_masked,
        seqno=need_int(section, fields, "seqno"),
        name=section.name,
        uuid=uuid,
        extent_size_sectors=need_int(section, fields, "extent_size", minimum=1),
        status=find_strings(section, fields, "status"),
        flags=find_strings(section, fields, "flags"),
        tags=find_strings(section, fields, "tags"),
        system_id=find_str(fields, "system_id"),
        pvs=pvs,
        problems=tuple(problems),
    )


def build_vg(
    head: VgHead, seqno: int, lvs: tuple[LogicalVolume, ...], trailer: Trailer
) -> VolumeGroup:
    """One version of the VG."""
    section = head.section
    if head.seqno_masked:
        children = section.children
        statement = Statement("seqno", seqno)
        section = Section(
            section.name, (*children[:SEQNO_AT], statement, *children[SEQNO_AT + 1 :])
        )
    problems = head.problems
    if any(map(_PROBLEMS, lvs)):
        problems += tuple(problem for lv in lvs for problem in lv.problems)
    if len(set(map(_NAME, lvs))) < len(lvs) or len(set(map(_UUID, lvs))) < len(lvs):
        problems += duplicate_problems("LV", [lv.name for lv in lvs], [lv.uuid for lv in lvs])
    return VolumeGroup(
        name=head.name,
        uuid=head.uuid,
        seqno=seqno,
        extent_size_sectors=head.extent_size_sectors,
        status=head.status,
        flags=head.flags,
        tags=head.tags,
        system_id=head.system_id,
        pvs=head.pvs,
        lvs=lvs,
        creation_time=trailer.creation_time,
        creation_host=trailer.creation_host,
        description=trailer.description,
        section=section,
        trailer=trailer.statements,
        generated_by=trailer.generated_by,
        host_comment=trailer.host_comment,
        time_comment=trailer.time_comment,
        problems=problems,
    )
