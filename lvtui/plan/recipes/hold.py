"""Hold-off: the storage manager lets an SR alone while it is worked on, and gets its settings back.

Each change is a line with its undo; what was set before is in the facts, so that it is put back exactly
(facts/xenserver.md 2.4). Parameters as in xe's own table (`other-config:KEY=VALUE`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.message import Message, message
from lvtui.plan.command import Command, Effect, Target
from lvtui.plan.plan import Guard, Step

SWITCHES = ("gc", "leaf-coalesce", "auto-scan")
_XE_SECONDS = 300.0
_LOCK_SECONDS = 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """An SR and its switches as they are."""

    sr_uuid: str
    settings: tuple[tuple[str, str | None], ...]
    """(key of other-config, its value; None: not set)."""
    pbds: tuple[str, ...]
    """Those that are attached: while any is, the lock is needed."""
    cleanup: str | None
    """Path of the storage manager's collector."""
    holder: tuple[str, ...]
    """How lvtui's holder is called."""
    lock_file: str
    state_file: str


def hold(facts: HoldFacts) -> Iterator[Step]:
    """Switches off, the running collector ended, the lock taken."""
    for key, before in facts.settings:
        if before == "false":
            continue
        yield Step(
            line=_xe(
                _set(facts, key, "false"),
                message(
                    "Switch {key} off for this SR (was: {value})", key=key, value=before or "-"
                ),
                undo=_back(facts, key, before),
            )
        )
    if facts.cleanup is not None and facts.pbds:
        yield Step(
            line=_xe(
                (facts.cleanup, "-u", facts.sr_uuid, "-a"),
                message("End the collector's run on this SR"),
            )
        )
    if facts.pbds:
        yield Step(
            line=Command(
                argv=(*facts.holder, "take", facts.lock_file, facts.state_file),
                purpose=message("Take the storage manager's lock of this SR"),
                effect=Effect.WRITES,
                target=Target.KERNEL,
                undo=(*facts.holder, "drop", facts.state_file),
                timeout_seconds=_LOCK_SECONDS,
            )
        )


def held(facts: HoldFacts) -> tuple[Guard, ...]:
    """What must hold before each line that writes."""
    if not facts.pbds:
        return ()
    return (
        Guard(
            command=Command(
                argv=(*facts.holder, "check", facts.state_file),
                purpose=message("Ask whether the lock is still held"),
                effect=Effect.READS,
                target=Target.NOTHING,
            ),
            must=None,
            must_not=None,
            purpose=message("the storage manager's lock of this SR must be held"),
        ),
    )


def release(facts: HoldFacts) -> Iterator[Step]:
    """The lock first, then the switches as they were."""
    if facts.pbds:
        yield Step(
            line=Command(
                argv=(*facts.holder, "drop", facts.state_file),
                purpose=message("Give the storage manager's lock back"),
                effect=Effect.WRITES,
                target=Target.KERNEL,
            )
        )
    for key, before in reversed(facts.settings):
        if before != "false":
            yield Step(
                line=_xe(
                    _back(facts, key, before),
                    message("Put {key} back (to: {value})", key=key, value=before or "not set"),
                )
            )


def scan(facts: HoldFacts) -> Iterator[Step]:
    """The SR finds the volume again; only where it is attached."""
    if facts.pbds:
        yield Step(
            line=_xe(
                ("xe", "sr-scan", f"uuid={facts.sr_uuid}"),
                message("Scan the SR: the disk is back under its old uuid"),
            )
        )


def _set(facts: HoldFacts, key: str, value: str) -> tuple[str, ...]:
    return ("xe", "sr-param-set", f"uuid={facts.sr_uuid}", f"other-config:{key}={value}")


def _back(facts: HoldFacts, key: str, before: str | None) -> tuple[str, ...]:
    if before is not None:
        return _set(facts, key, before)
    uuid = f"uuid={facts.sr_uuid}"
    return ("xe", "sr-param-remove", uuid, "param-name=other-config", f"param-key={key}")


def _xe(argv: tuple[str, ...], purpose: Message, undo: tuple[str, ...] | None = None) -> Command:
    return Command(
        argv=argv,
        purpose=purpose,
        effect=Effect.WRITES,
        target=Target.XAPI,
        undo=undo,
        timeout_seconds=_XE_SECONDS,
    )
