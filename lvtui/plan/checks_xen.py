"""Preflight of an SR: what XenServer itself may do to the disk meanwhile. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.message import Message, message
from lvtui.plan.check import Check, Word, XenFacts


def xen_checks(xen: XenFacts | None) -> Iterator[Check]:
    """Auto-scan, collector, plugs, HA, running VMs; nothing outside an SR."""
    if xen is None:
        return
    yield _asked(
        "LV-CHK-40",
        None if xen.auto_scan is None else not xen.auto_scan,
        (
            message("SR auto-scan is off"),
            message("SR auto-scan is on: xapi rescans it every 30 s"),
            message("whether auto-scan is on: xe does not answer"),
        ),
        message("A scan starts the collector, and that overwrites freed extents."),
        fix=message("xe sr-param-set uuid=SR other-config:auto-scan=false"),
    )
    busy = xen.gc_running
    yield _asked(
        "LV-CHK-41",
        None if busy is None else not busy,
        (
            message("no collector at work"),
            message("the SR's collector is at work: {what}", what=(busy or ("",))[0]),
            message("whether the collector runs could not be asked"),
        ),
        message("It removes and merges volumes by itself while you work."),
        stop_reads=True,
    )
    one = None if xen.plugged_hosts is None else xen.plugged_hosts <= 1
    yield _asked(
        "LV-CHK-42",
        one,
        (
            message("SR plugged on this host only"),
            message(
                "SR plugged on {n} of {all} hosts",
                n=xen.plugged_hosts or 0,
                all=xen.host_count or 0,
            ),
            message("on which hosts the SR is plugged: xe does not answer"),
        ),
        message("Another host can write to the group at any moment."),
    )
    yield _asked(
        "LV-CHK-43",
        None if xen.ha_enabled is None else not xen.ha_enabled,
        (
            message("HA is off"),
            message("HA is on"),
            message("whether HA is on: xe does not answer"),
        ),
        message("HA may start VMs, or fence this host, while the disk is held still."),
    )
    yield _asked(
        "LV-CHK-44",
        None if xen.vms_running is None else xen.vms_running == 0,
        (
            message("no running VM uses this SR"),
            message("{n} running VMs use this SR. Reading is safe.", n=xen.vms_running or 0),
            message("whether VMs use this SR: xe does not answer"),
        ),
        message("A running VM can make its volume grow: LVM writes then."),
    )


def _asked(
    code: str,
    good: bool | None,  # noqa: FBT001 - an answer, with a third value
    said: tuple[Message, Message, Message],
    reason: Message,
    *,
    fix: Message | None = None,
    stop_reads: bool = False,
) -> Check:
    """A question to xapi; `said` when it is fine, bad (B and C stop), or not answered."""
    if good is None:
        reads, writes, fact = Word.UNKNOWN, Word.UNKNOWN, said[2]
    elif good:
        reads, writes, fact = Word.OK, Word.OK, said[0]
    else:
        reads, writes, fact = (Word.STOP if stop_reads else Word.WARN), Word.STOP, said[1]
    return Check(
        code=code,
        reads=reads,
        writes=writes,
        fact=fact,
        reason=reason,
        fix=fix if good is False else None,
    )
