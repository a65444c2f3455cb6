"""The old bytes of metadata areas back: what differs, in the order that keeps LVM's view whole.

Where the text to come back still stands in the ring, the header that points to it goes first; where it
does not, last: so a crash in between leaves one of the two states for LVM, never a third one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvtui.lvm.mda import MDA_HEADER_BYTES, parse_mda_header, ring_bytes
from lvtui.message import message
from lvtui.plan.command import ByteGuard, Check, FileEffect, Save
from lvtui.plan.plan import AreaPlace, Step
from lvtui.plan.recipes.writes import ByteWrite
from lvtui.units import SECTOR_BYTES, KiB

_GAP_BYTES = 4 * KiB
"""Differing sectors that are nearer than this are written as one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaChange:
    """An area that is to be put back."""

    place: AreaPlace
    now: bytes
    before: bytes


def area_writes(number: int, change: AreaChange) -> tuple[ByteWrite, ...]:
    """The runs of an area that differ."""
    runs = list(_runs(change.now, change.before))
    header_first = _stands_in(change.now, change.before)
    runs.sort(key=lambda run: (run[0] >= MDA_HEADER_BYTES) is header_first)
    place = change.place
    return tuple(
        ByteWrite(
            path=place.path,
            device_identity=place.device_identity,
            offset_bytes=place.offset_bytes + start,
            old=change.now[start:end],
            new=change.before[start:end],
            stem=f"area{number}-{place.offset_bytes + start}",
            purpose=message(
                "Write {size:bytes} back to {path} at byte {offset}",
                size=end - start,
                path=place.path,
                offset=place.offset_bytes + start,
            ),
        )
        for start, end in runs
    )


def area_guard(place: AreaPlace, data: bytes) -> ByteGuard:
    """That an area holds these bytes."""
    return ByteGuard(
        path=place.path,
        device_identity=place.device_identity,
        offset_bytes=place.offset_bytes,
        length_bytes=place.length_bytes,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def keep_areas(folder: str, changes: Sequence[AreaChange], backup: Save | None) -> Iterator[Step]:
    """What is there before the undo is kept as well: so an undo can be undone."""
    for number, change in enumerate(changes):
        place = change.place
        yield Step(
            line=Save(
                path=place.path,
                device_identity=place.device_identity,
                offset_bytes=place.offset_bytes,
                length_bytes=place.length_bytes,
                to_file=kept_file(folder, number),
                purpose=message("Keep the metadata area of {path} as it is now", path=place.path),
            )
        )
    if backup is not None:
        yield Step(
            line=Save(
                path=backup.path,
                device_identity=None,
                offset_bytes=0,
                length_bytes=0,
                to_file=f"{folder}/evidence/lvm-backup",
                purpose=message("Keep LVM's own backup file of the group"),
                optional=True,
            )
        )


def kept_file(folder: str, number: int) -> str:
    """Where an area is kept."""
    return f"{folder}/evidence/area{number}.bin"


def kept_places(folder: str, changes: Sequence[AreaChange]) -> Iterator[AreaPlace]:
    """The areas of an undo plan, kept in its own folder."""
    for number, change in enumerate(changes):
        place = change.place
        yield AreaPlace(
            path=place.path,
            device_identity=place.device_identity,
            offset_bytes=place.offset_bytes,
            length_bytes=place.length_bytes,
            sha256=hashlib.sha256(change.now).hexdigest(),
            saved_in=kept_file(folder, number),
            saved_at_bytes=0,
        )


def prove_old(changes: Sequence[AreaChange]) -> Step:
    """Every area is read again."""
    return Step(
        line=Check(
            guards=tuple(area_guard(change.place, change.before) for change in changes),
            purpose=message("Every metadata area holds the old bytes"),
        )
    )


def backup_back(line: Save, kept: bytes) -> Step:
    """LVM's own backup file as it was."""
    return Step(
        line=FileEffect(
            path=line.path,
            content_sha256=hashlib.sha256(kept).hexdigest(),
            content_file=line.to_file,
            purpose=message("LVM's backup file of the group as it was"),
        )
    )


def _runs(now: bytes, before: bytes) -> Iterator[tuple[int, int]]:
    """Differing sectors, neighbours joined; the header's sector always by itself."""
    start = end = -1
    for at in range(0, len(now), SECTOR_BYTES):
        if now[at : at + SECTOR_BYTES] == before[at : at + SECTOR_BYTES]:
            continue
        if start >= 0 and (at - end > _GAP_BYTES or start < MDA_HEADER_BYTES):
            yield start, end
            start = -1
        if start < 0:
            start = at
        end = at + SECTOR_BYTES
    if start >= 0:
        yield start, end


def _stands_in(now: bytes, before: bytes) -> bool:
    """Whether the text that is to be in use stands in the area already."""
    header = parse_mda_header(before[:MDA_HEADER_BYTES])
    where = header.committed if header else None
    if header is None or where is None:
        return False
    wanted = ring_bytes(before, header.size_bytes, where.offset_bytes, where.size_bytes)
    there = ring_bytes(now, header.size_bytes, where.offset_bytes, where.size_bytes)
    return wanted is not None and wanted == there
