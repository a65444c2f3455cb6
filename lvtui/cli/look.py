"""The look commands: they read, print, and write nothing."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lvtui.cli import sources
from lvtui.errors import UserError
from lvtui.flow import answers, listing
from lvtui.safe import safe

if TYPE_CHECKING:  # what judges is loaded when it is needed
    from lvtui.flow.discover import Discovery
    from lvtui.lvm.history import Version


def emit(answer: dict[str, Any]) -> None:
    """One JSON object, ASCII with escapes."""
    print(json.dumps(answer))


def emit_lines(lines: Iterable[str]) -> None:
    """Lines that have passed `safe`."""
    text = "".join([f"{line}\n" for line in lines])
    sys.stdout.write(text)


def warn(discovery: Discovery) -> None:
    """What must be heard whatever was asked, on stderr."""
    for warning in discovery.warnings:
        print(f"lvtui: {safe(str(warning), limit_chars=400)}", file=sys.stderr)


def scan(options: argparse.Namespace) -> int:
    """`lvtui scan [DEVICE…]`."""
    from lvtui.flow.devices import scan_devices  # noqa: PLC0415 - only here

    rows = scan_devices(tuple(options.devices))
    if options.json:
        emit(answers.scan_answer(rows))
    else:
        emit_lines(listing.scan_lines(rows))
    return 0


def versions(options: argparse.Namespace) -> int:
    """`lvtui versions SOURCE`."""
    if options.quick:
        found = sources.read_quickly(options)
        if options.json:
            emit(answers.versions_answer(found))
        else:
            emit_lines(listing.versions_lines(found))
        return 0
    discovery = sources.read(options)
    if options.json:
        emit(answers.versions_answer(discovery))
    else:
        warn(discovery)
        emit_lines(listing.versions_lines(discovery))
    return 0


def lost(options: argparse.Namespace) -> int:
    """`lvtui lost SOURCE`."""
    # One bounded batch of values without cycles, and then the process ends.
    gc.disable()
    discovery = sources.read(options)
    if options.json:
        emit(answers.lost_answer(discovery))
        return 0
    warn(discovery)
    lines = listing.lost_lines(discovery)
    emit_lines(lines)
    if not lines:
        print("No lost volume: every LV of the older versions is in the current one.")
    return 0


def check(options: argparse.Namespace) -> int:
    """`lvtui check SOURCE LV`."""
    from lvtui.flow.check_answers import check_answer, check_lines  # noqa: PLC0415 - only here
    from lvtui.flow.checking import check_volume  # noqa: PLC0415

    discovery = sources.read(options)
    checked = check_volume(discovery, options.lv, at=options.at, bitmaps=options.bitmaps)
    if options.json:
        emit(check_answer(checked))
    else:
        warn(discovery)
        emit_lines(check_lines(checked))
    return checked.exit_code


def show(options: argparse.Namespace) -> int:
    """`lvtui show SOURCE --at ID | --diff ID2 | --raw OFFSET[+LENGTH]`."""
    if options.raw is not None:
        from lvtui.flow.raw import read_raw  # noqa: PLC0415 - only here

        offset_bytes, data = read_raw(options.source, options.raw)
        lines = listing.hex_lines(offset_bytes, data)
        if options.json:
            text = "\n".join(lines)
            emit({"schema": "lvtui.show/1", "id": None, "text": text, "offset_bytes": offset_bytes})
        else:
            emit_lines(lines)
        return 0
    from lvtui.flow.discover import find_version  # noqa: PLC0415 - a quick list does without

    discovery = sources.read(options)
    version = _wanted(discovery, options.at)
    if options.diff is not None:
        other = find_version(discovery, options.diff)
        changes = _changes(version, other)
        if options.json:
            emit(answers.diff_answer(version, changes))
        else:
            emit_lines(listing.diff_lines(changes))
        return 0
    if options.json:
        emit(answers.show_answer(version))
    else:
        emit_lines(listing.text_lines(version))
    return 0


def _wanted(discovery: Discovery, at: str | None) -> Version:
    if at is not None:
        from lvtui.flow.discover import find_version  # noqa: PLC0415 - a quick list does without

        return find_version(discovery, at)
    history = discovery.history
    version = history and (history.current or (history.versions and history.versions[-1]))
    if not version:
        raise UserError(
            "LV-VER-02", "No version was found on {spec}. Name one by --at.", spec=discovery.spec
        )
    return version


def _changes(version: Version, other: Version) -> tuple[Any, ...]:
    from lvtui.lvm.diff import diff  # noqa: PLC0415 - needs the parser's model only here

    if version.vg is None or other.vg is None:
        torn = version if version.vg is None else other
        raise UserError(
            "LV-VER-03",
            "Version {id} is not whole ({state}), so it cannot be compared.",
            id=torn.id,
            state=torn.state.value,
        )
    return diff(version.vg, other.vg)
