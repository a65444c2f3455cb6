"""The footer bytes by which a VHD in an LV stops being hidden.

The head footer is corrected where its checksum is good. The tail is written only where the end of the
data lies at or before the LV's size - 512; killed (0xC7) or missing, it is made of the corrected head.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.errors import FormatError
from lvtui.message import Message, message
from lvtui.source import ByteSource
from lvtui.vhd.footer import FOOTER_BYTES, DiskType, with_hidden
from lvtui.vhd.footers import FooterState, read_head, read_tail
from lvtui.vhd.image import open_image


@dataclass(frozen=True, slots=True, kw_only=True)
class FooterWrite:
    """A footer to write."""

    place: str
    """`head` or `tail`."""
    offset_bytes: int
    """In the LV."""
    old: bytes
    new: bytes


def footer_writes(source: ByteSource) -> tuple[tuple[FooterWrite, ...], Message | None]:
    """What is to be written, or why nothing may be."""
    head = read_head(source)
    if head.footer is None:
        return (), message("the footer at its start is {state}", state=head.state.value)
    if head.footer.type is DiskType.FIXED:
        return (), message("it is a fixed disk: its start belongs to the guest")
    new = with_hidden(head.data, hidden=False)
    writes = []
    if new != head.data:
        writes.append(FooterWrite(place="head", offset_bytes=0, old=head.data, new=new))
    at = source.size_bytes - FOOTER_BYTES
    tail = read_tail(source)
    if tail.offset_bytes != at or tail.state is FooterState.UNREADABLE:
        return (), message("the place of the footer at its end cannot be read")
    same_image = tail.footer is not None and tail.footer.uuid == head.footer.uuid
    cleared = with_hidden(tail.data, hidden=False) if same_image else new
    if cleared == tail.data:
        return tuple(writes), None
    problem = _tail_problem(source, at)
    if problem is not None:
        return (), problem
    writes.append(FooterWrite(place="tail", offset_bytes=at, old=tail.data, new=cleared))
    return tuple(writes), None


def _tail_problem(source: ByteSource, at: int) -> Message | None:
    """Why nothing may be written at the end."""
    try:
        end = data_end(source)
    except FormatError as error:
        return error.message
    if end > at:
        return message("its data reach into the place of the footer at its end")
    return None


def data_end(source: ByteSource) -> int:
    """The first byte behind everything that the VHD has in the LV.

    Raises:
        FormatError: no VHD, or `LV-VHD-20`, a block table that cannot be read whole.
    """
    image = open_image(source)
    table = image.table
    if table is None:
        return image.headers_end_bytes
    if table.unknown():
        raise FormatError("LV-VHD-20", "the block table cannot be read whole")
    last = max((entry for _, entry in table.used()), default=None)
    ends = [image.headers_end_bytes]
    if last is not None:
        ends.append(last * FOOTER_BYTES + image.stride_bytes)
    return max(ends)
