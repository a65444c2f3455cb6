"""What writers outside LVM leave in a lost disk's extents, and what only looks like it."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import pytest

from lvtui.lvm.label import lvm_crc
from lvtui.rescue.foreign import ForeignSigns, foreign_signs
from lvtui.source import BytesSource
from lvtui.vhd.image import open_image
from tests.vhd.images import BLOCK, Made, Spec, make

EXTENT = 4 << 20
BLOCKS = 9
DISK = 64 << 20
UUID = bytes(range(16))


def _made(*, every: int = 1) -> Made:
    """Nine blocks of noise; with `every`, only each so many sectors."""
    rng = random.Random(5)
    sectors = {number: rng.randbytes(512) for number in range(0, BLOCKS * BLOCK // 512, every)}
    return make(
        Spec(size=DISK, uuid=UUID, sectors=sectors, container=28 << 20, order=tuple(range(BLOCKS)))
    )


def _signs(made: Made, *, most: int = 99) -> ForeignSigns:
    return foreign_signs(open_image(BytesSource(bytes(made.data))), EXTENT, most=most)


def _put(made: Made, offset: int, data: bytes) -> Made:
    made.data[offset : offset + len(data)] = data
    return made


def _label() -> bytes:
    """Four sectors, a PV's label in the second."""
    body = struct.pack("<I8s", 32, b"LVM2 001") + b"a" * 32 + bytes(512 - 64)
    body = body[: 512 - 20]
    head = b"LABELONE" + struct.pack("<Q", 1) + struct.pack("<I", lvm_crc(body))
    return bytes(512) + head + body + bytes(1024)


def test_a_disk_that_nobody_touched_shows_nothing() -> None:
    signs = _signs(_made())

    assert (signs.zeroed, signs.foreign, signs.reasons()) == ((), (), ())
    assert signs.probed == signs.extent_count == 4


def test_a_guest_that_wrote_zeros_or_little_is_not_a_discard() -> None:
    zeros = {number: bytes(512) for number in range(BLOCKS * BLOCK // 512)}
    written = make(
        Spec(size=DISK, uuid=UUID, sectors=zeros, container=28 << 20, order=tuple(range(BLOCKS)))
    )

    assert _signs(written).reasons() == ()
    assert _signs(_made(every=4096)).reasons() == ()


def test_an_extent_of_zeros_where_blocks_are_is_named_with_its_number() -> None:
    made = _put(_made(), 2 * EXTENT, bytes(EXTENT))

    signs = _signs(made)

    assert signs.zeroed == (2,)
    assert "extents 2 of it are zeros" in str(signs.reasons()[0])
    assert "(4 of 4 looked at)" in str(signs.reasons()[0])


def test_the_newest_block_may_be_empty() -> None:
    made = _made()
    last = max(made.entry.values()) * 512

    assert _signs(_put(made, last, bytes(len(made.data) - last - 512))).reasons() == ()


@pytest.mark.parametrize(
    ("what", "bytes_of"),
    [
        ("a VHD", lambda: bytes(_made().data[:4096])),
        ("an LVM physical volume", _label),
        ("a partition table", lambda: bytes(510) + b"\x55\xaaEFI PART" + bytes(4000)),
        ("a RAID member", lambda: bytes(4096) + bytes.fromhex("fc4e2ba9") + bytes(508)),
    ],
)
def test_what_begins_in_an_extent_that_is_in_use_is_named(
    what: str, bytes_of: Callable[[], bytes]
) -> None:
    signs = _signs(_put(_made(), 3 * EXTENT, bytes_of()))

    assert signs.foreign == ((3, what),)
    assert f"3: {what}" in str(signs.reasons()[0])


def test_a_mark_in_sectors_that_the_disk_does_not_use_is_an_earlier_tenants() -> None:
    signs = _signs(_put(_made(every=4096), 3 * EXTENT, bytes(_made().data[:4096])))

    assert signs.foreign == ()


def test_text_over_a_bitmap_is_foreign() -> None:
    made = _made()
    at = made.entry[5] * 512

    signs = _signs(_put(made, at, b"root:x:0:0:root:/root:/bin/bash\n" * 16))

    assert [what for _, what in signs.foreign] == ["data over the bitmap of a block"]


def test_a_few_are_spread_over_the_volume_and_counted() -> None:
    signs = _signs(_put(_made(), EXTENT, bytes(EXTENT)), most=2)

    assert (signs.probed, signs.extent_count) == (2, 4)
    assert _signs(_made(), most=0).probed == 0


def test_a_volume_without_a_table_shows_nothing() -> None:
    image = open_image(_made().source)

    assert foreign_signs(image, 0) == ForeignSigns()
