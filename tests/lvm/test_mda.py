from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.label import lvm_crc
from lvtui.lvm.mda import MDA_MAGIC, MdaHeader, parse_mda_header, ring_bytes
from tests.rings import AREA_AT, RealRing, RingMaker, lvm_text


def header_of(maker: RingMaker) -> MdaHeader:
    header = parse_mda_header(bytes(maker.data[:512]))
    assert header is not None
    return header


def two_texts() -> RingMaker:
    maker = RingMaker(65536)
    maker.write(lvm_text(seqno=1))
    maker.write(lvm_text(seqno=2))
    return maker


def test_a_real_header_points_to_the_newest_text(ring: RealRing) -> None:
    header = parse_mda_header(ring.head[AREA_AT : AREA_AT + 512])
    newest = ring.texts[-1]

    assert header is not None
    assert header.committed is not None
    assert (header.crc_ok, header.start_bytes, header.size_bytes) == (
        True,
        AREA_AT,
        len(ring.head) - AREA_AT,
    )
    assert (header.committed.offset_bytes, header.committed.size_bytes) == (
        newest.offset_bytes,
        len(newest.raw),
    )
    assert header.committed.crc == lvm_crc(newest.raw)
    assert header.precommitted is None


def test_no_magic_no_header() -> None:
    assert parse_mda_header(bytes(512)) is None
    assert parse_mda_header(bytes(4) + MDA_MAGIC) is None


def test_a_flipped_bit_is_told_and_the_pointers_are_still_read() -> None:
    maker = two_texts()
    maker.point()
    maker.data[200] ^= 1

    header = header_of(maker)

    assert not header.crc_ok
    assert header.committed is not None
    assert header.committed.offset_bytes == maker.texts[-1][0]


def test_the_precommitted_slot_is_read_also_where_nothing_was_committed_yet() -> None:
    maker = two_texts()
    maker.point(committed=None, precommitted=0)

    header = header_of(maker)

    assert header.committed is None
    assert header.precommitted is not None
    assert header.precommitted.offset_bytes == 512


def test_an_ignored_area_keeps_its_flag_with_and_without_a_pointer() -> None:
    sector = bytearray(512)
    sector[4:20] = MDA_MAGIC
    struct.pack_into("<I", sector, 40 + 20, 1)

    header = parse_mda_header(bytes(sector))

    assert header is not None
    assert header.committed is not None
    assert (header.committed.ignored, header.committed.offset_bytes) == (True, 0)


@pytest.mark.parametrize(
    ("offset", "size", "expected"),
    [
        pytest.param(512, 4, b"abcd", id="at-the-start"),
        pytest.param(1020, 4, b"wxyz", id="up-to-the-end"),
        pytest.param(1022, 4, b"yzab", id="round-the-end"),
        pytest.param(511, 4, None, id="in-the-header"),
        pytest.param(1024, 4, None, id="behind-the-end"),
        pytest.param(2**63, 4, None, id="far-behind"),
        pytest.param(600, 513, None, id="longer-than-the-ring"),
        pytest.param(600, 2**63, None, id="far-longer"),
        pytest.param(600, 0, None, id="empty"),
    ],
)
def test_ring_arithmetic(offset: int, size: int, expected: bytes | None) -> None:
    data = bytes(512) + b"abcd" + bytes(504) + b"wxyz"

    assert ring_bytes(data, 1024, offset, size) == expected


def test_a_pointer_into_what_a_short_dump_lacks_gives_nothing() -> None:
    data = bytes(512) + b"abcd"

    assert ring_bytes(data, 1024, 512, 5) is None
    assert ring_bytes(data, 1024, 1022, 4) is None


@settings(derandomize=True, max_examples=200)
@given(st.binary(max_size=600))
def test_no_bytes_raise(noise: bytes) -> None:
    sector = bytearray(noise.ljust(512, b"\xff"))
    sector[4:20] = MDA_MAGIC

    assert parse_mda_header(bytes(sector)) is not None
