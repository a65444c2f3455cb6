"""Where an image may go: what speaks against a place, and which places to offer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lvtui.flow.discover import Discovery
from lvtui.host.probe import (
    block_device,
    block_devices,
    destination_facts,
    is_blocked,
    is_in_memory,
    places,
)
from lvtui.host.stacking import same_bytes, stack_of
from lvtui.message import Message, message
from lvtui.plan.facts import DestinationFacts
from lvtui.plan.remote import is_remote, parse_remote
from lvtui.units import MiB

RESERVE_BYTES = 64 * MiB


class Severity(StrEnum):
    """Word of a check."""

    OK = "OK"
    WARN = "WARN"
    STOP = "STOP"
    UNKNOWN = "?"


_WORST_FIRST = (Severity.STOP, Severity.UNKNOWN, Severity.WARN, Severity.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a destination, with its code (`LV-DST-03`)."""

    severity: Severity
    code: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRow:
    """A place that the Copy page offers."""

    path: str
    """A folder on a mounted file system."""
    filesystem: str
    free_bytes: int
    finding: Finding
    """Why it is not offered (STOP), or what to know (WARN), or OK."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What the damaged volume group lies on."""

    same: frozenset[str]
    """The sources themselves, and the volume groups on them: nothing may be written there."""
    below: frozenset[str]
    """What they share with others: their disks, the file systems of image files."""


def suggest_destinations(discovery: Discovery, need_bytes: int) -> tuple[DestinationRow, ...]:
    """Mounted file systems with their free space; those that hold the source are STOP."""
    source = _source(discovery)
    return tuple(
        DestinationRow(
            path=place.path,
            filesystem=place.filesystem or "?",
            free_bytes=place.free_bytes or 0,
            finding=_sorted(_findings(source, place, need_bytes))[0],
        )
        for place in places()
    )


def check_destination(discovery: Discovery, to: str, need_bytes: int) -> tuple[Finding, ...]:
    """Everything that speaks against `to`, worst first; empty space needed is sparse-aware.

    A single OK when nothing does.
    """
    if is_remote(to):
        host = parse_remote(to).login
        return (
            _warn(
                "LV-DST-22",
                "lvtui cannot see what {path} stands on, nor how much room is there: {host} must be "
                "another host, with {need:bytes} free where zeros take none.",
                path=to,
                host=host,
                need=need_bytes,
            ),
        )
    facts = destination_facts(to)
    findings = list(_findings(_source(discovery), facts, need_bytes))
    if facts.kind == "folder":
        findings.append(
            _stop("LV-DST-21", "{path} is a folder. Name a file in it.", path=facts.path)
        )
    elif facts.exists and facts.kind == "file":
        findings.append(
            _stop(
                "LV-DST-01",
                "{path} exists. lvtui overwrites no file: choose another name, or move it away.",
                path=facts.path,
            )
        )
    return _sorted(findings)


def _sorted(findings: Iterator[Finding] | list[Finding]) -> tuple[Finding, ...]:
    found = sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))
    if not found:
        found = [Finding(Severity.OK, "LV-DST-00", message("Nothing speaks against it."))]
    return tuple(found)


def _source(discovery: Discovery) -> _Source:
    same: set[str] = set()
    below: set[str] = set()
    for source in discovery.sources:
        same |= same_bytes(source.path)
        below |= stack_of(source.path)
    same |= {
        f"v:{history.vg_uuid.replace('-', '')}"
        for history in discovery.histories
        if history.vg_uuid
    }
    return _Source(frozenset(same), frozenset(below - same))


def _findings(source: _Source, facts: DestinationFacts, need_bytes: int) -> Iterator[Finding]:
    if facts.stacked_on & source.same:
        yield _stop(
            "LV-DST-03",
            "{path} lies on the damaged disk or volume group. Writing there could destroy what is "
            "to be recovered. Choose a place on another disk.",
            path=facts.path,
        )
    elif facts.stacked_on & source.below:
        yield _warn(
            "LV-DST-08",
            "{path} shares a disk or a file system with the source. It works, but both wear the "
            "same disk, and its failure takes both.",
            path=facts.path,
        )
    yield from _kind(facts, need_bytes)
    if facts.kind in {"file", "folder"} and facts.parent_exists:
        yield from _space(facts, need_bytes)


def _device(facts: DestinationFacts, need_bytes: int) -> Iterator[Finding]:
    """A device that nothing uses may be written where it is blank: the worker proves each sector."""
    device = block_device(facts.path)
    has_parts = any(other.parent == facts.path for other in block_devices())
    used = device is None or device.mounts or device.holders or device.swap or has_parts
    if device is None or used or device.read_only:
        yield _stop(
            "LV-DST-02",
            "{path} is in use (mounted, partitioned, part of something, or swap), or read-only. "
            "Choose another place.",
            path=facts.path,
        )
    elif device.size_bytes < need_bytes:
        yield _stop(
            "LV-DST-28",
            "{path} holds {found:bytes}, the image needs {need:bytes}.",
            path=facts.path,
            found=device.size_bytes,
            need=need_bytes,
        )
    else:
        yield _warn(
            "LV-DST-23",
            "{path} is a device. Each sector is read before it is written; at the first one that is "
            "not blank the copy stops, and nothing of it is lost.",
            path=facts.path,
        )


def _kind(facts: DestinationFacts, need_bytes: int) -> Iterator[Finding]:
    if facts.kind == "block":
        yield from _device(facts, need_bytes)
    elif facts.kind == "other" or is_blocked(facts.filesystem):
        yield _stop(
            "LV-DST-18",
            "{path} is no place for a file ({filesystem}). Choose a folder on a disk.",
            path=facts.path,
            filesystem=facts.filesystem or "?",
        )
    elif not facts.parent_exists:
        yield _stop(
            "LV-DST-04",
            "The folder of {path} does not exist. Make it with mkdir, or mount its disk.",
            path=facts.path,
        )
    elif not facts.parent_writable:
        yield _stop(
            "LV-DST-05",
            "The folder of {path} cannot be written ({filesystem} on {mount}).",
            path=facts.path,
            filesystem=facts.filesystem or "?",
            mount=facts.mount_point or "?",
        )


def _space(facts: DestinationFacts, need_bytes: int) -> Iterator[Finding]:
    limit_bytes = facts.file_size_limit_bytes
    if limit_bytes is not None and need_bytes > limit_bytes:
        yield _stop(
            "LV-DST-07",
            "{filesystem} on {mount} holds no file above {limit:bytes}; the image has {need:bytes}.",
            filesystem=facts.filesystem or "?",
            mount=facts.mount_point or "?",
            limit=limit_bytes,
            need=need_bytes,
        )
    free_bytes = facts.free_bytes
    if free_bytes is None:
        yield Finding(
            Severity.UNKNOWN,
            "LV-DST-19",
            message("The free space of {path} cannot be told.", path=facts.path),
        )
        return
    # What is zero takes no space, and how much that is shows only while copying: so a place is
    # refused only when it is too small in any case.
    surely_bytes = need_bytes if limit_bytes is not None else min(need_bytes, RESERVE_BYTES)
    wanted_bytes = need_bytes + need_bytes // 20 + RESERVE_BYTES
    values: dict[str, str | int] = {
        "mount": facts.mount_point or facts.path,
        "free": free_bytes,
        "need": need_bytes,
    }
    if free_bytes < surely_bytes:
        yield _stop(
            "LV-DST-06",
            "{mount} has {free:bytes} free, the image needs up to {need:bytes}.",
            **values,
        )
    elif free_bytes < wanted_bytes:
        yield _warn(
            "LV-DST-09",
            "{mount} has {free:bytes} free, the image needs up to {need:bytes}. Zeros take no space; "
            "if it gets full, the copy waits and keeps its place.",
            **values,
        )
    elif facts.mount_point == "/" and need_bytes * 2 > free_bytes:
        yield _warn(
            "LV-DST-16",
            "This is the system's own disk: it has {free:bytes} free, the image needs up to "
            "{need:bytes}. A full system disk stops the host.",
            **values,
        )
    if is_in_memory(facts.filesystem):
        yield _warn(
            "LV-DST-17",
            "{mount} is kept in memory: the image is lost at the next reboot.",
            mount=facts.mount_point or facts.path,
        )


def _stop(code: str, template: str, **values: str | int) -> Finding:
    return Finding(Severity.STOP, code, message(template, **values))


def _warn(code: str, template: str, **values: str | int) -> Finding:
    return Finding(Severity.WARN, code, message(template, **values))
