"""Raw bytes around an offset of a source: `lvtui show SOURCE --raw OFFSET[+LENGTH]`."""

from __future__ import annotations

from lvtui.errors import UserError
from lvtui.flow.spec import parse_spec
from lvtui.host.device import SourceDevice
from lvtui.units import MiB

DEFAULT_LENGTH_BYTES = 512
LENGTH_BYTES_MAX = 1 * MiB


def parse_place(place: str) -> tuple[int, int]:
    """`OFFSET[+LENGTH]` in bytes, decimal or 0x hex → (offset_bytes, length_bytes).

    Raises:
        UserError: no such form, or more than `LENGTH_BYTES_MAX`.
    """
    offset, _, length = place.partition("+")
    try:
        offset_bytes = int(offset, 0)
        length_bytes = int(length, 0) if length else DEFAULT_LENGTH_BYTES
    except ValueError:
        offset_bytes, length_bytes = -1, 0
    if offset_bytes < 0 or not 0 < length_bytes <= LENGTH_BYTES_MAX:
        raise UserError(
            "LV-USE-02",
            "{place} is no place to look at. Give OFFSET or OFFSET+LENGTH in bytes (decimal, or hex "
            "with 0x), with a length of at most {most:bytes}.",
            place=place,
            most=LENGTH_BYTES_MAX,
        )
    return offset_bytes, length_bytes


def read_raw(spec: str, place: str) -> tuple[int, bytes]:
    """The bytes at a place of the first path of SOURCE; unreadable ones are zero.

    Raises:
        UserError: the place is behind the end, or `parse_place` refuses it.
    """
    offset_bytes, length_bytes = parse_place(place)
    path = parse_spec(spec)[0]
    with SourceDevice(path) as device:
        if offset_bytes >= device.size_bytes:
            raise UserError(
                "LV-USE-03",
                "Offset {offset} is behind the end of {path} ({size} bytes).",
                offset=offset_bytes,
                path=path,
                size=device.size_bytes,
            )
        return offset_bytes, device.pread(offset_bytes, length_bytes).data
