"""A plan as a commented shell script that does the same without lvtui.

Bytes are compared by sha256 before they are written; a Patch runs under `flock` on LVM's lock of the
group. The script stands in the case beside the files that it names.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator

from lvtui.plan.command import ByteGuard, Command, FileEffect, Patch, Prove, Save
from lvtui.plan.plan import AnyGuard, Guard, Line, Plan, StageGuard, effect_of
from lvtui.safe import safe
from lvtui.units import MiB

_HEAD = (
    "#!/bin/bash",
    "# Written by lvtui; needs dd, sha256sum, flock and LVM only. Stops at the first surprise.",
    "# Check the device paths: letters change between boots.",
    "set -eu",
    "export LC_ALL=C",
    "if [ -d /etc/lvm/master ]; then export LVM_SYSTEM_DIR=/etc/lvm/master; fi",
    "umask 077",
    'stop() { echo "STOP: $*" >&2; exit 4; }',
    "# same PATH OFFSET LENGTH SHA256: whether these bytes are there",
    "same() {",
    '  dd if="$1" iflag=nocache count=0 status=none || true',
    '  set -- "$4" "$(tail -c +$(($2 + 1)) -- "$1" | head -c "$3" | sha256sum)"',
    '  [ "$1  -" = "$2" ]',
    "}",
)


def script_of(plan: Plan) -> str:
    """The whole script."""
    lines = [*_HEAD, "", f"# {safe(str(plan.title), limit_chars=400)}"]
    lines += [f"# {safe(str(note), limit_chars=400)}" for note in plan.notes]
    for number, step in enumerate(plan.steps, 1):
        effect, target = effect_of(step.line)
        lines += ["", f"# {number}. {purpose_of(step.line)} ({effect.value}: {target.value})"]
        for guard in step.guards:
            lines += _guard(plan, guard)
        lines += _line(plan, step.line)
    return "\n".join(lines) + "\n"


def purpose_of(line: Line) -> str:
    """Its sentence, on one line."""
    return safe(str(line.purpose), limit_chars=400)


def shown(line: Line) -> str:
    """The line as an operator reads it: the command, or the dd that a Patch stands for."""
    match line:
        case Command():
            text = shlex.join(line.argv)
        case Patch():
            text = _dd(line.new_bytes_file, line.path, 0, line.offset_bytes, line.length_bytes)
        case Save(device_identity=None):
            text = shlex.join(["cp", "--", line.path, line.to_file])
        case Save():
            text = _dd(line.path, line.to_file, line.offset_bytes, 0, line.length_bytes)
        case FileEffect():
            text = f"sha256 {line.content_sha256}  {line.path}"
        case _:
            text = "done inside lvtui: bytes are read with O_DIRECT and compared"
    return text


def _guard(plan: Plan, guard: AnyGuard) -> Iterator[str]:
    if isinstance(guard, ByteGuard):
        yield _same(guard)
    elif isinstance(guard, StageGuard):
        yield from _stage(plan, guard.stage)
    else:
        yield f"answer=$({shlex.join(guard.command.argv)}) || stop {_quoted(guard.purpose)}"
        for pattern, joined in ((guard.must, "||"), (guard.must_not, "&&")):
            if pattern is not None:
                yield (
                    f"printf '%s\\n' \"$answer\" | grep -Eq {shlex.quote(pattern)} {joined} "
                    f"stop {_quoted(guard.purpose)}"
                )


def _same(guard: ByteGuard) -> str:
    return (
        f"same {shlex.quote(guard.path)} {guard.offset_bytes} {guard.length_bytes} {guard.sha256} "
        f"|| stop {shlex.quote(guard.path)} changed at byte {guard.offset_bytes}"
    )


def _stage(plan: Plan, stage: int) -> Iterator[str]:
    if stage == 0:
        for area in plan.areas:
            yield (
                f"same {shlex.quote(area.path)} {area.offset_bytes} {area.length_bytes} "
                f"{area.sha256} || stop the metadata on {shlex.quote(area.path)} changed"
            )
        return
    seqno = plan.texts[stage - 1].seqno + 1
    query = next(
        (
            guard.command.argv
            for step in plan.steps
            for guard in step.guards
            if isinstance(guard, Guard) and guard.command.argv[0] == "vgs"
        ),
        None,
    )
    if query is not None:
        yield (
            f"[ \"$({shlex.join(query)} | tr -d ' ')\" = {plan.vg_uuid},{seqno} ] "
            f"|| stop the group is not at version {seqno}"
        )


def _line(plan: Plan, line: Line) -> Iterator[str]:
    if isinstance(line, Command):
        yield from _command(line)
    elif isinstance(line, Patch):
        yield from _patch(plan, line)
    elif isinstance(line, Save):
        yield from _save(line)
    elif isinstance(line, FileEffect):
        kept = line.content_file or line.path
        yield f"echo {shlex.quote(f'{line.content_sha256}  {kept}')} | sha256sum --check --quiet"
        if line.content_file is not None:
            yield shlex.join(["cp", "--", line.content_file, line.path])
    elif isinstance(line, Prove):
        yield from _stage(plan, line.stage)
    else:
        yield from map(_same, line.guards)


def _command(line: Command) -> Iterator[str]:
    if line.expect is None:
        yield f"{shlex.join(line.argv)} </dev/null"
        return
    yield f"answer=$({shlex.join(line.argv)} </dev/null)"
    yield "printf '%s\\n' \"$answer\""
    yield (
        f"printf '%s\\n' \"$answer\" | grep -Fq {shlex.quote(line.expect)} || "
        f"stop {_quoted(line.purpose)}"
    )


def _patch(plan: Plan, line: Patch) -> Iterator[str]:
    lock = shlex.quote(plan.lock_file) if plan.lock_file else None
    if lock is not None:
        yield f"exec 9>>{lock}; flock --timeout 60 9"
    path = shlex.quote(line.path)
    yield (
        f"same {path} {line.offset_bytes} {line.length_bytes} {line.old_sha256} "
        f"|| stop {path} changed at byte {line.offset_bytes}"
    )
    new = shlex.quote(f"{line.new_sha256}  {line.new_bytes_file}")
    yield f"echo {new} | sha256sum --check --quiet"
    yield (
        _dd(line.new_bytes_file, line.path, 0, line.offset_bytes, line.length_bytes)
        + " conv=notrunc,fsync status=none"
    )
    yield (
        f"same {path} {line.offset_bytes} {line.length_bytes} {line.new_sha256} "
        f"|| stop {path} reads back otherwise at byte {line.offset_bytes}"
    )
    if lock is not None:
        yield "exec 9>&-"


def _save(line: Save) -> Iterator[str]:
    folder = line.to_file.rpartition("/")[0]
    yield shlex.join(["mkdir", "--parents", "--", folder])
    if line.device_identity is None:
        copy = shlex.join(["cp", "--preserve", "--", line.path, line.to_file])
        yield f"if [ -e {shlex.quote(line.path)} ]; then {copy}; fi" if line.optional else copy
        return
    yield (
        _dd(line.path, line.to_file, line.offset_bytes, 0, line.length_bytes)
        + " iflag=fullblock conv=fsync status=none"
    )
    yield shlex.join(["sha256sum", line.to_file])


def _dd(source: str, to: str, skip_bytes: int, seek_bytes: int, length_bytes: int) -> str:
    block = math.gcd(length_bytes, skip_bytes, seek_bytes, 4 * MiB)
    return (
        f"dd if={shlex.quote(source)} of={shlex.quote(to)} bs={block} skip={skip_bytes // block} "
        f"seek={seek_bytes // block} count={length_bytes // block}"
    )


def _quoted(purpose: object) -> str:
    return shlex.quote(safe(str(purpose), limit_chars=300))
