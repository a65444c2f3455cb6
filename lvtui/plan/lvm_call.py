"""The only place where an LVM command line is made.

Every query forbids LVM to write (up to 2.02 even `lvs` writes repairs); every write allows it for
itself, and both see the group's own PVs only, so that a clone or a guest's PV is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lvtui.lvm.releases import Release, has_quirk
from lvtui.message import Message
from lvtui.plan.command import Command, Effect, Target

RESTORE_SECONDS = 900.0
"""LVM waits for locks; a restore that is killed in the middle is worse than one that waits."""
_ODD = re.compile(r"[^A-Za-z0-9/_-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LvmHost:
    """What a recipe must know of this host's LVM."""

    release: Release | None
    """None: `lvm version` did not tell."""
    pv_paths: tuple[str, ...]
    """The devices of the group."""
    has_device_mapper: bool
    has_active: bool = False
    """Whether LVs of the group are active (none of them open)."""


def config(host: LvmHost, *, writes: bool) -> str:
    """The value of `--config`."""
    # Any odd character of a path stands as a dot: one character of any kind, none that needs quoting.
    names = ", ".join(f'"a|^{_ODD.sub(".", path)}$|"' for path in host.pv_paths)
    kept = f'[ {names}, "r|.*|" ]'
    devices = [f"filter = {kept}"]
    if has_quirk(host.release, "global-filter"):
        devices.append(f"global_filter = {kept}")
    if host.release is not None and has_quirk(host.release, "devices-file"):
        devices.append("use_devicesfile = 0")
    return f"devices {{ {' '.join(devices)} }} global {{ metadata_read_only = {int(not writes)} }}"


def query(host: LvmHost, argv: tuple[str, ...], purpose: Message, **how: str) -> Command:
    """A command that only reads: `argv[0]` is the tool, `how` may hold `expect`."""
    return Command(
        argv=(argv[0], "--config", config(host, writes=False), *argv[1:]),
        purpose=purpose,
        effect=Effect.READS,
        target=Target.NOTHING,
        expect=how.get("expect"),
    )


def change(
    host: LvmHost,
    argv: tuple[str, ...],
    purpose: Message,
    *,
    target: Target,
    undo: tuple[str, ...] | None = None,
    inputs: tuple[str, ...] = (),
) -> Command:
    """A command that changes the kernel's tables, or the metadata on the source."""
    return Command(
        argv=(argv[0], "--config", config(host, writes=target is Target.SOURCE), *argv[1:]),
        purpose=purpose,
        effect=Effect.WRITES,
        target=target,
        undo=undo,
        inputs=inputs,
        timeout_seconds=RESTORE_SECONDS,
    )


def rehearse(host: LvmHost, argv: tuple[str, ...], purpose: Message, file: str) -> Command:
    """`vgcfgrestore --test`: writes nothing, but needs the right to."""
    return Command(
        argv=(argv[0], "--config", config(host, writes=True), *argv[1:]),
        purpose=purpose,
        effect=Effect.READS,
        target=Target.NOTHING,
        inputs=(file,),
        timeout_seconds=RESTORE_SECONDS,
    )
