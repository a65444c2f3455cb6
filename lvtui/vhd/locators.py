"""Parent locators: the paths under which a child's writer knew its parent. Hostile: shown, never opened.

A child is joined to its parent by uuid. The names only tell what is missing, and, for a raw parent
(it has no footer, so no uuid), which `LV-<vdi>` it was. Device-mapper's names double each dash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lvtui.source import ByteSource
from lvtui.vhd.header import Header, LocatorEntry

LOCATOR_BYTES_MAX = 1024

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_VOLUME = re.compile(rf"(VHD|LV)-({_UUID})")
_ENCODINGS = {b"MacX": "utf-8", b"W2ku": "utf-16-le", b"W2ru": "utf-16-le"}


@dataclass(frozen=True, slots=True)
class ParentName:
    """The volume that a path or name speaks of."""

    raw: bool
    """`LV-` rather than `VHD-`."""
    vdi_uuid: str

    @property
    def lv_name(self) -> str:
        """As the LV is called."""
        return f"{'LV' if self.raw else 'VHD'}-{self.vdi_uuid}"


def parent_in(path: str) -> ParentName | None:
    """What stands last behind `VHD-` or `LV-` in a path, dashes undoubled."""
    found = None
    tail = path[-LOCATOR_BYTES_MAX:]
    for candidate in (tail, tail.replace("--", "-")):
        for match in _VOLUME.finditer(candidate):
            found = match
    return ParentName(found[1] == "LV", found[2]) if found else None


def read_locator(source: ByteSource, entry: LocatorEntry) -> str | None:
    """The path of one locator; None for an unknown code or a place that cannot be."""
    encoding = _ENCODINGS.get(entry.code)
    if (
        encoding is None
        or not 0 < entry.length_bytes <= LOCATOR_BYTES_MAX
        or entry.offset_bytes + entry.length_bytes > source.size_bytes
    ):
        return None
    piece = source.pread(entry.offset_bytes, entry.length_bytes)
    if piece.gaps:
        return None
    return piece.data.decode(encoding, "replace").partition("\0")[0]


def read_paths(source: ByteSource, header: Header) -> tuple[str, ...]:
    """Every path and name that the header knows its parent by, as written."""
    paths = [read_locator(source, entry) for entry in header.locators]
    return tuple(path for path in (*paths, header.parent_name) if path)
