"""Plans put together from recipes, each kept as a script in `data/plans`.

`python -m tests.plan.plans` writes the files anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.lvm.mapping import MappedRange
from lvtui.message import message
from lvtui.plan.lvm_call import LvmHost
from lvtui.plan.plan import AnyGuard, AreaPlace, Plan, StageGuard, Step, TextFile
from lvtui.plan.recipes.activate import activate, deactivate
from lvtui.plan.recipes.evidence import PvEvidence, Sample, evidence
from lvtui.plan.recipes.hold import HoldFacts, held, hold, release, scan
from lvtui.plan.recipes.restore import nothing_open, restore, show
from lvtui.plan.recipes.undo import (
    AreaChange,
    area_writes,
    backup_back,
    keep_areas,
    kept_places,
    prove_old,
)
from lvtui.plan.recipes.unhide import unhide
from lvtui.plan.recipes.writes import write_steps
from lvtui.plan.script import script_of
from lvtui.rescue.unhide import FooterWrite
from lvtui.source import ByteRange
from tests.lvm.groups import PV0, Vg, lv
from tests.rings import RingMaker
from tests.sources import ROOT

FILES = ROOT / "tests" / "data" / "plans"
VG_UUID = "TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP"
SR = "a1744b5b-cc65-ac9a-390c-8cfacf2cc191"
VG = f"VG_XenStorage-{SR}"
VDI = "6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89"
NEUTRAL = f"lvtui-{VDI}"
CASE = "/var/lib/lvtui/case-8a11/plans/01"
IDENTITY = "block 8:16 1000204886016 0"
DISK = "/dev/disk/by-id/scsi-3600a098038304437"
MIB = 1 << 20

OLD_HOST = LvmHost(release=(2, 2, 84), pv_paths=(DISK,), has_device_mapper=True)
ACTIVE_HOST = LvmHost(
    release=(2, 2, 180), pv_paths=(DISK, "/dev/sdc"), has_device_mapper=True, has_active=True
)
NEW_HOST = LvmHost(release=(2, 3, 16), pv_paths=(DISK,), has_device_mapper=True)
HOLDING = HoldFacts(
    sr_uuid=SR,
    settings=(("gc", None), ("leaf-coalesce", "false"), ("auto-scan", "true")),
    pbds=("0c1b-pbd",),
    cleanup="/opt/xensource/sm/cleanup.py",
    holder=("lvtui", "_hold"),
    lock_file=f"/var/lock/sm/{SR}/sr",
    state_file=f"{CASE}/sr-lock.held",
)
AREA = AreaPlace(
    path=DISK,
    device_identity=IDENTITY,
    offset_bytes=4096,
    length_bytes=11 * MIB - 4096,
    sha256="0" * 64,
    saved_in=f"{CASE}/evidence/pv0-head.bin",
    saved_at_bytes=4096,
)


def _text(name: str, seqno: int) -> TextFile:
    return TextFile(path=f"{CASE}/{name}", sha256=f"{seqno:064x}", seqno=seqno)


def _kept() -> tuple[Step, ...]:
    pv = PvEvidence(
        number=0,
        path=DISK,
        device_identity=IDENTITY,
        head_bytes=11 * MIB,
        other_areas=(ByteRange(64 * MIB, 10 * MIB),),
    )
    sample = Sample(
        path=DISK,
        device_identity=IDENTITY,
        offset_bytes=15 * MIB,
        length_bytes=4 * MIB,
        name=f"VHD-{VDI}-at-0",
    )
    return evidence(
        f"{CASE}/evidence", [pv], [sample], backup_file=f"/etc/lvm/backup/{VG}", has_xe=True
    )


def _restore(host: LvmHost, stage: int, *, is_held: bool) -> tuple[Step, ...]:
    return restore(
        host,
        vg_name=VG,
        vg_uuid=VG_UUID,
        text=_text("merged.vg", 4 + stage),
        stage=stage,
        purpose=message("Restore the merged metadata"),
        extra_guards=held(HOLDING) if is_held else (),
    )


def _plan(kind: str, steps: Iterator[Step], stages: int) -> Plan:
    return Plan(
        kind=kind,
        title=message("Way {way}", way=kind),
        source=DISK,
        vg_name=VG,
        vg_uuid=VG_UUID,
        steps=tuple(steps),
        areas=(AREA,),
        texts=tuple(_text("merged.vg", 5 + stage) for stage in range(stages)),
        notes=(message("{lv} comes back as {name} first.", lv=f"VHD-{VDI}", name=NEUTRAL),),
        lock_file=f"/run/lock/lvm/V_{VG}",
    )


def _way_b(host: LvmHost) -> Iterator[Step]:
    yield from _kept()
    yield from _restore(host, 1, is_held=False)
    yield from show(host, VG, (NEUTRAL,))
    yield from activate(host, VG, (NEUTRAL,))


def _way_c() -> Iterator[Step]:
    host = NEW_HOST
    yield from _kept()
    yield from hold(HOLDING)
    yield from _restore(host, 1, is_held=True)
    yield from deactivate(host, VG, (NEUTRAL,))
    ranges = (MappedRange(0, 8 * MIB, PV0, 15 * MIB), MappedRange(8 * MIB, 4 * MIB, PV0, 64 * MIB))
    footers = (
        FooterWrite(place="head", offset_bytes=0, old=bytes(512), new=b"h" * 512),
        FooterWrite(place="tail", offset_bytes=12 * MIB - 512, old=bytes(512), new=b"t" * 512),
    )
    writes = unhide(f"VHD-{VDI}", ranges, footers, {PV0: (DISK, IDENTITY)})
    guards: tuple[AnyGuard, ...] = (StageGuard(stage=1), nothing_open(host, VG), *held(HOLDING))
    yield from write_steps(CASE, writes, guards)[0]
    yield from _restore(host, 2, is_held=True)
    yield from release(HOLDING)
    yield from scan(HOLDING)


def _undo() -> Iterator[Step]:
    olds = [Vg(n, lvs=(lv("alpha", 1, (0, 5)),)) for n in (1, 2)]
    maker = RingMaker(1 << 16)
    for one in olds:
        maker.write(one.text)
    maker.point()
    before = bytes(maker.data)
    maker.write(Vg(3, lvs=(lv("alpha", 1, (0, 5)), lv("beta", 2, (5, 5)))).text)
    maker.point()
    change = AreaChange(place=AREA, now=bytes(maker.data), before=before)
    kept = next(
        step.line for step in _kept() if getattr(step.line, "device_identity", IDENTITY) is None
    )
    yield from keep_areas(CASE, [change], kept)  # type: ignore[arg-type] # the Save of a file
    yield from write_steps(CASE, area_writes(0, change))[0]
    yield prove_old([change])
    yield backup_back(kept, b"old backup\n")  # type: ignore[arg-type] # the same
    assert list(kept_places(CASE, [change]))


def plans() -> dict[str, Plan]:
    """By file name."""
    return {
        "b-2.02.84": _plan("b", _way_b(OLD_HOST), 1),
        "b-2.02.180-active": _plan("b", _way_b(ACTIVE_HOST), 1),
        "c-2.03.16": _plan("c", _way_c(), 2),
        "undo": _plan("undo", _undo(), 0),
    }


def main() -> None:
    """Write the files."""
    FILES.mkdir(exist_ok=True)
    for name, plan in plans().items():
        (FILES / f"{name}.sh").write_text(script_of(plan))


if __name__ == "__main__":
    main()
