"""What `lvtui check` prints: its JSON answer and its lines."""

from __future__ import annotations

from typing import Any

from lvtui.flow.answers import iso_time, vhd_answer
from lvtui.flow.checking import VolumeCheck
from lvtui.flow.content_words import guest_words, vhd_words
from lvtui.guest.probes import GuestContent, GuestPart
from lvtui.safe import safe
from lvtui.units import human_bytes, human_count

Json = dict[str, Any]

_RANGES_SHOWN = 8


def check_answer(check: VolumeCheck) -> Json:
    """`lvtui.check/1`."""
    return {
        "schema": "lvtui.check/1",
        "lv": check.lv_name,
        "vhd": vhd_answer(check.vhd) if check.vhd is not None else None,
        "chain": [one.lv.uuid for one in check.chain],
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity.value,
                "offset_bytes": finding.offset_bytes,
                "message": str(finding.message),
            }
            for finding in check.findings
        ],
        "damaged_virtual_ranges": [
            [where.offset_bytes, where.length_bytes] for where in check.damaged
        ],
        "guest": _guest(check.guest) if check.guest is not None else None,
    }


def _guest(guest: GuestContent) -> Json:
    return {
        "table": guest.table.kind.value if guest.table is not None else None,
        "table_ok": guest.table.crc_ok and not guest.table.is_backup if guest.table else None,
        "parts": [_part(part) for part in guest.parts],
    }


def _part(part: GuestPart) -> Json:
    found, place = part.file_system, part.partition
    return {
        "number": place.number if place is not None else None,
        "start_bytes": place.start_bytes if place is not None else 0,
        "size_bytes": place.size_bytes if place is not None else None,
        "name": place.name if place is not None else "",
        "kind": found.kind if found is not None else None,
        "label": found.label if found is not None else None,
        "uuid": found.uuid if found is not None else None,
        "used_bytes": found.used_bytes if found is not None else None,
        "last_mounted_on": found.last_mounted_on if found is not None else None,
        "last_written": iso_time(found.last_written) if found is not None else None,
    }


def check_lines(check: VolumeCheck) -> list[str]:
    """The disk, its chain, what it holds, what is wrong with it, and what that means."""
    label = check.report.label.text if check.report is not None and check.report.label else ""
    lines = [f"{safe(check.lv_name)}  {safe(label)}".rstrip()]
    if check.vhd is not None and check.vhd.type != "none":
        lines.append(f"  {vhd_words(check.vhd)}")
    for depth, one in enumerate(check.chain[1:], start=1):
        state = "present" if one.is_present else f"as in version {safe(one.version.id)}"
        lines.append(f"  parent {depth}: {safe(one.lv.name)}, {state}")
    if check.guest is not None:
        lines.append(f"  {guest_words(check.guest)}")
    lines += [
        f"  {finding.severity.value.upper():<7}  {finding.code:<5}  "
        f"{safe(str(finding.message), limit_chars=400)}"
        for finding in check.findings
    ]
    for where in check.damaged[:_RANGES_SHOWN]:
        lines.append(
            f"  damaged or doubtful: {human_bytes(where.length_bytes)} from byte "
            f"{human_count(where.offset_bytes)} of the disk"
        )
    if len(check.damaged) > _RANGES_SHOWN:
        lines.append(f"  and {human_count(len(check.damaged) - _RANGES_SHOWN)} more: --json")
    said = {str(finding.message) for finding in check.findings}
    if check.refusal is not None and str(check.refusal.message) not in said:
        lines.append(f"  {safe(str(check.refusal.message), limit_chars=400)}")
    if check.exit_code == 0:
        lines.append("  nothing speaks against it")
    return lines
