"""Units of the field, their conversions, and how numbers are shown; the only user of humanize."""

from __future__ import annotations

from typing import NewType

Bytes = NewType("Bytes", int)
Sectors = NewType("Sectors", int)
Extents = NewType("Extents", int)

SECTOR_BYTES = 512
KiB = 1024
MiB = 1024 * KiB
GiB = 1024 * MiB
TiB = 1024 * GiB

YEAR_MAX = 9999
"""The last that is written in four digits: no later time is shown."""


def sectors_to_bytes(sectors: int) -> Bytes:
    """LVM counts extent_size, pe_start and dev_size in sectors of 512 bytes, on every disk."""
    return Bytes(sectors * SECTOR_BYTES)


def human_bytes(size_bytes: int) -> str:
    """`40.0 GiB`: binary units, one digit; below a KiB the bytes themselves."""
    if abs(size_bytes) < KiB:
        return f"{size_bytes} B"
    # Here, not above: the copy worker says nothing but errors, and must stay small.
    import humanize  # noqa: PLC0415

    return humanize.naturalsize(size_bytes, binary=True, format="%.1f")


def human_rate(bytes_per_s: float) -> str:
    """`98.2 MiB/s`."""
    return f"{human_bytes(int(bytes_per_s))}/s"


def human_count(count: int) -> str:
    """`238 464`: thousands apart by a blank, as wizard.md asks."""
    return f"{count:,}".replace(",", " ")


def human_percent(part: int, whole: int) -> str:
    """`43.1 %`, never rounded up to 100.0 nor down to 0.0 while something is missing or there."""
    if whole <= 0:
        return "0.0 %"
    tenths = round(part * 1000 / whole)
    if part < whole:
        tenths = min(tenths, 999)
    if part > 0:
        tenths = max(tenths, 1)
    return f"{tenths // 10}.{tenths % 10} %"


def human_duration(seconds: float) -> str:
    """`3 min 13 s`, `2 h 5 min`, `0.4 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
