"""Ways B and C: merged text, rehearsal, vgcfgrestore, proof; values in, lines out."""

from __future__ import annotations

from lvtui.lvm.releases import has_quirk
from lvtui.message import Message, message
from lvtui.plan.command import Check, FileEffect, Prove, Target
from lvtui.plan.lvm_call import LvmHost, change, query, rehearse
from lvtui.plan.plan import AnyGuard, Guard, StageGuard, Step, TextFile


def same_group(host: LvmHost, vg_name: str, vg_uuid: str, seqno: int) -> Guard:
    """LVM sees the same group at the same version."""
    argv = ("vgs", "--noheadings", "--separator", ",", "--options", "vg_uuid,vg_seqno", vg_name)
    return Guard(
        command=query(host, argv, message("Ask LVM for the group's version")),
        must=f"^ *{vg_uuid},{seqno} *$",
        must_not=None,
        purpose=message("LVM must see {vg} at version {seqno}", vg=vg_name, seqno=seqno),
    )


def nothing_open(host: LvmHost, vg_name: str) -> Guard:
    """No LV of the group is in use."""
    argv = ("lvs", "--noheadings", "--separator", ",", "--options", "lv_name,lv_attr", vg_name)
    return Guard(
        command=query(host, argv, message("Ask LVM which volumes are in use")),
        must=None,
        # X: LVM could not ask the kernel; without device-mapper nothing can be open.
        must_not=",.{5}[oX]" if host.has_device_mapper else ",.{5}o",
        purpose=message("no volume of {vg} may be in use", vg=vg_name),
    )


def restore(
    host: LvmHost,
    *,
    vg_name: str,
    vg_uuid: str,
    text: TextFile,
    stage: int,
    purpose: Message,
    extra_guards: tuple[Guard, ...] = (),
) -> tuple[Step, ...]:
    """Text → rehearsal → vgcfgrestore → proof."""
    guards: tuple[AnyGuard, ...] = (
        StageGuard(stage=stage - 1),
        same_group(host, vg_name, vg_uuid, text.seqno),
        nothing_open(host, vg_name),
        *extra_guards,
    )
    files = ("--file", text.path, vg_name)
    forced = host.has_active and has_quirk(host.release, "asks-when-active")
    yes = ("--yes",) if forced else ()
    return (
        Step(
            line=FileEffect(
                path=text.path,
                content_sha256=text.sha256,
                purpose=message("The text that LVM is given"),
            )
        ),
        Step(
            line=rehearse(
                host,
                ("vgcfgrestore", "--test", *yes, *files),
                message("Rehearse: LVM reads and checks the text, and writes nothing"),
                text.path,
            ),
            guards=guards,
        ),
        Step(
            line=change(
                host,
                ("vgcfgrestore", *yes, *files),
                purpose,
                target=Target.SOURCE,
                inputs=(text.path,),
            ),
            guards=guards,
        ),
        Step(
            line=Prove(
                stage=stage,
                purpose=message(
                    "Read every metadata area again: version {seqno}, the volumes in it, and "
                    "nothing else changed",
                    seqno=text.seqno + 1,
                ),
            )
        ),
    )


def show(host: LvmHost, vg_name: str, names: tuple[str, ...]) -> tuple[Step, ...]:
    """`lvdisplay`, as an operator knows it."""
    return tuple(
        Step(
            line=query(
                host,
                ("lvdisplay", f"{vg_name}/{name}"),
                message("Show {name} as LVM sees it", name=name),
                expect=name,
            )
        )
        for name in names
    )


def check_content(check: Check) -> Step:
    """What was kept of the volumes is still where it was."""
    return Step(line=check)
