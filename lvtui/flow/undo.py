"""Undo: the old bytes back, exactly, as long as nothing else changed the group."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lvtui.errors import Refused, UserError
from lvtui.flow.areas import area_before, expected_texts, judge, read_area
from lvtui.flow.lvm_host import probe_lvm
from lvtui.flow.plans import StoredPlan, folder_for, store_plan, stored_plans, undone_by
from lvtui.host.case import OpenCase
from lvtui.host.keep import keep_bytes, read_exactly, read_file, read_kept
from lvtui.host.patch import group_lock, lock_file_of
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Patch, Runner, Save
from lvtui.plan.plan import AnyGuard, AreaPlace, Plan, Step
from lvtui.plan.recipes.restore import nothing_open
from lvtui.plan.recipes.undo import (
    AreaChange,
    area_guard,
    area_writes,
    backup_back,
    keep_areas,
    kept_places,
    prove_old,
)
from lvtui.plan.recipes.writes import ByteWrite, write_steps
from lvtui.units import SECTOR_BYTES


def plan_to_undo(case_dir: Path) -> StoredPlan:
    """The last plan of a case that wrote to the source and was not taken back since.

    Raises:
        UserError: `LV-UND-01`, there is none.
    """
    plans = stored_plans(case_dir)
    for stored in reversed(plans):
        if stored.has_effects and undone_by(stored, plans) is None:
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
    plan = target.plan
    with group_lock(plan.lock_file):
        changes = list(_changes(target))
    folder = folder_for(case.path, "undo")
    host = probe_lvm(runner, tuple(dict.fromkeys(place.path for place in plan.areas)), plan.vg_name)
    guards: tuple[AnyGuard, ...] = (
        *(area_guard(change.place, change.now) for change in changes),
        nothing_open(host, plan.vg_name),
    )
    writes = [
        *_bytes_outside(target),
        *(w for number, change in enumerate(changes) for w in area_writes(number, change)),
    ]
    lines, files = write_steps(str(folder), writes)
    if lines:
        lines = (Step(line=lines[0].line, guards=guards), *lines[1:])
    for path, data in files.items():
        keep_bytes(Path(path), data)
    backup = _backup_line(plan)
    kept = read_file(backup.to_file) if backup is not None else None
    steps = [
        *keep_areas(str(folder), changes, backup),
        *_taken_back(target, mapped=True),
        *lines,
        prove_old(changes),
        *_taken_back(target, mapped=False),
    ]
    if backup is not None and kept is not None and kept != read_file(backup.path):
        steps.append(backup_back(backup, kept))
    undo = Plan(
        kind="undo",
        title=message("Undo of plan {name}: the old bytes back", name=target.name),
        source=plan.source,
        vg_name=plan.vg_name,
        vg_uuid=plan.vg_uuid,
        steps=tuple(steps),
        areas=tuple(kept_places(str(folder), changes)),
        texts=(),
        notes=(
            message(
                "{size:bytes} are written to the damaged disk, at {count:count} places.",
                size=sum(len(write.new) for write in writes),
                count=len(writes),
            ),
        ),
        undoes=target.name,
        lock_file=lock_file_of(plan.vg_name),
    )
    store_plan(case, folder, undo)
    return next(one for one in stored_plans(case.path) if one.folder == folder)


def _changes(target: StoredPlan) -> Iterator[AreaChange]:
    plan, after = target.plan, target.progress.after
    texts = expected_texts(plan)
    for number, place in enumerate(plan.areas):
        before, now = area_before(place), read_area(place)
        as_left = bool(after) and hashlib.sha256(now).hexdigest() == after[number]
        state = judge(place, before, now, texts)
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
        yield AreaChange(place=place, now=now, before=before)


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


def _taken_back(target: StoredPlan, *, mapped: bool) -> Iterator[Step]:
    """What was activated (`mapped`), or switched off and held, and is still so; the last first."""
    done = {
        step.line.argv
        for step in target.plan.steps[: target.progress.next_line]
        if isinstance(step.line, Command)
    }
    for number, step in reversed(list(enumerate(target.plan.steps))):
        line = step.line
        if (
            isinstance(line, Command)
            and line.undo is not None
            and number <= target.progress.next_line
            and line.undo not in done
            and (line.argv[0] == "lvchange") is mapped
        ):
            yield Step(
                line=Command(
                    argv=line.undo,
                    purpose=message("Take back line {number}", number=number + 1),
                    effect=Effect.WRITES,
                    target=line.target,
                    timeout_seconds=line.timeout_seconds,
                )
            )


def _bytes_outside(target: StoredPlan) -> Iterator[ByteWrite]:
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
        new = read_kept(line.new_bytes_file, line.new_sha256)
        if any(
            now[at : at + SECTOR_BYTES]
            not in {old[at : at + SECTOR_BYTES], new[at : at + SECTOR_BYTES]}
            for at in range(0, len(now), SECTOR_BYTES)
        ):
            raise Refused(
                "LV-UND-03",
                "{path} was changed at byte {offset} by somebody else since. The old bytes are not "
                "written over that; they are kept in {file}.",
                path=line.path,
                offset=line.offset_bytes,
                file=str(line.old_bytes_file),
            )
        if now != old:
            yield ByteWrite(
                path=line.path,
                device_identity=line.device_identity,
                offset_bytes=line.offset_bytes,
                old=now,
                new=old,
                stem=f"bytes{number}",
                purpose=message(
                    "Take line {number} back: the old bytes at byte {offset} of {path}",
                    number=number + 1,
                    offset=line.offset_bytes,
                    path=line.path,
                ),
            )
