"""What the storage manager's switches of an SR are now; asked through xe, which only reads here."""

from __future__ import annotations

from pathlib import Path

from lvtui.host.copy.jobs import self_argv
from lvtui.host.paths import exists
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Outcome, Runner, Target
from lvtui.plan.recipes.hold import SWITCHES, HoldFacts

_CLEANUPS = ("/opt/xensource/sm/cleanup.py", "/usr/libexec/sm/cleanup")
_LOCKS = "/var/lock/sm"


def hold_facts(runner: Runner, sr_uuid: str, folder: Path) -> HoldFacts | None:
    """The facts; None where there is no xe, or where it does not know the SR."""
    known = _xe(runner, "sr-list", f"uuid={sr_uuid}", "--minimal")
    if known.exit_code != 0 or known.stdout.decode("ascii", "replace").strip() != sr_uuid:
        return None
    attached = _xe(runner, "pbd-list", f"sr-uuid={sr_uuid}", "currently-attached=true", "--minimal")
    pbds = attached.stdout.decode("ascii", "replace").strip()
    return HoldFacts(
        sr_uuid=sr_uuid,
        settings=tuple((key, _setting(runner, sr_uuid, key)) for key in SWITCHES),
        pbds=tuple(pbd for pbd in pbds.split(",") if pbd),
        cleanup=next((path for path in _CLEANUPS if exists(path)), None),
        holder=(*self_argv(), "_hold"),
        lock_file=f"{_LOCKS}/{sr_uuid}/sr",
        state_file=str(folder / "sr-lock.held"),
    )


def _setting(runner: Runner, sr_uuid: str, key: str) -> str | None:
    """A key of other-config; xe answers 1 where it is not set."""
    said = _xe(
        runner, "sr-param-get", f"uuid={sr_uuid}", "param-name=other-config", f"param-key={key}"
    )
    return said.stdout.decode("utf-8", "replace").strip() if said.exit_code == 0 else None


def _xe(runner: Runner, *argv: str) -> Outcome:
    return runner.run(
        Command(
            argv=("xe", *argv),
            purpose=message("Ask xapi"),
            effect=Effect.READS,
            target=Target.NOTHING,
        )
    )
