"""What is inside a volume, in the words of the wizard and of `lvtui check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lvtui.safe import SafeStr, safe
from lvtui.units import human_bytes, human_count

if TYPE_CHECKING:  # a list of versions prints none of it
    from lvtui.flow.content import VhdContent
    from lvtui.guest.filesystem import FileSystem
    from lvtui.guest.probes import GuestContent

_PARTS_SHOWN = 4


def vhd_words(content: VhdContent) -> SafeStr:
    """`VHD dynamic, 40.0 GiB, footer ok, parent none, 46 blocks used, 3 damaged`."""
    if content.type == "none":
        return safe(str(content.problem or "no VHD"), limit_chars=400)
    parent = "none"
    if content.type == "differencing":
        parent = content.chain[0].name if content.chain else content.missing_parent or "unknown"
        if content.missing_parent is not None and not content.chain:
            parent += " (missing)"
    words = [
        f"VHD {content.type}",
        human_bytes(content.virtual_size_bytes or 0),
        f"footer {content.footer}",
        f"parent {parent}",
        f"{human_count(content.allocated_blocks)} blocks of 2 MiB in use",
    ]
    if content.damaged_blocks:
        words.append(f"{human_count(content.damaged_blocks)} blocks damaged or doubtful")
    return safe(", ".join(words), limit_chars=400)


def guest_words(guest: GuestContent) -> SafeStr:
    """`GPT; NTFS "System", 37.1 GiB used`."""
    words = []
    if guest.table is not None:
        state = " (backup)" if guest.table.is_backup else ""
        state += "" if guest.table.crc_ok else " (bad checksum)"
        words.append(f"{guest.table.kind.value}{state}")
    shown = [file_system_words(one) for one in guest.file_systems[:_PARTS_SHOWN]]
    more = len(guest.file_systems) - len(shown)
    if more > 0:
        shown.append(f"{more} more")
    if not shown:
        shown.append("no known file system")
    return safe("; ".join([*words, *shown]), limit_chars=400)


def file_system_words(one: FileSystem) -> str:
    """`ext4 "root", 3.2 GiB used of 10.0 GiB, last mounted on /`."""
    words = one.kind + (f' "{one.label}"' if one.label else "")
    size = human_bytes(one.size_bytes) if one.size_bytes is not None else ""
    if one.used_bytes is not None:
        words += f", {human_bytes(one.used_bytes)} used of {size}"
    elif size:
        words += f", {size}"
    if one.last_mounted_on:
        words += f", last mounted on {one.last_mounted_on}"
    return words
