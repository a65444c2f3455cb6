from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.label import PvLabel, dashed_uuid, find_labels, lvm_crc
from lvtui.source import ByteRange
from tests.rings import RealRing, load_ring

UUID = "RNhJN6yAJEQMlW42Z8wRnteRtxdFBDsb"


def label_sector(
    *,
    number: int = 1,
    extension: bytes = b"",
    header_at: int = 32,
    areas: tuple[tuple[int, int], ...] = ((4096, 11530240),),
    terminated: bool = True,
) -> bytes:
    """A label as pvcreate writes it, its crc good whatever it says."""
    pv = bytearray()
    pv += UUID.encode() + struct.pack("<Q", 600 << 20)
    pv += struct.pack("<QQQQ", 11 << 20, 0, 0, 0)
    for offset, size in areas:
        pv += struct.pack("<QQ", offset, size)
    if terminated:
        pv += bytes(16) + extension
    sector = bytearray(512)
    sector[32 : 32 + len(pv)] = pv[:480]
    struct.pack_into("<8sQII8s", sector, 0, b"LABELONE", number, 0, header_at, b"LVM2 001")
    struct.pack_into("<I", sector, 16, lvm_crc(bytes(sector[20:])))
    return bytes(sector)


def only(head: bytes) -> PvLabel:
    (label,) = find_labels(head)
    return label


def test_the_label_of_a_real_pv_names_its_area(ring: RealRing) -> None:
    label = only(ring.head)

    assert (label.crc_ok, label.sector_ok) == (True, True)
    assert (ByteRange(4096, len(ring.head) - 4096),) == label.metadata_areas
    assert (ByteRange(len(ring.head), 0),) == label.data_areas
    assert (label.offset_bytes, label.sector) == (512, 1)


@pytest.mark.parametrize(
    ("name", "version", "used"),
    [
        pytest.param("wrap-2.02.84", 0, None, id="2.02.84-has-no-extension"),
        pytest.param("wrap-2.02.180", 2, True, id="2.02.180"),
        pytest.param("history-2.03.16", 2, True, id="2.03.16"),
    ],
)
def test_the_extension_of_each_release_is_read(
    name: str, version: int, *, used: bool | None
) -> None:
    label = only(load_ring(name).head)

    assert (version, used) == (label.extension_version, label.used_by_vg)


@pytest.mark.parametrize("number", range(4))
def test_a_label_is_found_in_each_of_the_first_four_sectors(number: int) -> None:
    head = bytes(512 * number) + label_sector(number=number) + bytes(4096)

    label = only(head)

    assert (number * 512, number, True) == (label.offset_bytes, label.sector, label.sector_ok)


def test_a_label_in_the_fifth_sector_is_none() -> None:
    assert find_labels(bytes(4 * 512) + label_sector(number=4)) == ()


def test_a_label_that_stands_in_another_sector_than_it_says_comes_last() -> None:
    head = label_sector(number=3) + label_sector(number=1)

    moved_last = [label.sector_ok for label in find_labels(head)]

    assert moved_last == [True, False]


def test_a_flipped_bit_is_told_by_the_crc_and_the_rest_is_read() -> None:
    sector = bytearray(label_sector())
    sector[400] ^= 1

    label = only(bytes(512) + bytes(sector))

    assert (False, dashed_uuid(UUID)) == (label.crc_ok, label.pv_uuid)


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        pytest.param(b"", (0, None, ()), id="absent"),
        pytest.param(
            struct.pack("<IIQQ", 1, 1, 1 << 20, 4096),
            (1, None, (ByteRange(1 << 20, 4096),)),
            id="1",
        ),
        pytest.param(struct.pack("<II", 2, 0), (2, False, ()), id="2-unused"),
        pytest.param(
            struct.pack("<IIQQ", 2, 1, 1 << 20, 4096),
            (2, True, (ByteRange(1 << 20, 4096),)),
            id="2-used-with-boot-area",
        ),
    ],
)
def test_extension(
    extension: bytes, expected: tuple[int, bool | None, tuple[ByteRange, ...]]
) -> None:
    label = only(bytes(512) + label_sector(extension=extension))

    assert expected == (label.extension_version, label.used_by_vg, label.bootloader_areas)


def test_two_metadata_areas_keep_the_order_of_the_label() -> None:
    label = only(bytes(512) + label_sector(areas=((4096, 1 << 20), (54 << 20, 10 << 20))))

    assert (ByteRange(4096, 1 << 20), ByteRange(54 << 20, 10 << 20)) == label.metadata_areas


def test_a_list_without_an_end_stops_at_the_sectors_end() -> None:
    endless = tuple((4096 * (at + 1), 4096) for at in range(40))

    label = only(bytes(512) + label_sector(areas=endless, terminated=False))

    assert len(label.metadata_areas) == 25
    assert (label.extension_version, label.used_by_vg, label.bootloader_areas) == (0, None, ())


@pytest.mark.parametrize("header_at", [0, 31, 473, 512, 2**32 - 1])
def test_a_pv_header_outside_its_sector_makes_a_bad_label_though_the_crc_holds(
    header_at: int,
) -> None:
    label = only(bytes(512) + label_sector(header_at=header_at))

    assert (False, dashed_uuid(UUID)) == (label.crc_ok, label.pv_uuid)


def test_uuid_is_dashed_as_lvm_prints_it() -> None:
    assert dashed_uuid(UUID) == "RNhJN6-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb"


@settings(derandomize=True, max_examples=200)
@given(st.binary(max_size=2100), st.integers(0, 3))
def test_no_bytes_raise(noise: bytes, number: int) -> None:
    head = bytearray(noise.ljust(2100, b"\0"))
    head[number * 512 : number * 512 + 8] = b"LABELONE"
    head[number * 512 + 24 : number * 512 + 32] = b"LVM2 001"

    assert len(find_labels(bytes(head))) >= 1
