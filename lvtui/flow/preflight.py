"""The Checks page: facts of this host and of what was read, asked by commands that only read."""

from __future__ import annotations

import re
from pathlib import Path

from lvtui.flow.discover import Discovery
from lvtui.host.holders import holders_of
from lvtui.host.locks import is_locked
from lvtui.host.patch import lock_file_of
from lvtui.host.paths import is_folder
from lvtui.host.probe import destination_facts
from lvtui.host.runner import LVM_MASTER, SystemRunner
from lvtui.lvm.loss import find_trim_helper
from lvtui.lvm.releases import parse_release
from lvtui.message import message
from lvtui.plan.check import Check, CheckFacts, XenFacts
from lvtui.plan.checks import checks_of
from lvtui.plan.command import Command, Effect, Runner, Target
from lvtui.xen.names import parse_group

ASK_SECONDS = 15.0
_COLLECTOR = re.compile(r"(?:/opt/xensource/sm/cleanup\.py|vhd-util coalesce)[^\n]{0,80}")


def preflight(
    discovery: Discovery, case_dir: str | None, *, runner: Runner | None = None
) -> tuple[Check, ...]:
    """Every check, the worst first. Nothing is changed."""
    return checks_of(gather(discovery, case_dir, runner or SystemRunner()))


def gather(discovery: Discovery, case_dir: str | None, runner: Runner) -> CheckFacts:
    """The facts."""
    history = discovery.history
    current = history.current if history is not None else None
    group = current.vg if current is not None else None
    name = (history.vg_name if history is not None else None) or ""
    release = parse_release(_ask(runner, "lvm", "version") or "")
    config = _ask(
        runner,
        *("lvmconfig", "--typeconfig", "full", "global/metadata_read_only"),
        *("devices/issue_discards",),
    )
    holders = [holder for source in discovery.sources for holder in holders_of(source.path)]
    helper = find_trim_helper(history) if history is not None else None
    gaps = [gap for source in discovery.sources for gap in source.gaps]
    copies = current.copies if current is not None else ()
    sr_uuid = parse_group(name).sr_uuid
    own_id = (_ask(runner, "lvm", "systemid") or "").removeprefix("  system ID: ").strip()
    return CheckFacts(
        lvm_release=f"{release[0]}.{release[1]:02}.{release[2]}" if release else None,
        metadata_read_only=_flag(config, "metadata_read_only"),
        issue_discards=_flag(config, "issue_discards"),
        has_master_config=is_folder(str(LVM_MASTER)),
        locked_by=_locks(name),
        open_volumes=tuple(h.name for h in holders if not h.dm_uuid.startswith("mpath-")),
        multipath=tuple(
            source.path
            for source in discovery.sources
            if any(h.dm_uuid.startswith("mpath-") for h in holders_of(source.path))
        ),
        case_dir=case_dir,
        case_free_bytes=destination_facts(case_dir).free_bytes if case_dir is not None else None,
        clock_synchronised=_clock(runner),
        gap_count=len(gaps),
        gap_bytes=sum(gap.length_bytes for gap in gaps),
        trim_seqno=helper.last.seqno if helper is not None else None,
        areas_current=len({(c.device, c.area) for c in copies if c.file is None}),
        areas_all=sum(len(source.areas) for source in discovery.sources),
        exported=group is not None and "EXPORTED" in group.status,
        system_id=group.system_id if group is not None else None,
        own_system_id=own_id or None,
        is_sr=sr_uuid is not None,
        xen=_xen(runner, sr_uuid) if sr_uuid is not None else None,
    )


def _ask(runner: Runner, *argv: str) -> str | None:
    """What a tool says; None where it is not there or refuses."""
    outcome = runner.run(
        Command(
            argv=argv,
            purpose=message("Ask {tool}", tool=argv[0]),
            effect=Effect.READS,
            target=Target.NOTHING,
            timeout_seconds=ASK_SECONDS,
        )
    )
    return outcome.stdout.decode("utf-8", "replace") if outcome.exit_code == 0 else None


def _flag(config: str | None, key: str) -> bool | None:
    found = re.search(rf"\b{key}\s*=\s*([01])\b", config or "")
    return None if found is None else found[1] == "1"


def _locks(vg_name: str) -> tuple[str, ...]:
    own = lock_file_of(vg_name) if vg_name else None
    return (own,) if own is not None and is_locked(Path(own)) else ()


def _clock(runner: Runner) -> bool | None:
    said = _ask(runner, "timedatectl", "show", "--property=NTPSynchronized", "--value")
    if said is None:
        said = _ask(runner, "timedatectl", "status")
        found = re.search(r"NTP synchronized:\s*(yes|no)", said or "")
        return None if found is None else found[1] == "yes"
    return {"yes": True, "no": False}.get(said.strip())


def _xen(runner: Runner, sr_uuid: str) -> XenFacts:
    config = _ask(runner, "xe", "sr-param-get", f"uuid={sr_uuid}", "param-name=other-config")
    plugged = _ask(
        runner,
        *("xe", "pbd-list", f"sr-uuid={sr_uuid}", "currently-attached=true"),
        *("params=host-uuid", "--minimal"),
    )
    hosts = _ask(runner, "xe", "host-list", "--minimal")
    high = _ask(runner, "xe", "pool-list", "params=ha-enabled", "--minimal")
    processes = _ask(runner, "ps", "-eo", "args")
    return XenFacts(
        auto_scan=None if config is None else "auto-scan: true" in config,
        gc_running=None if processes is None else tuple(_COLLECTOR.findall(processes)[:4]),
        plugged_hosts=_count(plugged),
        host_count=_count(hosts),
        ha_enabled=None if high is None else high.strip() == "true",
        vms_running=_running(runner, sr_uuid),
    )


def _count(minimal: str | None) -> int | None:
    return None if minimal is None else len([one for one in minimal.strip().split(",") if one])


def _running(runner: Runner, sr_uuid: str) -> int | None:
    """VMs with a disk of this SR plugged."""
    vdis = _ask(runner, "xe", "vdi-list", f"sr-uuid={sr_uuid}", "params=uuid", "--minimal")
    plugged = _ask(runner, "xe", "vbd-list", "currently-attached=true", "params=vm-uuid,vdi-uuid")
    if vdis is None or plugged is None:
        return None
    mine = set(vdis.strip().split(","))
    found: set[str] = set()
    for block in plugged.split("\n\n"):
        vdi = re.search(r"vdi-uuid[^:\n]*:\s*(\S+)", block)
        vm = re.search(r"vm-uuid[^:\n]*:\s*(\S+)", block)
        if vdi is not None and vm is not None and vdi[1] in mine:
            found.add(vm[1])
    return len(found)
