"""Activation of restored volumes, one by one, and its end."""

from __future__ import annotations

from lvtui.message import message
from lvtui.plan.command import Target
from lvtui.plan.lvm_call import LvmHost, change, config
from lvtui.plan.plan import Step


def activate(host: LvmHost, vg_name: str, names: tuple[str, ...]) -> tuple[Step, ...]:
    """`lvchange -ay` of each; nothing where this kernel has no device-mapper."""
    if not host.has_device_mapper:
        return ()
    return tuple(
        Step(
            line=change(
                host,
                ("lvchange", "--activate", "y", f"{vg_name}/{name}"),
                message("Activate {name}", name=name),
                target=Target.KERNEL,
                undo=_off(host, vg_name, name),
            )
        )
        for name in names
    )


def deactivate(host: LvmHost, vg_name: str, names: tuple[str, ...]) -> tuple[Step, ...]:
    """`lvchange -an` of each."""
    if not host.has_device_mapper:
        return ()
    return tuple(
        Step(
            line=change(
                host,
                ("lvchange", "--activate", "n", f"{vg_name}/{name}"),
                message("Deactivate {name}", name=name),
                target=Target.KERNEL,
            )
        )
        for name in names
    )


def _off(host: LvmHost, vg_name: str, name: str) -> tuple[str, ...]:
    """The line that takes an activation back, as a whole."""
    return (
        "lvchange",
        "--config",
        config(host, writes=False),
        "--activate",
        "n",
        f"{vg_name}/{name}",
    )
