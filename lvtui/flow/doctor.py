"""`lvtui doctor`: what this host has of what lvtui needs; reads only."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.errors import LvtuiError
from lvtui.host.case import cases_home, check_home
from lvtui.host.paths import is_folder, is_root
from lvtui.host.probe import has_device_mapper
from lvtui.host.runner import LVM_MASTER, SystemRunner
from lvtui.lvm.releases import parse_release, quirks_of
from lvtui.message import Message, message
from lvtui.plan.command import Command, Effect, Outcome, Runner, Target

TOOLS = ("vgcfgrestore", "lvchange", "lvs", "vgs", "lvdisplay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact of this host."""

    what: str
    state: str
    """`OK`, `WARN`, `STOP` or `?`."""
    fact: Message


def examine_host(runner: Runner | None = None) -> tuple[Finding, ...]:
    """Tools, kernel, rights, the place of cases."""
    runner = runner or SystemRunner()
    return (
        _rights(),
        *_lvm(runner),
        _mapper(),
        _master(),
        _xe(runner),
        _home(),
    )


def _ask(runner: Runner, *argv: str) -> Outcome:
    return runner.run(
        Command(
            argv=argv,
            purpose=message("Ask {tool}", tool=argv[0]),
            effect=Effect.READS,
            target=Target.NOTHING,
            timeout_seconds=15.0,
        )
    )


def _rights() -> Finding:
    if is_root():
        return Finding(what="root", state="OK", fact=message("lvtui runs as root"))
    return Finding(
        what="root",
        state="WARN",
        fact=message("not root: images can be read, disks and plans that write cannot"),
    )


def _lvm(runner: Runner) -> list[Finding]:
    said = _ask(runner, "lvm", "version")
    release = parse_release(said.stdout.decode("utf-8", "replace"))
    if release is None:
        fact = message("no LVM tools: ways B and C are closed on this host, way A is not")
        return [Finding(what="lvm", state="WARN", fact=fact)]
    shown = ".".join((str(release[0]), f"{release[1]:02}", str(release[2])))
    found = [Finding(what="lvm", state="OK", fact=message("release {release}", release=shown))]
    found += [
        Finding(what="lvm", state="WARN", fact=message("{quirk}", quirk=str(quirk.what)))
        for quirk in quirks_of(release)
    ]
    return found


def _mapper() -> Finding:
    if has_device_mapper():
        return Finding(what="device-mapper", state="OK", fact=message("this kernel maps volumes"))
    return Finding(
        what="device-mapper",
        state="WARN",
        fact=message("this kernel does not map volumes: nothing is activated here"),
    )


def _master() -> Finding:
    if is_folder(str(LVM_MASTER)):
        fact = message("{path} is used for every LVM command", path=str(LVM_MASTER))
    else:
        fact = message("{path} is not there: LVM's usual configuration", path=str(LVM_MASTER))
    return Finding(what="lvm config", state="OK", fact=fact)


def _xe(runner: Runner) -> Finding:
    said = _ask(runner, "xe", "host-list", "--minimal")
    if said.exit_code is None:
        return Finding(what="xe", state="OK", fact=message("no xe: this is no XenServer host"))
    if said.exit_code != 0:
        return Finding(what="xe", state="WARN", fact=message("xe is there and does not answer"))
    return Finding(what="xe", state="OK", fact=message("xe answers"))


def _home() -> Finding:
    home = cases_home()
    try:
        check_home(home, frozenset())
    except LvtuiError as error:
        return Finding(what="cases", state="STOP", fact=error.message)
    return Finding(what="cases", state="OK", fact=message("kept in {path}", path=str(home)))
