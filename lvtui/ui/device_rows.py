"""Rows of the Device page, from `DeviceRow` and `Discovery`. Pure."""

from __future__ import annotations

from lvtui.errors import LvtuiError
from lvtui.flow.devices import DeviceRow
from lvtui.flow.discover import Discovery
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import problem_rows, size
from lvtui.ui.widgets.text import (
    EMPTY,
    Row,
    bold,
    columns,
    cut_middle,
    fit,
    row,
    say,
    spoken,
    wrapped,
)

WARNINGS_MAX = 3


def head_row(wide: int) -> SafeStr:
    """The head of the table; `wide` cells more than 80 are at hand."""
    more = wide // 3
    return columns(
        (say(""), 3),
        (say("#"), 2),
        (say("Device"), 14 + more),
        (say("Size"), -10),
        (say("Disk"), 17 + more),
        (say("Holds"), 19 + more),
        (say("Versions"), -8),
    )


def device_row(device: DeviceRow, index: int, wide: int) -> Row:
    """One device; a dash instead of its number when it cannot be chosen."""
    more = wide // 3
    blocked = device.error is not None and not device.is_blank
    number = "-" if blocked else str(index + 1)
    return row(
        columns(
            (safe(number), 2),
            (cut_middle(safe(device.path), 14 + more), 14 + more),
            (size(device.size_bytes), -10),
            (safe(device.disk), 17 + more),
            (safe(device.holds), 19 + more),
            (safe(str(device.versions)), -8),
        )
    )


def detail_rows(device: DeviceRow, index: int, width: int) -> tuple[Row, ...]:
    """What is known of the device under the cursor."""
    rows: list[Row] = [EMPTY, row(bold(say(" Details of {n}", n=index + 1)))]
    known: list[tuple[str, SafeStr]] = [("Path", safe(device.path, limit_chars=400))]
    if device.vg_name is not None:
        known.append(("VG", safe(device.vg_name)))
    if device.current_seqno is not None:
        known.append(("LVM now", say("version {n} is in use", n=device.current_seqno)))
    if device.label != "ok":
        known.append(("Label", safe(device.label)))
    if device.lost:
        known.append(("Lost", say("{n} volumes of older versions are missing now", n=device.lost)))
    rows += [row(say("   "), fit(say(name), 9), fit(text, width - 13)) for name, text in known]
    if device.is_blank:
        rows.append(row(say("   Nothing known was found the quick way. Enter: what else to try.")))
    elif device.error is not None:
        rows += wrapped(spoken(device.error), width - 2, 3)
    return tuple(rows)


def busy_rows(words: SafeStr, more: SafeStr | None, *, can_cancel: bool) -> tuple[Row, ...]:
    """What is being done, what was found so far, how to stop it."""
    rows = [EMPTY, row(SafeStr(" "), words)]
    if more is not None:
        rows.append(row(SafeStr(" "), more))
    if can_cancel:
        rows.append(row(say(" Esc cancels. Nothing is written in any case.")))
    return tuple(rows)


def problem_with_choices(error: LvtuiError, width: int) -> tuple[Row, ...]:
    """What went wrong, and what to try next."""
    return (
        *problem_rows(error, width - 2),
        row(
            say(" You can: F5 try again / S search all of it / Ins another path / T backup files.")
        ),
    )


def pick_rows(devices: tuple[DeviceRow, ...]) -> tuple[Row, ...]:
    """No disk is chosen yet; when no one holds LVM, what that means."""
    if any(not device.is_blank and device.error is None for device in devices):
        return (EMPTY, row(say(" Pick a disk with a digit or the arrows, then press Enter.")))
    return (
        EMPTY,
        row(
            say(
                " Devices without any LVM metadata: {n} (looked at the first 4 sectors of each",
                n=sum(1 for device in devices if device.is_blank),
            )
        ),
        row(say(" and at every usual place of an area). Was the head of the disk overwritten?")),
        row(say(" Pick the disk and press Enter: it can be searched from end to end.")),
        row(say(" Or: Ins takes the path of an image / T backup files of /etc/lvm.")),
    )


def texts_row(texts: tuple[str, ...], width: int) -> tuple[Row, ...]:
    """The files beside the disk."""
    if not texts:
        return ()
    shown = safe(", ".join(texts), limit_chars=400)
    return (row(say("   "), fit(say("Texts"), 9), cut_middle(shown, width - 13)),)


def summary_rows(found: Discovery, no_case: LvtuiError | None, width: int) -> tuple[Row, ...]:
    """What was read, after a wait that was long enough to look away."""
    versions = sum(len(history.versions) for history in found.histories)
    read = say("Read: {n:count} versions, {lost} lost volumes.", n=versions, lost=len(found.lost))
    rows: list[Row] = [EMPTY, row(SafeStr(" "), bold(read), say("  Press Enter to go on."))]
    if no_case is not None:
        rows += wrapped(say("[!] No case folder: {why}", why=str(no_case.message)), width - 2)
    for warning in found.warnings[:WARNINGS_MAX]:
        rows += wrapped(say("[!] {warning}", warning=str(warning)), width - 2)
    return tuple(rows)


def empty_rows() -> tuple[Row, ...]:
    """No device at all: what was searched, and what to try next."""
    return (
        EMPTY,
        row(say(" No disk was found: every block device of this host was looked at.")),
        row(say(" Next: F5 looks again / Ins takes the path of a disk or an image / run as root.")),
    )


def spec_of(devices: tuple[DeviceRow, ...], index: int) -> str:
    """SOURCE for the chosen device: its path, and the other PVs of its volume group."""
    chosen = devices[index]
    others = [
        device.path
        for device in devices
        if chosen.vg_uuid is not None
        and device.vg_uuid == chosen.vg_uuid
        and device.pv_uuid != chosen.pv_uuid
        and device.error is None
    ]
    return ",".join((chosen.path, *others))
