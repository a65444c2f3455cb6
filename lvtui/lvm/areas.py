"""Which places of a device are to be carved: what the label names, else what is left of it.

In this order, each only where the one before it failed:

    label    the metadata areas of a label with a good crc; their headers may be damaged
    header   the magic of an area header at the place that the header itself names as its start:
             in the device's first MiBs, and for a second area (`--metadatacopies 2`) at a whole MiB
             near the device's end
    guess    texts where the first area begins by default; it ends where their `pe_start` says, or
             where a text that is split at its end proves whole

Nothing here is believed without bounds: a label or a header with a good crc can lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from lvtui.lvm.label import PvLabel
from lvtui.lvm.mda import (
    AREA_BYTES_MAX,
    AREA_BYTES_MIN,
    AREA_STARTS_BYTES,
    MDA_HEADER_BYTES,
    MDA_MAGIC,
    MDA_MAGIC_AT,
    MdaHeader,
    MetadataArea,
    parse_mda_header,
)
from lvtui.lvm.scan import CopyState, FoundText, find_texts
from lvtui.source import ByteSource
from lvtui.units import SECTOR_BYTES, MiB

AREAS_MAX = 8
"""LVM makes one or two; a label has room for more."""
HEAD_BYTES = 16 * MiB
"""Where a first area is looked for: XenServer's ends at 11 or 12 MiB."""
TAIL_BYTES = 64 * MiB

_PE_START = re.compile(rb"\npe_start = (\d{1,12})\n")
_PE_STARTS_MAX = 4


def find_areas(
    label: PvLabel | None, read: ByteSource, device_index: int, *, guess: bool = True
) -> tuple[MetadataArea, ...]:
    """Every metadata area of a device, ordered as the label names them, else by offset.

    A good label that names none means that the PV keeps no metadata: none is looked for.
    Without `guess` only what a label or a header names.
    """
    is_good = label is not None and label.crc_ok and label.sector_ok
    named = _named(label, read, device_index) if label is not None else ()
    if is_good:
        return named
    by_header = tuple(_by_header(read, device_index))
    # A bad label's areas count where nothing contradicts them.
    areas = _apart([*by_header, *(area for area in named if area.header is not None)])
    if areas or not guess:
        return areas
    guessed = guess_area(read, device_index)
    return (guessed,) if guessed is not None else ()


def _named(label: PvLabel, read: ByteSource, device_index: int) -> tuple[MetadataArea, ...]:
    areas: list[MetadataArea] = []
    for where in label.metadata_areas[:AREAS_MAX]:
        header = _header_at(read, where.offset_bytes)
        length_bytes = where.length_bytes
        if header is not None and header.crc_ok and header.start_bytes == where.offset_bytes:
            # LVM turns round where the header says.
            length_bytes = header.size_bytes
        area = _area(
            read,
            where.offset_bytes,
            length_bytes,
            header,
            device_index=device_index,
            named_by="label",
        )
        if area is not None:
            areas.append(area)
    return _apart(areas)


def _by_header(read: ByteSource, device_index: int) -> Iterator[MetadataArea]:
    head = read.pread(0, HEAD_BYTES).data
    at = head.find(MDA_MAGIC)
    while at >= 0:
        offset_bytes = at - MDA_MAGIC_AT
        header = parse_mda_header(head[offset_bytes : offset_bytes + MDA_HEADER_BYTES])
        # The header of a PV inside an LV names a place near that PV's own start.
        if header is not None and (
            header.start_bytes == offset_bytes or offset_bytes in AREA_STARTS_BYTES
        ):
            area = _area(
                read,
                offset_bytes,
                header.size_bytes,
                header,
                device_index=device_index,
                named_by="header",
            )
            if area is not None:
                yield area
        at = head.find(MDA_MAGIC, at + 1)
    last = (read.size_bytes - 1) // MiB * MiB
    for offset_bytes in range(max(len(head), last - TAIL_BYTES) // MiB * MiB, last + 1, MiB):
        header = _header_at(read, offset_bytes)
        if header is not None and header.start_bytes == offset_bytes >= len(head):
            area = _area(
                read,
                offset_bytes,
                header.size_bytes,
                header,
                device_index=device_index,
                named_by="header",
            )
            if area is not None:
                yield area


def guess_area(read: ByteSource, device_index: int, *, sized: bool = False) -> MetadataArea | None:
    """The area that must have been there, by its texts; None where none is left.

    With `sized` a text must give a PV exactly the size of the device.
    """
    start = AREA_STARTS_BYTES[0]
    data = read.pread(start, HEAD_BYTES - start).data
    texts = find_texts(data, start=MDA_HEADER_BYTES)
    if not texts or (sized and not any(_tells_size(text, read.size_bytes) for text in texts)):
        return None
    pe_starts = _pe_starts_bytes(texts)
    # Texts behind their own pe_start are those of a PV inside a volume.
    ends = [end - start for end in pe_starts if texts[0].start < end - start <= AREA_BYTES_MAX]
    if pe_starts and not ends:
        return None
    size_bytes = max(ends, default=len(data))
    if size_bytes > len(data):
        data = read.pread(start, size_bytes).data
    for end in (*ends, texts[-1].end // SECTOR_BYTES * SECTOR_BYTES):
        if end <= len(data) and any(
            text.state is CopyState.WRAPPED
            for text in find_texts(data[:end], start=MDA_HEADER_BYTES, wraps=True)
        ):
            size_bytes = end
            break
    return _area(read, start, size_bytes, None, device_index=device_index, named_by="guess")


def _tells_size(text: FoundText, size_bytes: int) -> bool:
    return b"\ndev_size = %d\n" % (size_bytes // SECTOR_BYTES) in text.text


def _pe_starts_bytes(texts: list[FoundText]) -> list[int]:
    found: dict[int, None] = {}
    for text in reversed(texts):
        for sectors in _PE_START.findall(text.text):
            found.setdefault(int(sectors) * SECTOR_BYTES)
        if len(found) >= _PE_STARTS_MAX:
            break
    return list(found)[:_PE_STARTS_MAX]


def _header_at(read: ByteSource, offset_bytes: int) -> MdaHeader | None:
    if offset_bytes + MDA_HEADER_BYTES > read.size_bytes:
        return None
    header = parse_mda_header(read.pread(offset_bytes, MDA_HEADER_BYTES).data)
    if header is None or not header.crc_ok:
        # On shared storage another host may be in the middle of writing it.
        header = parse_mda_header(read.pread(offset_bytes, MDA_HEADER_BYTES).data) or header
    return header


def _area(
    read: ByteSource,
    offset_bytes: int,
    size_bytes: int,
    header: MdaHeader | None,
    *,
    device_index: int,
    named_by: str,
) -> MetadataArea | None:
    """An area within bounds; its end may lie behind that of a source that is a dump of a head."""
    if offset_bytes + AREA_BYTES_MIN > read.size_bytes or size_bytes < AREA_BYTES_MIN:
        return None
    return MetadataArea(
        device=device_index,
        index=0,
        offset_bytes=offset_bytes,
        size_bytes=min(size_bytes, AREA_BYTES_MAX),
        header=header,
        named_by=named_by,
    )


def _apart(areas: list[MetadataArea]) -> tuple[MetadataArea, ...]:
    """The areas without those that begin inside, or swallow, one before them; numbered."""
    kept: list[MetadataArea] = []
    for area in areas:
        end = area.offset_bytes + area.size_bytes
        if len(kept) < AREAS_MAX and all(
            end <= other.offset_bytes or other.offset_bytes + other.size_bytes <= area.offset_bytes
            for other in kept
        ):
            kept.append(replace(area, index=len(kept)))
    return tuple(kept)
