"""Ways B and C: from SOURCE and the wanted volumes to a plan in a case. Writes nothing but the case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lvtui.flow.cases import case_for_jobs
from lvtui.flow.discover import Discovery
from lvtui.flow.holding import hold_facts
from lvtui.flow.lvm_host import probe_lvm
from lvtui.flow.making import PlanMaker
from lvtui.flow.plans import StoredPlan, folder_for, store_plan, stored_plans
from lvtui.flow.target import Closed, Target, find_target
from lvtui.flow.unhiding import Unhiding, find_unhiding
from lvtui.host.case import OpenCase
from lvtui.host.runner import SystemRunner
from lvtui.lvm.merge import Conflict, Merged, merge, rename
from lvtui.lvm.model import Section, Statement
from lvtui.message import message
from lvtui.plan.command import Runner
from lvtui.units import MiB
from lvtui.xen.names import VolumeRole, parse_group

BACKUP_FOLDER = "/etc/lvm/backup"
_MGT_BYTES = 4 * MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan in its case, or why there is none."""

    stored: StoredPlan | None
    case_dir: Path | None
    conflicts: tuple[Conflict, ...]


def plan_way(
    discovery: Discovery,
    names: Sequence[str],
    way: str,
    *,
    at: str | None = None,
    case: str | None = None,
    runner: Runner | None = None,
) -> Planned:
    """Make the plan of way `b` or `c` and keep it in a case.

    Raises:
        LvtuiError: an LV is not found, the case cannot be made.
    """
    found = _open_way(discovery, names, way, at)
    if not isinstance(found, _Open):
        return Planned(stored=None, case_dir=None, conflicts=found)
    target, merged, final, unhiding = found.target, found.merged, found.final, found.unhiding
    runner = runner or SystemRunner()
    host = probe_lvm(runner, [pv.source.path for pv in target.pvs], target.current.name)
    case_dir = case_for_jobs((), case, target.discovery)
    with OpenCase(case_dir) as opened:
        folder = folder_for(case_dir, way)
        sr_uuid = parse_group(target.current.name).sr_uuid
        holding = hold_facts(runner, sr_uuid, folder) if sr_uuid is not None else None
        plan = PlanMaker(target, host, folder, way, holding).plan(merged, final, unhiding)
        store_plan(opened, folder, plan)
    stored = next(one for one in stored_plans(case_dir) if one.folder == folder)
    return Planned(stored=stored, case_dir=case_dir, conflicts=())


def conflicts_of(
    discovery: Discovery, names: Sequence[str], way: str, *, at: str | None = None
) -> tuple[Conflict, ...]:
    """Why way `b` or `c` is closed; nothing where it is open. Nothing is written, no tool is asked.

    Raises:
        LvtuiError: an LV is not found.
    """
    found = _open_way(discovery, names, way, at)
    return () if isinstance(found, _Open) else found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A way that nothing speaks against."""

    target: Target
    merged: Merged
    final: Merged | None
    unhiding: tuple[Unhiding, ...]


def _open_way(
    discovery: Discovery, names: Sequence[str], way: str, at: str | None
) -> _Open | tuple[Conflict, ...]:
    target = find_target(discovery, names, at=at)
    if isinstance(target, Closed):
        return target.conflicts
    merged = merge(
        target.current,
        target.current_text,
        [one.graft for one in target.back],
        text_bytes_max=target.text_bytes_max,
    )
    final = _final(target, merged, way)
    conflicts = [*target.conflicts, *merged.conflicts, *(final.conflicts if final else ())]
    unhiding: tuple[Unhiding, ...] = ()
    if way == "c":
        conflicts += _closed_for_c(target)
        if not conflicts:
            unhiding, against = find_unhiding(target)
            conflicts += against
    if conflicts:
        return tuple(dict.fromkeys(conflicts))
    return _Open(target=target, merged=merged, final=final, unhiding=unhiding)


def _final(target: Target, merged: Merged, way: str) -> Merged | None:
    """Way C's second text: the same group, one version on, final names."""
    if way != "c" or merged.vg is None:
        return None
    seqno = merged.vg.seqno + 1
    section = merged.vg.section
    children = tuple(
        Statement("seqno", seqno)
        if isinstance(child, Statement) and child.key == "seqno"
        else child
        for child in section.children
    )
    restored = replace(merged.vg, seqno=seqno, section=Section(section.name, children))
    return rename(
        restored, [one.final for one in target.back], text_bytes_max=target.text_bytes_max
    )


def _closed_for_c(target: Target) -> Iterator[Conflict]:
    if not parse_group(target.current.name).is_lvm_sr:
        yield Conflict(
            code="LV-WAY-20",
            message=message(
                "{vg} is no storage repository: way C is not offered. Way B restores the volume "
                "under its own name.",
                vg=target.current.name,
            ),
        )
    if any(pv.label_lost for pv in target.pvs):
        yield Conflict(
            code="LV-WAY-25",
            message=message(
                "A PV of {vg} has lost its label. Take way B: it makes the label again first.",
                vg=target.current.name,
            ),
        )
    for one in target.back:
        if one.role is VolumeRole.QCOW2:
            yield Conflict(
                code="LV-WAY-21",
                message=message(
                    "{lv} is a QCOW2 volume: how it is hidden is not known to lvtui. Take way A or B.",
                    lv=one.lv.name,
                ),
            )
