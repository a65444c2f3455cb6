"""What forbids a graft, each rule with its code and the sentence why (facts/lvm.md 3.3, 3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvtui.lvm.extents import occupied_extents, overlaps, placed_extents
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, VolumeGroup
from lvtui.message import Message, message

Volume = tuple[LogicalVolume, VolumeGroup, str]
"""(LV, the version that it is taken from, the name under which it comes back)."""

_MOVING = frozenset({"PVMOVE", "LOCKED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One reason against a merge."""

    code: str
    message: Message


def name_taken(name: str) -> Conflict:
    """Two LVs would have one name: LVM would keep the last one and say nothing."""
    return Conflict(code="LV-MRG-05", message=message("The name {name} is taken.", name=name))


def too_long(vg: VolumeGroup, size_bytes: int, limit_bytes: int) -> Conflict:
    """More than half a metadata area."""
    return Conflict(
        code="LV-MRG-17",
        message=message(
            "The merged text of {vg} is {size:bytes} long, its metadata areas hold {limit:bytes}.",
            vg=vg.name,
            size=size_bytes,
            limit=limit_bytes,
        ),
    )


def not_as_meant(vg: VolumeGroup, why: str) -> Conflict:
    """A last look at what was made."""
    return Conflict(
        code="LV-MRG-18",
        message=message(
            "The merged text of {vg} does not read back as meant: {why}.", vg=vg.name, why=why
        ),
    )


def group_conflicts(vg: VolumeGroup, rendered: bytes, text: bytes) -> Iterator[Conflict]:
    """What is against writing to the group at all."""
    for problem in vg.problems:
        yield _contradiction(str(problem))
    if rendered.rstrip(b"\n\0") != text.rstrip(b"\n\0"):
        yield Conflict(
            code="LV-MRG-16",
            message=message(
                "The current text of {vg} cannot be written again byte for byte: something in it "
                "is unknown to lvtui.",
                vg=vg.name,
            ),
        )
    held = occupied_extents(vg)
    for run, other in overlaps(held, held):
        if run.lv_uuid < other.lv_uuid:
            yield _contradiction(f"{run.lv_name} and {other.lv_name} have the same extents")
    yield from _closed(vg)
    for name, status in [(vg.name, vg.status), *((lv.name, lv.status) for lv in vg.lvs)]:
        yield from _moving(name, status)
    for pv in vg.pvs:
        if "MISSING" in pv.status or "MISSING" in pv.flags:
            yield Conflict(
                code="LV-MRG-07", message=message("PV {pv} is marked as missing.", pv=pv.uuid)
            )


def _closed(vg: VolumeGroup) -> Iterator[Conflict]:
    words: list[str] = [w for w in ("EXPORTED", "CLUSTERED", "SHARED") if w in vg.status]
    words += [f"not {word}" for word in ("RESIZEABLE", "READ", "WRITE") if word not in vg.status]
    if words:
        yield Conflict(
            code="LV-MRG-12",
            message=message("The group {vg} is {words}.", vg=vg.name, words=", ".join(words)),
        )
    owner = vg.system_id or vg.section.get("lock_type")
    if owner not in {None, "", "none"}:
        yield Conflict(
            code="LV-MRG-13",
            message=message(
                "The group {vg} belongs to a host or lock manager of its own: {owner}.",
                vg=vg.name,
                owner=str(owner),
            ),
        )


def _moving(name: str, status: tuple[str, ...]) -> Iterator[Conflict]:
    for word in sorted(_MOVING & set(status)):
        yield Conflict(
            code="LV-MRG-08",
            message=message(
                "{name} says {word}: a pvmove or the like is under way. Finish or abort it first.",
                name=name,
                word=word,
            ),
        )


def _contradiction(problem: str) -> Conflict:
    return Conflict(
        code="LV-MRG-14",
        message=message("The metadata contradict themselves: {problem}.", problem=problem),
    )


def graft_conflicts(vg: VolumeGroup, volumes: Sequence[Volume]) -> Iterator[Conflict]:
    """What is against bringing these LVs back together."""
    pvs = {pv.uuid: pv for pv in vg.pvs}
    uuids = Counter(lv.uuid for lv, _, _ in volumes)
    names = Counter(name for _, _, name in volumes)
    taken = {lv.name for lv in vg.lvs}
    for name, times in names.items():
        if times > 1 or name in taken:
            yield name_taken(name)
    for lv, origin, _ in volumes:
        there = vg.lv(lv.uuid)
        if there is not None or uuids[lv.uuid] > 1:
            yield Conflict(
                code="LV-MRG-04",
                message=message(
                    "An LV with the id of {lv} is there already: {owner}.",
                    lv=lv.name,
                    owner=there.name if there else lv.name,
                ),
            )
        yield from _lv_conflicts(vg, lv, origin)
        yield from _pv_conflicts(lv, origin, pvs)
    yield from _taken(vg, volumes)


def _lv_conflicts(vg: VolumeGroup, lv: LogicalVolume, origin: VolumeGroup) -> Iterator[Conflict]:
    if origin.uuid != vg.uuid:
        yield Conflict(
            code="LV-MRG-10",
            message=message(
                "{lv} belonged to the group {old}, the current one is {new}.",
                lv=lv.name,
                old=origin.uuid,
                new=vg.uuid,
            ),
        )
    if origin.extent_size_sectors != vg.extent_size_sectors:
        yield Conflict(
            code="LV-MRG-03",
            message=message(
                "The extent size was {old} sectors when {lv} was there, and is {new} now.",
                lv=lv.name,
                old=origin.extent_size_sectors,
                new=vg.extent_size_sectors,
            ),
        )
    for problem in lv.problems:
        yield _contradiction(str(problem))
    if not lv.segments:
        yield _contradiction(f"{lv.name} has no segment")
    yield from _moving(lv.name, lv.status)
    if "VISIBLE" not in lv.status:
        yield Conflict(
            code="LV-MRG-15",
            message=message(
                "{lv} was a hidden part of another volume: it does not come back by itself.",
                lv=lv.name,
            ),
        )
    for segment in lv.segments:
        if segment.type != "striped" or len(segment.stripes) != 1:
            yield Conflict(
                code="LV-MRG-09",
                message=message(
                    "{lv} has a segment of type {type} over {count:count} stripes: only linear "
                    "volumes are restored. Copy it out instead: lvtui extract.",
                    lv=lv.name,
                    type=segment.type,
                    count=len(segment.stripes),
                ),
            )


def _pv_conflicts(
    lv: LogicalVolume, origin: VolumeGroup, pvs: dict[str, PhysicalVolume]
) -> Iterator[Conflict]:
    """Of the PVs that the LV lies on: each rule once a PV."""
    ends: dict[str, int] = {}
    for segment in lv.segments:
        for stripe in segment.stripes:
            end = stripe.start_extent + segment.extent_count
            ends[stripe.pv_name] = max(end, ends.get(stripe.pv_name, 0))
    for pv_name, end in ends.items():
        old = origin.pv(pv_name)
        new = pvs.get(old.uuid) if old else None
        if old is None or new is None:
            yield Conflict(
                code="LV-MRG-06",
                message=message(
                    "{lv} lay on PV {pv}, which does not belong to the group now.",
                    lv=lv.name,
                    pv=old.uuid if old else pv_name,
                ),
            )
            continue
        if old.pe_start_sectors != new.pe_start_sectors:
            yield Conflict(
                code="LV-MRG-02",
                message=message(
                    "PV {pv} had pe_start {old} when {lv} was there, and has {new} now.",
                    lv=lv.name,
                    pv=old.uuid,
                    old=old.pe_start_sectors,
                    new=new.pe_start_sectors,
                ),
            )
        if end > new.pe_count:
            yield Conflict(
                code="LV-MRG-11",
                message=message(
                    "{lv} reaches extent {end} of PV {pv}, which has {count} extents now.",
                    lv=lv.name,
                    pv=old.uuid,
                    end=end,
                    count=new.pe_count,
                ),
            )


def _taken(vg: VolumeGroup, volumes: Sequence[Volume]) -> Iterator[Conflict]:
    """Extents that have an owner: one of the current LVs, or another one that comes back too."""
    mine = [run for lv, origin, _ in volumes for run in placed_extents(origin, lv)]
    shared = [(r, o) for r, o in overlaps(mine, occupied_extents(vg)) if r.lv_uuid != o.lv_uuid]
    shared += [(r, o) for r, o in overlaps(mine, mine) if r.lv_uuid < o.lv_uuid]
    for run, other in shared:
        yield Conflict(
            code="LV-MRG-01",
            message=message(
                "{count:count} extents of {lv} belong to {owner} now (PV {pv}, from extent "
                "{start}). Copy it out instead: lvtui extract.",
                lv=run.lv_name,
                owner=other.lv_name,
                count=run.extent_count,
                pv=run.pv_uuid,
                start=run.start_extent,
            ),
        )
