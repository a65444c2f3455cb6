"""What a superblock tells: one value for every kind, and the bounded reads that all probes use."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.source import ByteSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """A file system, or what else a partition can hold. All text is hostile."""

    kind: str
    """`ext4`, `XFS`, `NTFS`, `FAT32`, `swap`, `LVM PV`, `ISO 9660`, …"""
    label: str = ""
    uuid: str = ""
    """As that system's own tools print it."""
    size_bytes: int | None = None
    used_bytes: int | None = None
    """None where the superblock does not tell."""
    last_mounted_on: str = ""
    last_written: int | None = None
    """Seconds since the epoch, by the guest's clock."""


def read_exactly(source: ByteSource, offset_bytes: int, length_bytes: int) -> bytes | None:
    """These bytes; None where not all of them are there and readable."""
    if offset_bytes < 0 or length_bytes < 0 or offset_bytes + length_bytes > source.size_bytes:
        return None
    piece = source.pread(offset_bytes, length_bytes)
    return None if piece.gaps or len(piece.data) != length_bytes else piece.data


def text_of(data: bytes, encoding: str = "utf-8") -> str:
    """Up to the first NUL."""
    if encoding.startswith("utf-16"):
        return data.decode(encoding, "replace").partition("\0")[0]
    return data.partition(b"\0")[0].decode(encoding, "backslashreplace").rstrip(" ")


def dashed(data: bytes) -> str:
    """16 bytes as a uuid; empty for zeros."""
    if not any(data):
        return ""
    text = data.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
