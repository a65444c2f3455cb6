"""A lost label made again: `pvcreate --uuid --restorefile`, then the restore; both proven at the end.

pvcreate writes the label and clears the first 4 KiB of the metadata area (facts/lvm.md 1.6): all that
stands before the data is kept first, and put back by undo.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.message import message
from lvtui.plan.command import FileEffect, Prove, Target
from lvtui.plan.lvm_call import LvmHost, change, rehearse
from lvtui.plan.plan import AnyGuard, Guard, StageGuard, Step, TextFile


def relabel(
    host: LvmHost,
    *,
    vg_name: str,
    pvs: tuple[tuple[str, str], ...],
    text: TextFile,
    guards: tuple[Guard, ...],
) -> Iterator[Step]:
    """The lines; `pvs` are (uuid, path) of those without a label."""
    yield Step(
        line=FileEffect(
            path=text.path,
            content_sha256=text.sha256,
            purpose=message("The text that LVM is given"),
        )
    )
    first: tuple[AnyGuard, ...] = (StageGuard(stage=0), *guards)
    for number, (uuid, path) in enumerate(pvs):
        argv = ("--uuid", uuid, "--restorefile", text.path, path)
        yield Step(
            line=rehearse(
                host,
                ("pvcreate", "--test", *argv),
                message("Rehearse the label of {path}: nothing is written", path=path),
                text.path,
            ),
            guards=first if number == 0 else guards,
        )
        yield Step(
            line=change(
                host,
                ("pvcreate", *argv),
                message("Make the label of {path} again, with its old uuid", path=path),
                target=Target.SOURCE,
                inputs=(text.path,),
            ),
            guards=first if number == 0 else guards,
        )
    files = ("--file", text.path, vg_name)
    yield Step(
        line=rehearse(
            host,
            ("vgcfgrestore", "--test", *files),
            message("Rehearse: LVM reads and checks the text, and writes nothing"),
            text.path,
        )
    )
    yield Step(
        line=change(
            host,
            ("vgcfgrestore", *files),
            message("Restore the metadata of {vg}", vg=vg_name),
            target=Target.SOURCE,
            inputs=(text.path,),
        ),
        guards=guards,
    )
    yield Step(
        line=Prove(
            stage=1,
            purpose=message(
                "Read label and metadata again: version {seqno}, the volumes in it",
                seqno=text.seqno + 1,
            ),
        )
    )
