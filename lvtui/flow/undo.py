"""Undo: the old bytes back, exactly, as long as nothing else changed the group; a plan like any other.

What is written back is what differs, in the order that keeps LVM's view whole: where the text to come
back still stands in the ring, the header that points to it goes first; where it does not, last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lvtui.errors import Refused, UserError
from lvtui.flow.areas import area_before, expected_texts, read_area
from lvtui.flow.lvm_host import probe_lvm
from lvtui.flow.plans import StoredPlan, folder_for, store_plan, stored_plans, undone_by
from lvtui.host.case import OpenCase
from lvtui.host.keep import keep_bytes, read_exactly, read_file, read_kept
from lvtui.host.patch import group_lock, lock_file_of
from lvtui.lvm.mda import MDA_HEADER_BYTES, parse_mda_header, ring_bytes
from lvtui.lvm.stages import judge_area
from lvtui.message import message
from lvtui.plan.command import (
    ByteGuard,
    Check,
    Command,
    Effect,
    FileEffect,
    Patch,
    Runner,
    Save,
    Target,
)
from lvtui.plan.plan import AnyGuard, AreaPlace, Plan, Step
from lvtui.plan.recipes.restore import nothing_open
from lvtui.units import SECTOR_BYTES, KiB

_GAP_BYTES = 4 * KiB
"""Differing sectors that are nearer than this are written as one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """An area to be put back."""

    place: AreaPlace
    now: bytes
    before: bytes


def plan_to_undo(case_dir: Path) -> StoredPlan:
    """The last plan of a case that wrote to the source and was not taken back since.

    Raises:
        UserError: `LV-UND-01`, there is none.
    """
    plans = stored_plans(case_dir)
    for stored in reversed(plans):
        if stored.touched and undone_by(stored, plans) is None:
            return stored
    raise UserError(
        "LV-UND-01",
        "Nothing of {case} has written to the damaged disk: there is nothing to undo.",
        case=str(case_dir),
    )


def make_undo(case: OpenCase, target: StoredPlan, runner: Runner) -> StoredPlan:
    """Make the plan that takes a plan's changes back, and keep it in the case.

    Raises:
        Refused: `LV-UND-02`, the group was changed by somebody else since.
    """
    with group_lock(target.plan.lock_file):
        changes = list(_changes(target))
    folder = folder_for(case.path, "undo")
    paths = tuple(dict.fromkeys(place.path for place in target.plan.areas))
    host = probe_lvm(runner, paths, target.plan.vg_name)
    steps = [
        *_save_steps(folder, target.plan),
        *_mapping_steps(target),
        *_byte_steps(folder, target),
    ]
    patches = [step for change in changes for step in _area_steps(folder, change)]
    if patches:
        guards: tuple[AnyGuard, ...] = (
            *(_guard(change.place, change.now) for change in changes),
            nothing_open(host, target.plan.vg_name),
        )
        patches[0] = Step(line=patches[0].line, guards=guards)
    steps += patches
    steps.append(
        Step(
            line=Check(
                guards=tuple(_guard(change.place, change.before) for change in changes),
                purpose=message("Every metadata area holds the old bytes"),
            )
        )
    )
    steps += _backup_steps(target)
    plan = Plan(
        kind="undo",
        title=message("Undo of plan {name}: the old bytes back", name=target.name),
        source=target.plan.source,
        vg_name=target.plan.vg_name,
        vg_uuid=target.plan.vg_uuid,
        steps=tuple(steps),
        areas=tuple(_places(folder, changes)),
        texts=(),
        notes=(
            message(
                "{size:bytes} are written to the metadata areas, at {count:count} places.",
                size=sum(s.line.length_bytes for s in steps if isinstance(s.line, Patch)),
                count=sum(isinstance(s.line, Patch) for s in steps),
            ),
        ),
        undoes=target.name,
        lock_file=lock_file_of(target.plan.vg_name),
    )
    store_plan(case, folder, plan)
    return next(one for one in stored_plans(case.path) if one.folder == folder)


def _changes(target: StoredPlan) -> Iterator[_Change]:
    plan, after = target.plan, target.progress.after
    texts = expected_texts(plan)
    for number, place in enumerate(plan.areas):
        before, now = area_before(place), read_area(place)
        as_left = bool(after) and hashlib.sha256(now).hexdigest() == after[number]
        state = judge_area(before, now, texts)
        cut_off = _is_cut_off(plan, place, before, now)
        if not as_left and not cut_off and (after or state.stage is None):
            raise Refused(
                "LV-UND-02",
                "{vg} on {path} was changed by somebody else since ({why}). The old bytes are not "
                "written over that. What can still be done: the volumes that lvtui restored can be "
                "removed by hand (lvremove), and the bytes from before are in {folder}.",
                vg=plan.vg_name,
                path=place.path,
                why=str(state.problem or f"version {state.seqno}"),
                folder=str(Path(place.saved_in).parent),
            )
        yield _Change(place=place, now=now, before=before)


def _is_cut_off(plan: Plan, place: AreaPlace, before: bytes, now: bytes) -> bool:
    """Whether an undo's own writes, in part or in whole, are all that differs."""
    patches = [
        step.line
        for step in plan.steps
        if isinstance(step.line, Patch)
        and step.line.path == place.path
        and place.offset_bytes <= step.line.offset_bytes < place.offset_bytes + place.length_bytes
    ]
    new = bytearray(before)
    for patch in patches:
        at = patch.offset_bytes - place.offset_bytes
        new[at : at + patch.length_bytes] = read_kept(patch.new_bytes_file, patch.new_sha256)
    return bool(patches) and all(
        now[at : at + SECTOR_BYTES]
        in {bytes(new[at : at + SECTOR_BYTES]), before[at : at + SECTOR_BYTES]}
        for at in range(0, len(now), SECTOR_BYTES)
    )


def _guard(place: AreaPlace, data: bytes) -> ByteGuard:
    return ByteGuard(
        path=place.path,
        device_identity=place.device_identity,
        offset_bytes=place.offset_bytes,
        length_bytes=place.length_bytes,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _kept_file(folder: Path, number: int) -> str:
    return f"{folder}/evidence/area{number}.bin"


def _places(folder: Path, changes: list[_Change]) -> Iterator[AreaPlace]:
    for number, change in enumerate(changes):
        place = change.place
        yield AreaPlace(
            path=place.path,
            device_identity=place.device_identity,
            offset_bytes=place.offset_bytes,
            length_bytes=place.length_bytes,
            sha256=hashlib.sha256(change.now).hexdigest(),
            saved_in=_kept_file(folder, number),
            saved_at_bytes=0,
        )


def _save_steps(folder: Path, plan: Plan) -> Iterator[Step]:
    for number, place in enumerate(plan.areas):
        yield Step(
            line=Save(
                path=place.path,
                device_identity=place.device_identity,
                offset_bytes=place.offset_bytes,
                length_bytes=place.length_bytes,
                to_file=_kept_file(folder, number),
                purpose=message("Keep the metadata area of {path} as it is now", path=place.path),
            )
        )
    backup = _backup_line(plan)
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


def _backup_line(plan: Plan) -> Save | None:
    """The line that kept LVM's backup file."""
    return next(
        (
            step.line
            for step in plan.steps
            if isinstance(step.line, Save) and step.line.device_identity is None
        ),
        None,
    )


def _mapping_steps(target: StoredPlan) -> Iterator[Step]:
    """What was activated is deactivated."""
    for number, step in enumerate(target.plan.steps):
        line = step.line
        if isinstance(line, Command) and line.undo and number <= target.progress.next_line:
            argv = (line.undo[0], *line.argv[1:3], *line.undo[1:])
            yield Step(
                line=Command(
                    argv=argv,
                    purpose=message("Take back line {number}", number=number + 1),
                    effect=Effect.WRITES,
                    target=Target.KERNEL,
                    timeout_seconds=line.timeout_seconds,
                )
            )


def _byte_steps(folder: Path, target: StoredPlan) -> Iterator[Step]:
    """Bytes outside the metadata areas that the plan wrote, the last first."""
    areas = target.plan.areas
    for number, step in reversed(list(enumerate(target.plan.steps))):
        line = step.line
        if (
            not isinstance(line, Patch)
            or number > target.progress.next_line
            or any(
                area.path == line.path
                and area.offset_bytes <= line.offset_bytes < area.offset_bytes + area.length_bytes
                for area in areas
            )
        ):
            continue
        old = read_kept(str(line.old_bytes_file), line.old_sha256)
        now = read_exactly(line.path, line.device_identity, line.offset_bytes, line.length_bytes)
        if now != old:
            yield _patch_step(
                folder,
                f"bytes{number}",
                line.path,
                line.device_identity,
                line.offset_bytes,
                now,
                old,
            )


def _area_steps(folder: Path, change: _Change) -> list[Step]:
    """The runs that differ, in the order that is safe for LVM."""
    runs = list(_runs(change.now, change.before))
    header_first = _stands_in(change.now, change.before)
    runs.sort(key=lambda run: (run[0] >= MDA_HEADER_BYTES) is header_first)
    place = change.place
    return [
        _patch_step(
            folder,
            f"{Path(place.path).name}-{place.offset_bytes + start}",
            place.path,
            place.device_identity,
            place.offset_bytes + start,
            change.now[start:end],
            change.before[start:end],
        )
        for start, end in runs
    ]


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


def _patch_step(
    folder: Path,
    stem: str,
    path: str,
    device_identity: str,
    offset_bytes: int,
    now: bytes,
    new: bytes,
) -> Step:
    old_file, new_file = folder / f"{stem}.old", folder / f"{stem}.new"
    return Step(
        line=Patch(
            path=path,
            device_identity=device_identity,
            offset_bytes=offset_bytes,
            length_bytes=len(new),
            old_sha256=keep_bytes(old_file, now),
            new_sha256=keep_bytes(new_file, new),
            new_bytes_file=str(new_file),
            old_bytes_file=str(old_file),
            purpose=message(
                "Write {size:bytes} back to {path} at byte {offset}",
                size=len(new),
                path=path,
                offset=offset_bytes,
            ),
        )
    )


def _backup_steps(target: StoredPlan) -> Iterator[Step]:
    """LVM's backup file as it was; nothing where there was none."""
    line = _backup_line(target.plan)
    kept = read_file(line.to_file) if line is not None else None
    if line is None or kept is None or kept == read_file(line.path):
        return
    yield Step(
        line=FileEffect(
            path=line.path,
            content_sha256=hashlib.sha256(kept).hexdigest(),
            content_file=line.to_file,
            purpose=message("LVM's backup file of the group as it was"),
        )
    )
