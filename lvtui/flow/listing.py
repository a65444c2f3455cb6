"""One line an item, with the wizard's columns and words: what the look commands print without --json.

Everything that came from a disk passes `safe` here; long values go to --json.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lvtui.flow.content_words import vhd_words
from lvtui.flow.folding import fold
from lvtui.safe import SafeStr, safe, safe_lines
from lvtui.units import YEAR_MAX, human_bytes, human_count, human_percent

if TYPE_CHECKING:  # a list of versions does without the judges
    from lvtui.flow.devices import DeviceRow
    from lvtui.flow.discover import Discovery
    from lvtui.flow.judging import LostReport
    from lvtui.flow.survey import Survey
    from lvtui.lvm.history import Change, Version


def local_time(epoch_seconds: int | None) -> str:
    """`2026-11-22 03:12:44 +0300` in this host's zone; `-` where there is none."""
    if epoch_seconds is None:
        return "-"
    try:
        moment = time.localtime(epoch_seconds)
    except (OverflowError, OSError, ValueError):
        return "-"
    return time.strftime("%Y-%m-%d %H:%M:%S %z", moment) if moment.tm_year <= YEAR_MAX else "-"


def short_name(name: str) -> SafeStr:
    """`VHD-1b2c9f04` for XenServer's names, any other as it is."""
    prefix, _, rest = name.partition("-")
    if prefix in {"VHD", "LV", "QCOW2"} and len(rest) == 36 and rest[8:9] == "-":
        return safe(f"{prefix}-{rest[:8]}")
    return safe(name)


def state_words(report: LostReport) -> str:
    """`INTACT`, `LIKELY`, `AT RISK`, `DAMAGED 99.6 % left`, …: the State column."""
    verdict = report.verdict
    word = verdict.word.value.upper().replace("-", " ")
    if word == "DAMAGED":
        left_bytes = max(0, report.size_bytes - verdict.overwritten_bytes)
        return f"{word} {human_percent(left_bytes, report.size_bytes)} left"
    return word


def scan_lines(rows: tuple[DeviceRow, ...]) -> list[str]:
    """Path, size, disk, what it holds, versions, lost."""
    lines = []
    for row in rows:
        tail = (
            safe(str(row.error), limit_chars=300)
            if row.error and row.vg_name is None
            else f"{human_count(row.versions)} versions, {human_count(row.lost)} lost"
        )
        lines.append(
            f"{safe(row.path):<16}  {human_bytes(row.size_bytes):>10}  {safe(row.disk):<24}  "
            f"{safe(row.holds):<24}  {tail}"
        )
    return lines


def change_words(before: Version | None, version: Version) -> str:
    """The Change column, counted by LV uuid."""
    if version.vg is None or before is None or before.vg is None:
        return ""
    old = {lv.uuid: lv for lv in before.vg.lvs}
    new = {lv.uuid: lv for lv in version.vg.lvs}
    removed, added = len(old.keys() - new.keys()), len(new.keys() - old.keys())
    words = []
    if removed:
        words.append(f"-{removed} removed")
    if added:
        words.append(f"+{added} added")
    both = [(old[uuid], new[uuid]) for uuid in old.keys() & new.keys()]
    resized = sum(a.extent_count != b.extent_count for a, b in both if a is not b)
    renamed = sum(a.name != b.name for a, b in both if a is not b)
    if resized:
        words.append(f"~{resized} resized")
    if renamed:
        words.append(f"~{renamed} renamed")
    other = sum(
        a is not b and a.name == b.name and a.extent_count == b.extent_count and a != b
        for a, b in both
    )
    if other and not words:
        words.append(f"~{other} changed")
    return ", ".join(words)


def versions_lines(discovery: Discovery | Survey) -> list[str]:
    """Newest first, as on the Versions page."""
    lines = []
    for history in discovery.histories:
        name = safe(history.vg_name or "?")
        lines.append(f"VG {name}  {safe(history.vg_uuid or 'uuid unknown')}")
        before: Version | None = None
        rows = []
        for version in history.versions:
            count = len(version.vg.lvs) if version.vg else version.copies[0].index.lv_count
            rows.append(
                f"  {safe(version.id):<20}  {local_time(version.creation_time):<25}  "
                f"{'?' if count is None else count:>5} LVs  {version.state:<8}"
                f"{change_words(before, version):<24}{_marks(version)}"
                f"{_file_words(version)}".rstrip()
            )
            before = version if version.usable else before
        lines.extend(reversed(rows))
        lines.extend(
            f"  versions {first}-{last} not found" for first, last in history.missing_seqnos
        )
    return lines


def _marks(version: Version) -> str:
    if version.current:
        return "in use now"
    return "never committed" if version.committed is False else ""


def _file_words(version: Version) -> str:
    """Of a text in a file: which one, and what made it."""
    first = version.copies[0]
    if first.file is None:
        return ""
    kind = first.origin.value.replace("-", " ")
    said = f": {first.index.description}" if first.index.description else ""
    return safe(f"{kind} {first.file}{said}", limit_chars=400)


_REASONS_SHOWN = 4


def lost_lines(discovery: Discovery) -> list[str]:
    """Name, size, state, last seen; then the reasons, indented; what is not lost in one last line."""
    lines: list[str] = []
    lost, _, folded = fold(discovery.lost)
    for title, reports in (("", lost), ("shrunk: ", discovery.shrunk)):
        for report in reports:
            seen = report.lost.last_seen
            lines.append(
                f"{title}{safe(report.lost.lv.name):<40}  {human_bytes(report.size_bytes):>10}  "
                f"{state_words(report):<22}  last seen {safe(seen.id)} "
                f"{local_time(seen.creation_time)}"
            )
            if report.label is not None:
                lines.append(f'    "{safe(report.label.text)}" by {safe(report.label.source)}')
            if report.vhd is not None and report.vhd.type != "none":
                lines.append(f"    {vhd_words(report.vhd)}")
            reasons = report.verdict.reasons
            shown = reasons if len(reasons) <= _REASONS_SHOWN else reasons[: _REASONS_SHOWN - 1]
            lines.extend(f"    {safe(str(reason), limit_chars=400)}" for reason in shown)
            if len(shown) < len(reasons):
                lines.append(f"    and {len(reasons) - len(shown)} more reasons: --json")
    if folded is not None:
        lines.append(f"{folded}, see --json")
    return lines


def diff_lines(changes: tuple[Change, ...]) -> list[str]:
    """`+` added, `-` removed, `~` changed."""
    sign = {"added": "+", "removed": "-", "changed": "~"}
    return [
        f"{sign.get(change.op, '?')} {safe(change.path, limit_chars=300)}"
        + (
            f": {safe(change.before or '', limit_chars=200)} -> "
            f"{safe(change.after or '', limit_chars=200)}"
            if change.op == "changed"
            else ""
        )
        for change in changes
    ]


def text_lines(version: Version) -> tuple[SafeStr, ...]:
    """A version's LVM text, each line safe."""
    return safe_lines(version.copies[0].text, limit_lines=10**6)


def hex_lines(offset_bytes: int, data: bytes) -> list[str]:
    """`hexdump -C`: offset, sixteen bytes, the characters."""
    lines = []
    for start in range(0, len(data), 16):
        row = data[start : start + 16]
        halves = (
            " ".join(f"{byte:02x}" for byte in row[:8]),
            " ".join(f"{byte:02x}" for byte in row[8:]),
        )
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        lines.append(f"{offset_bytes + start:012x}  {halves[0]:<23}  {halves[1]:<23}  |{shown}|")
    return lines
