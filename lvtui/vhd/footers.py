"""The two places where a footer stands, what is in each, and which of two footers counts.

Head: the copy at offset 0. Tail: the last 512 bytes of the LV or file. Never found by searching for the
cookie: behind the data of an LV stand footers of former sizes, left by each inflate, all valid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from lvtui.source import ByteSource
from lvtui.vhd.footer import (
    COOKIE,
    FOOTER_BYTES,
    KILLED,
    POISON,
    DiskType,
    Footer,
    geometry_of,
    parse_footer,
)


class FooterState(StrEnum):
    """What is in the place of a footer."""

    OK = "ok"
    BAD = "bad"
    """The cookie, but another sum or an impossible type."""
    KILLED = "killed"
    """Overwritten by tapdisk for as long as a VM ran: normal after a crash."""
    POISONED = "poisoned"
    """Disabled by the storage manager."""
    ABSENT = "absent"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class FooterPlace:
    """One place and what it holds."""

    offset_bytes: int
    state: FooterState
    footer: Footer | None
    data: bytes


def read_place(source: ByteSource, offset_bytes: int, length_bytes: int = 512) -> FooterPlace:
    """Read one place."""
    piece = source.pread(offset_bytes, length_bytes)
    data = piece.data
    footer = None if piece.gaps else parse_footer(data)
    if footer is not None:
        state = FooterState.OK
    elif piece.gaps:
        state = FooterState.UNREADABLE
    elif data == KILLED:
        state = FooterState.KILLED
    elif data.startswith(COOKIE):
        state = FooterState.BAD
    elif data.startswith(POISON):
        state = FooterState.POISONED
    else:
        state = FooterState.ABSENT
    return FooterPlace(offset_bytes=offset_bytes, state=state, footer=footer, data=data)


def read_head(source: ByteSource) -> FooterPlace:
    """The copy at offset 0."""
    return read_place(source, 0)


def read_tail(source: ByteSource) -> FooterPlace:
    """The footer at the end, or the 511-byte one of Virtual PC before 2004, or before a ragged end."""
    size = source.size_bytes
    aligned = size - size % FOOTER_BYTES - FOOTER_BYTES
    places = [(size - FOOTER_BYTES, FOOTER_BYTES)]
    if size % FOOTER_BYTES:
        places = [
            (size - (FOOTER_BYTES - 1), FOOTER_BYTES - 1),
            (aligned, FOOTER_BYTES),
            (size - FOOTER_BYTES, FOOTER_BYTES),
        ]
    found: FooterPlace | None = None
    for offset, length in places:
        if offset < FOOTER_BYTES:
            continue
        place = read_place(source, offset, length)
        if place.footer is not None:
            return place
        found = found or place
    return found or FooterPlace(
        offset_bytes=max(0, aligned), state=FooterState.ABSENT, footer=None, data=b""
    )


def choose(
    head: Footer | None, tail: Footer | None, *, first_free_bytes: int, table_bytes: int
) -> Footer | None:
    """The footer that counts, made of both where they differ.

    Another uuid at the tail is another image's: the head stands before the header, so it counts. Of the
    same image, written at two moments: either hidden = hidden; either differencing = differencing; of
    the two sizes the one that holds every allocated block (`first_free_bytes`) and that the table can
    hold, the larger one where both do, for it cuts nothing off.
    """
    if head is None or tail is None or head == tail or head.uuid != tail.uuid:
        return head or tail
    fitting = [
        size
        for size in (head.size_bytes, tail.size_bytes)
        if first_free_bytes <= size <= table_bytes
    ]
    size = max(fitting or [head.size_bytes])
    base = head if head.size_bytes == size else tail
    differs = head.type is not tail.type
    return replace(
        base,
        hidden=head.hidden or tail.hidden,
        type=DiskType.DIFFERENCING if differs else base.type,
        geometry=base.geometry if base.size_bytes == size else geometry_of(size),
    )
