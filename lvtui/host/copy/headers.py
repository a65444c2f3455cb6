"""What the metadata areas of a job's sources say now: which text is in use, and that text itself.

Read by the worker, so nothing is parsed here. On shared storage another host may be in the middle of
writing a header: one with a bad checksum is read again before it is called damaged.
"""

from __future__ import annotations

import hashlib

from lvtui.host.machine import Clock
from lvtui.lvm.label import lvm_crc
from lvtui.lvm.mda import MDA_HEADER_BYTES, MdaHeader, RawLocation, parse_mda_header
from lvtui.source import ByteRange, ByteSource
from lvtui.units import MiB

TEXT_BYTES_MAX = 64 * MiB
_TRIES = 4
_WAIT_SECONDS = 0.05


def state_of(header: MdaHeader | None) -> str:
    """Which text a header puts in use, as a word to compare; empty where it does not tell."""
    if header is None or not header.crc_ok:
        return ""
    where = header.committed
    if where is None or where.ignored:
        return "none"
    return f"{where.offset_bytes}+{where.size_bytes}:{where.crc:08x}"


def read_state(source: ByteSource, area: ByteRange, clock: Clock) -> str:
    """`state_of` the header of an area as it is on the disk now; of a damaged one its digest."""
    sector = b""
    for attempt in range(_TRIES):
        if attempt:
            clock.sleep(_WAIT_SECONDS)
        read = source.pread(area.offset_bytes, min(MDA_HEADER_BYTES, area.length_bytes))
        if read.gaps:
            return "unreadable"
        before, sector = sector, read.data
        header = parse_mda_header(sector)
        found = state_of(header)
        # no header at all, twice the same: nobody is writing one
        if found or (header is None and sector == before):
            return found or f"damaged:{hashlib.sha256(sector).hexdigest()[:32]}"
    return f"damaged:{hashlib.sha256(sector).hexdigest()[:32]}"


def read_committed(source: ByteSource, area: ByteRange) -> bytes | None:
    """The text in use, without its NUL; None where none has a good checksum."""
    read = source.pread(area.offset_bytes, min(MDA_HEADER_BYTES, area.length_bytes))
    header = None if read.gaps else parse_mda_header(read.data)
    where = header.committed if header is not None else None
    if header is None or where is None or where.ignored:
        return None
    size_bytes = min(header.size_bytes, area.length_bytes)
    return _text(source, area.offset_bytes, size_bytes, where)


def _text(source: ByteSource, area_at: int, area_bytes: int, where: RawLocation) -> bytes | None:
    if not MDA_HEADER_BYTES <= where.offset_bytes < area_bytes:
        return None
    if not 0 < where.size_bytes <= min(area_bytes - MDA_HEADER_BYTES, TEXT_BYTES_MAX):
        return None
    first = min(where.size_bytes, area_bytes - where.offset_bytes)
    pieces = [source.pread(area_at + where.offset_bytes, first)]
    if first < where.size_bytes:
        pieces.append(source.pread(area_at + MDA_HEADER_BYTES, where.size_bytes - first))
    raw = b"".join(piece.data for piece in pieces)
    if len(raw) < where.size_bytes or lvm_crc(raw) != where.crc:
        return None
    return raw.rstrip(b"\0")
