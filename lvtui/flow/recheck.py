"""The second look at a volume group while a copy of one of its lost volumes runs: `lvtui _recheck JOB`.

A short child of the worker, which must not parse. The rings are read again, the texts that the worker
saved join them, and every place that another LV has, or had, since the copy was planned is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from lvtui.errors import CheckStop
from lvtui.flow.named import NamedPv
from lvtui.flow.nested import find_inside
from lvtui.flow.pvs import PvPlaces, place_pvs
from lvtui.flow.reading import SourceFacts, read_sources
from lvtui.flow.texts import read_texts
from lvtui.host.copy.folder import JobFolder
from lvtui.host.device import SourceDevice
from lvtui.host.files import SystemFiles
from lvtui.host.paths import is_folder
from lvtui.lvm.carve import MetadataCopy, carve_source
from lvtui.lvm.extents import occupied_extents
from lvtui.lvm.history import History, Version, build_histories, lost_volumes
from lvtui.lvm.mda import MDA_HEADER_BYTES, MetadataArea, parse_mda_header
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.text import TextParser
from lvtui.lvm.verdict import judge
from lvtui.message import Message, message
from lvtui.plan.job import JobPiece, JobSpec
from lvtui.plan.recheck import Places, Recheck, SourceRange, merged, without
from lvtui.source import ByteRange
from lvtui.units import SECTOR_BYTES

_Owned = dict[str, list[SourceRange]]
"""LV uuid → its places."""


def main(job_dir: str) -> int:
    """Look again and leave the answer in the job.

    Raises:
        LvtuiError: nothing can be said; the worker takes that for the worst.
    """
    folder = JobFolder(Path(job_dir))
    folder.write_recheck(SystemFiles(), recheck(folder))
    return 0


def recheck(folder: JobFolder) -> Recheck:
    """What happened to the places of a job since it was planned.

    Raises:
        CheckStop: `LV-CPY-20`, no text in use can be read. LvtuiError: a source cannot be read.
    """
    spec = folder.spec()
    facts, copies = _read(spec)
    parser = TextParser()
    if is_folder(str(folder.texts_path)):
        copies += read_texts((str(folder.texts_path),), parser).copies
    histories = build_histories(copies, parser=parser)
    named = tuple(
        NamedPv(pv_uuid=source.pv_uuid, path=source.path, base_bytes=source.base_bytes)
        for source in spec.sources
        if source.pv_uuid is not None
    )
    places = place_pvs(histories, facts, copies=copies, named=named)
    inside = find_inside(histories, facts, places)
    return _answer(spec, [h for h in histories if not inside.is_inside(h)], places)


def _read(spec: JobSpec) -> tuple[tuple[SourceFacts, ...], tuple[MetadataCopy, ...]]:
    """As `discover` reads, and the areas that the plan found anywhere else."""
    with ExitStack() as stack:
        devices = [stack.enter_context(SourceDevice(source.path)) for source in spec.sources]
        facts, copies = read_sources(devices, None)
        for index, (source, found) in enumerate(zip(spec.sources, facts, strict=True)):
            known = {area.offset_bytes for area in found.areas}
            areas = tuple(
                MetadataArea(
                    device=index,
                    index=len(known) + number,
                    offset_bytes=where.offset_bytes,
                    size_bytes=where.length_bytes,
                    header=parse_mda_header(
                        devices[index].pread(where.offset_bytes, MDA_HEADER_BYTES).data
                    ),
                    named_by="header",
                )
                for number, where in enumerate(source.metadata_areas)
                if where.offset_bytes not in known
            )
            copies += carve_source(devices[index], areas, index)
    return facts, copies


def _answer(spec: JobSpec, histories: Sequence[History], places: PvPlaces) -> Recheck:
    if not any(history.current for history in histories):
        raise CheckStop(
            "LV-CPY-20",
            "No metadata text in use can be read on the sources of the copy of {name}.",
            name=spec.lv_name,
        )
    planned: _Owned = {}
    planned_pvs: set[str] = set()
    now: _Owned = {}
    since: _Owned = {}
    names: dict[str, str] = {}
    metadata: list[SourceRange] = []
    for history in histories:
        start = _planned(history, spec)
        if start is not None and start.vg is not None:
            _add(planned, names, start.vg, places)
            planned_pvs |= {pv.uuid for pv in start.vg.pvs}
    for history in histories:
        start = _planned(history, spec)
        if start is None and history.current is None:
            continue  # an earlier owner's, long gone
        for version in _later(history, start):
            assert version.vg is not None, "usable versions have one"
            _add(now if version.current else since, names, version.vg, places)
            if version.current and planned_pvs:
                metadata += _new_metadata(version.vg, planned_pvs, places)
    own = now.pop(spec.lv_uuid, [])
    taken = _beyond(now, planned)
    back = _beyond({spec.lv_uuid: own}, planned)
    touched = _beyond({u: p for u, p in since.items() if u != spec.lv_uuid}, planned)
    owners = {uuid: found for uuid in now if (found := _beyond({uuid: now[uuid]}, planned))}
    all_taken = (*taken, *metadata)
    return Recheck(
        taken=all_taken,
        touched=(*touched, *back),
        seqnos=tuple(h.current.seqno or 0 for h in histories if h.current),
        verdict=_verdict(spec, histories),
        note=_note(
            spec,
            histories,
            _met_bytes(spec, all_taken),
            [names[uuid] for uuid, found in owners.items() if _met_bytes(spec, found)],
            is_back=bool(back),
        ),
    )


def _planned(history: History, spec: JobSpec) -> Version | None:
    """The version that was in use when the copy was planned."""
    return next(
        (v for v in reversed(history.versions) if v.text_sha256 in spec.currents and v.usable),
        None,
    )


def _later(history: History, start: Version | None) -> Iterator[Version]:
    """Usable versions behind the planned one; all of a group that was not there then."""
    versions = history.versions
    first = 0 if start is None else next(n for n, v in enumerate(versions) if v is start) + 1
    for version in versions[first:]:
        if version.usable and not version.current:
            yield version
    if history.current is not None:
        yield history.current


def _add(owned: _Owned, names: dict[str, str], vg: VolumeGroup, places: PvPlaces) -> None:
    starts = {pv.uuid: pv.pe_start_sectors for pv in vg.pvs}
    for run in occupied_extents(vg):
        place = places.place_of(run.pv_uuid)
        names[run.lv_uuid] = run.lv_name
        if place is not None:
            sectors = starts[run.pv_uuid] + run.start_extent * vg.extent_size_sectors
            owned.setdefault(run.lv_uuid, []).append(
                SourceRange(
                    place.device,
                    place.base_bytes + sectors * SECTOR_BYTES,
                    run.extent_count * vg.extent_bytes,
                )
            )


def _new_metadata(
    vg: VolumeGroup, planned_pvs: set[str], places: PvPlaces
) -> Iterator[SourceRange]:
    """Label and metadata of PVs that were made since."""
    for pv in vg.pvs:
        place = places.place_of(pv.uuid)
        if pv.uuid not in planned_pvs and place is not None:
            size_bytes = pv.pe_start_sectors * SECTOR_BYTES
            yield SourceRange(place.device, place.base_bytes, size_bytes)


def _beyond(owned: _Owned, planned: _Owned) -> tuple[SourceRange, ...]:
    """Places that an LV has, without those that the same LV had when the copy was planned."""
    found: list[SourceRange] = []
    for uuid, ranges in owned.items():
        had = planned.get(uuid, [])
        for source in sorted({where.source for where in ranges}):
            left = without(_on(ranges, source), _on(had, source))
            found += [SourceRange(source, part.offset_bytes, part.length_bytes) for part in left]
    return tuple(sorted(set(found)))


def _on(ranges: Sequence[SourceRange], source: int) -> list[ByteRange]:
    return [
        ByteRange(where.offset_bytes, where.length_bytes)
        for where in ranges
        if where.source == source
    ]


def _met_bytes(spec: JobSpec, ranges: Sequence[SourceRange]) -> int:
    """How much of what the copy reads lies in some places."""
    places = Places(ranges)
    pieces: list[JobPiece] = [*spec.pieces, *(p for layer in spec.layers for p in layer.pieces)]
    met = [
        (piece.source, part)
        for piece in pieces
        if piece.source is not None
        for part in places.within(piece.source, piece.source_offset_bytes, piece.length_bytes)
    ]
    return sum(
        part.length_bytes
        for source in {source for source, _ in met}
        for part in merged(part for other, part in met if other == source)
    )


def _verdict(spec: JobSpec, histories: Sequence[History]) -> str | None:
    for history in histories:
        for lost in lost_volumes(history) if history.vg_uuid == spec.vg_uuid else ():
            if lost.lv.uuid == spec.lv_uuid:
                return judge(replace(lost)).word.value
    return None


def _note(
    spec: JobSpec,
    histories: Sequence[History],
    taken_bytes: int,
    owners: list[str],
    *,
    is_back: bool,
) -> Message:
    current = next((h.current for h in histories if h.current), None)
    assert current is not None, "checked before"
    values: dict[str, str | int] = {
        "vg": current.vg_name or "?",
        "seqno": current.seqno or 0,
        "why": current.copies[0].index.description or "no description",
    }
    if taken_bytes:
        return message(
            "Volume group {vg} changed while it is copied (version {seqno}: {why}): {size:bytes} of "
            "this volume belong to {owner} now. What was read of them before that is kept; what is "
            "read of them since is not its data.",
            size=taken_bytes,
            owner=", ".join(owners[:4]) or "new metadata",
            **values,
        )
    if is_back:
        return message(
            "Volume group {vg} changed while it is copied (version {seqno}: {why}): {name} itself is "
            "back in it. Whoever uses it may write to it while it is copied.",
            name=spec.lv_name,
            **values,
        )
    return message(
        "Volume group {vg} changed while it is copied (version {seqno}: {why}). No extent of this "
        "volume was given away.",
        **values,
    )
