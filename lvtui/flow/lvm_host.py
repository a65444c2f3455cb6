"""What a recipe must know of this host's LVM: asked by commands that only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lvtui.host.probe import has_device_mapper
from lvtui.lvm.releases import parse_release
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Runner, Target
from lvtui.plan.lvm_call import LvmHost, query

_ACTIVE_AT = 4


def probe_lvm(runner: Runner, pv_paths: Sequence[str], vg_name: str) -> LvmHost:
    """Release, device-mapper, and whether LVs of the group are active."""
    said = runner.run(
        Command(
            argv=("lvm", "version"),
            purpose=message("Ask LVM for its release"),
            effect=Effect.READS,
            target=Target.NOTHING,
        )
    )
    host = LvmHost(
        release=parse_release(said.stdout.decode("utf-8", "replace")),
        pv_paths=tuple(pv_paths),
        has_device_mapper=has_device_mapper(),
    )
    argv = ("lvs", "--noheadings", "--options", "lv_attr", vg_name)
    asked = runner.run(query(host, argv, message("Ask LVM which volumes are active")))
    attributes = asked.stdout.decode("ascii", "replace").split()
    return replace(host, has_active=any(a[_ACTIVE_AT : _ACTIVE_AT + 1] == "a" for a in attributes))
