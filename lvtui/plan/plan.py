"""A plan as a value: its lines, what must hold before each, the token that approves it.

A plan is stored in the case, shown as it is, and run by `flow.execute` only. Its hash covers
everything that it does; the token is made of the hash, so that no other plan can be approved by it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.errors import CheckStop
from lvtui.message import Message
from lvtui.plan.command import (
    ByteGuard,
    Check,
    Command,
    Effect,
    FileEffect,
    Patch,
    Prove,
    Save,
    Target,
)
from lvtui.plan.facts import DeviceIdentity
from lvtui.plan.stored import encode

PLAN_SCHEMA = "lvtui.plan/1"
TOKEN_DIGITS = 4

Line = Command | Patch | FileEffect | Save | Prove | Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A question to a tool, and what its answer must or must not hold."""

    command: Command
    must: str | None
    """A pattern that stdout must match somewhere; None: the exit code alone counts."""
    must_not: str | None
    purpose: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGuard:
    """Every metadata area is exactly at a stage: 0 as saved, n after the n-th restore."""

    stage: int


AnyGuard = Guard | ByteGuard | StageGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line and what must hold right before it."""

    line: Line
    guards: tuple[AnyGuard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPlace:
    """A metadata area that the plan touches, and where its bytes from before are kept."""

    path: str
    device_identity: str
    offset_bytes: int
    length_bytes: int
    sha256: str
    """As the plan saw it."""
    saved_in: str
    """File in the case, written by a `Save` line."""
    saved_at_bytes: int
    """Where in that file the area begins."""
    relabelled: str | None = None
    """The uuid of a PV whose label is made again: then this is all that stands before its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A text for vgcfgrestore, kept in the case."""

    path: str
    sha256: str
    seqno: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, all of it, in order."""

    kind: str
    """`b`, `c`, `undo`, `label`."""
    title: Message
    source: str
    """SOURCE as it was given."""
    vg_name: str
    vg_uuid: str
    steps: tuple[Step, ...]
    areas: tuple[AreaPlace, ...]
    texts: tuple[TextFile, ...]
    """What each restore is given: stage 1, 2, …"""
    notes: tuple[Message, ...] = ()
    """What the confirm page must say: neutral names, what is left out on this host."""
    undoes: str | None = None
    """Folder of the plan that this one undoes."""
    lock_file: str | None = None
    """LVM's lock of the group, held while a Patch runs."""

    @property
    def hash(self) -> str:
        """Hex sha256 over everything in it."""
        text = json.dumps(encode(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def token(self, position: int = 0) -> str:
        """The four digits that approve the lines from `position` on."""
        digest = hashlib.sha256(f"{self.hash}/{position}".encode()).digest()
        return f"{int.from_bytes(digest[:8]) % 10**TOKEN_DIGITS:0{TOKEN_DIGITS}d}"

    def writes(self) -> Iterator[int]:
        """Numbers of the lines that write to the source or destroy."""
        return (number for number, step in enumerate(self.steps) if needs_token(step.line))


def needs_token(line: Line) -> bool:
    """Whether the line writes to the source, or destroys."""
    if isinstance(line, Command):
        writes_source = line.effect is not Effect.READS and line.target is Target.SOURCE
        return writes_source or line.effect is Effect.DESTROYS
    return isinstance(line, Patch)


def effect_of(line: Line) -> tuple[Effect, Target]:
    """What the line does, and to what."""
    if isinstance(line, Command):
        return line.effect, line.target
    if isinstance(line, Patch):
        return Effect.WRITES, Target.SOURCE
    if isinstance(line, Save | FileEffect):
        return Effect.WRITES, Target.CASE
    return Effect.READS, Target.NOTHING


@dataclass(frozen=True, slots=True)
class Approval:
    """That an operator typed the token of this plan: only `approve` makes one that covers it."""

    plan_hash: str
    patches: frozenset[Patch]

    def covers(self, patch: Patch) -> bool:
        """Whether the line belongs to the approved plan."""
        return patch in self.patches


def approve(plan: Plan, token: str, position: int = 0) -> Approval:
    """Take the operator's digits.

    Raises:
        CheckStop: `LV-PLN-01`, they are not this plan's.
    """
    if not secrets.compare_digest(token.encode(), plan.token(position).encode()):
        raise CheckStop(
            "LV-PLN-01",
            "The token {given} is not that of this plan. Nothing was changed. Read the plan again: "
            "its token stands at its end.",
            given=token,
        )
    patches = frozenset(step.line for step in plan.steps if isinstance(step.line, Patch))
    return Approval(plan.hash, patches)


ANY_HEAD = "*"
"""Instead of a head's hash: the plan itself writes the first 4 KiB."""


def identity_text(identity: DeviceIdentity, *, any_head: bool = False) -> str:
    """An identity as one comparable word."""
    place = identity.rdev or identity.inode
    head = ANY_HEAD if any_head else identity.head_sha256
    return f"{identity.kind} {place} {identity.size_bytes} {head}"


def is_device(identity: DeviceIdentity, wanted: str) -> bool:
    """Whether a device is the one that a plan means."""
    return wanted == identity_text(identity, any_head=wanted.endswith(f" {ANY_HEAD}"))
