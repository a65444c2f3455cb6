"""lvtui's own byte writes as lines of a plan, with the files of old and new bytes that they name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.message import Message
from lvtui.plan.command import Patch
from lvtui.plan.plan import AnyGuard, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteWrite:
    """Bytes to be replaced on a device."""

    path: str
    device_identity: str
    offset_bytes: int
    old: bytes
    new: bytes
    stem: str
    """Of the names of its two files."""
    purpose: Message


def write_steps(
    folder: str, writes: Iterable[ByteWrite], guards: tuple[AnyGuard, ...] = ()
) -> tuple[tuple[Step, ...], dict[str, bytes]]:
    """Lines, and what their files must hold, by path."""
    steps: list[Step] = []
    files: dict[str, bytes] = {}
    for write in writes:
        old_file, new_file = f"{folder}/{write.stem}.old", f"{folder}/{write.stem}.new"
        files |= {old_file: write.old, new_file: write.new}
        line = Patch(
            path=write.path,
            device_identity=write.device_identity,
            offset_bytes=write.offset_bytes,
            length_bytes=len(write.new),
            old_sha256=hashlib.sha256(write.old).hexdigest(),
            new_sha256=hashlib.sha256(write.new).hexdigest(),
            new_bytes_file=new_file,
            old_bytes_file=old_file,
            purpose=write.purpose,
        )
        steps.append(Step(line=line, guards=guards))
    return tuple(steps), files
