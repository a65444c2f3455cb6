from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.host.device import SourceDevice
from lvtui.lvm.areas import find_areas
from lvtui.lvm.carve import CopyState, CrcState, Slot, carve_source
from lvtui.lvm.label import PvLabel, find_labels, lvm_crc
from lvtui.lvm.mda import MetadataArea
from lvtui.source import ByteRange, ByteSource, BytesSource, Piece
from tests.loop import loop_device, lvm, need
from tests.rings import AREA_AT, RealRing, RingMaker, load_ring, lvm_text

MIB = 1 << 20
COMPLETE = (CopyState.WHOLE, CopyState.WRAPPED)


def areas_of(source: ByteSource) -> tuple[MetadataArea, ...]:
    labels = find_labels(source.pread(0, 2048).data)
    return find_areas(labels[0] if labels else None, source, 0)


def seqnos(source: ByteSource) -> list[int | None]:
    copies = carve_source(source, areas_of(source), 0)
    return [copy.index.seqno for copy in copies if copy.state in COMPLETE]


def places(source: ByteSource) -> list[tuple[str, int, int]]:
    return [(area.named_by, area.offset_bytes, area.size_bytes) for area in areas_of(source)]


def erased(data: bytes, *ranges: tuple[int, int]) -> BytesSource:
    changed = bytearray(data)
    for start, end in ranges:
        changed[start:end] = bytes(end - start)
    return BytesSource(bytes(changed))


def label_naming(*areas: tuple[int, int], good: bool = True) -> PvLabel:
    return PvLabel(
        offset_bytes=512,
        sector=1,
        crc_ok=good,
        sector_ok=good,
        pv_uuid="GMQ2iz-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb",
        device_size_bytes=64 * MIB,
        data_areas=(ByteRange(MIB, 0),),
        metadata_areas=tuple(ByteRange(*area) for area in areas),
        extension_version=2,
        used_by_vg=True,
        bootloader_areas=(),
    )


def ring_of(count: int, *, size_bytes: int = 126976, pe_start_sectors: int = 256) -> RingMaker:
    maker = RingMaker(size_bytes)
    for seqno in range(1, count + 1):
        lvs = tuple(f"lv{at}" for at in range(seqno % 9))
        maker.write(lvm_text(seqno=seqno, lvs=lvs, pe_start_sectors=pe_start_sectors))
    maker.point()
    return maker


# the label


def test_a_good_label_names_the_area(ring: RealRing) -> None:
    assert places(BytesSource(ring.head)) == [("label", AREA_AT, len(ring.head) - AREA_AT)]


def test_a_good_label_names_the_area_though_its_header_is_gone(ring: RealRing) -> None:
    source = erased(ring.head, (4096, 4608))
    healthy = seqnos(BytesSource(ring.head))

    assert [area.header for area in areas_of(source)] == [None]
    assert seqnos(source) == healthy


def test_a_pv_without_metadata_areas_has_none(ring: RealRing) -> None:
    assert find_areas(label_naming(), BytesSource(ring.head), 0) == ()


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param([(2**63, 2**63)], [], id="far-behind-the-device"),
        pytest.param([(4096, 0)], [(4096, 126976)], id="the-header-knows-the-size"),
        pytest.param([(4096, 2**64 - 1)], [(4096, 126976)], id="as-large-as-can-be"),
        pytest.param([(8192, 2**64 - 1)], [(8192, 256 * MIB)], id="without-a-header-bounded"),
        pytest.param([(8192, 1000)], [], id="too-small-for-a-text"),
        pytest.param([(4096, 126976)] * 20, [(4096, 126976)], id="the-same-twenty-times"),
        pytest.param([(4096, 126976), (8192, 4096)], [(4096, 126976)], id="one-inside-another"),
        pytest.param([(8192, 8192), (65536, 8192)], [(8192, 8192), (65536, 8192)], id="two-apart"),
    ],
)
def test_a_label_that_lies_is_kept_in_bounds(
    named: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    source = BytesSource(load_ring("history-2.03.16").head)

    areas = find_areas(label_naming(*named), source, 0)

    assert [(area.offset_bytes, area.size_bytes) for area in areas] == expected
    assert [area.index for area in areas] == list(range(len(expected)))


def test_a_header_that_lies_about_its_size_is_kept_in_bounds() -> None:
    maker = ring_of(20)
    struct.pack_into("<Q", maker.data, 32, 2**62)
    struct.pack_into("<I", maker.data, 0, lvm_crc(bytes(maker.data[4:512])))
    source = BytesSource(bytes(4096) + bytes(maker.data))

    areas = find_areas(label_naming((4096, 126976)), source, 0)

    assert [area.size_bytes for area in areas] == [256 * MIB]
    assert len(carve_source(source, areas, 0)) == 20


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=6),
    st.booleans(),
)
def test_no_label_raises(named: list[tuple[int, int]], good: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    source = BytesSource(bytes(65536))

    for area in find_areas(label_naming(*named, good=good), source, 0):
        assert area.offset_bytes < 65536
        assert area.size_bytes <= 256 * MIB


class MidUpdate:
    """A device whose header another host is just writing: the first look at it is torn."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size_bytes, self._looks = data, len(data), 0

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        piece = bytearray(self._data[offset_bytes : offset_bytes + length_bytes])
        if offset_bytes == AREA_AT:
            self._looks += 1
            if self._looks == 1:
                piece[100] ^= 1
        return Piece(bytes(piece))


def test_a_header_caught_in_mid_update_is_read_again(ring: RealRing) -> None:
    label = label_naming((AREA_AT, len(ring.head) - AREA_AT))

    (area,) = find_areas(label, MidUpdate(ring.head), 0)

    assert area.header == ring.area.header


# the header


def test_without_a_label_the_header_names_the_area(ring: RealRing) -> None:
    source = erased(ring.head, (0, 4096))

    assert places(source) == [("header", AREA_AT, len(ring.head) - AREA_AT)]
    assert seqnos(source) == seqnos(BytesSource(ring.head))


@pytest.mark.parametrize("start", [4096, 8192, 16384, 65536, 1 * MIB, 3 * 512])
def test_a_header_is_found_where_it_says_that_it_is(start: int) -> None:
    maker = ring_of(20)
    maker.point(start=start)
    source = BytesSource(bytes(start) + bytes(maker.data) + bytes(MIB))

    assert places(source) == [("header", start, 126976)]


def test_a_pv_inside_a_volume_is_not_taken_for_this_one() -> None:
    guest = ring_of(20)
    source = BytesSource(bytes(11 * MIB + 4096) + bytes(guest.data) + bytes(MIB))

    assert areas_of(source) == ()


def test_a_bad_label_gives_way_to_the_header() -> None:
    maker = ring_of(20)
    source = BytesSource(bytes(4096) + bytes(maker.data) + bytes(MIB))
    label = label_naming((8192, 126976), good=False)

    areas = find_areas(label, source, 0)

    assert [(area.named_by, area.offset_bytes) for area in areas] == [("header", 4096)]


def test_a_second_area_is_found_at_the_devices_end() -> None:
    size = 67416064
    second = ring_of(20, size_bytes=10792960)
    second.point(start=56623104)
    data = bytearray(size)
    data[56623104:] = second.data
    source = BytesSource(bytes(data))

    assert places(source) == [("header", 56623104, 10792960)]
    assert seqnos(source) == list(range(1, 21))


# neither


def test_without_label_and_header_the_texts_say_where_the_area_ends(ring: RealRing) -> None:
    source = erased(ring.head + bytes(4 * MIB), (0, 4608))

    assert places(source) == [("guess", AREA_AT, len(ring.head) - AREA_AT)]
    assert seqnos(source) == seqnos(BytesSource(ring.head))


def test_a_split_text_that_proves_whole_tells_the_area_better_than_pe_start() -> None:
    maker = ring_of(90, pe_start_sectors=4096)
    source = BytesSource(bytes(4608) + bytes(maker.data[512:]) + bytes(4 * MIB))
    healthy = seqnos(BytesSource(bytes(4096) + bytes(maker.data) + bytes(4 * MIB)))

    copies = carve_source(source, areas_of(source), 0)

    assert [copy.state for copy in copies].count(CopyState.WRAPPED) == 1
    assert places(source) == [("guess", 4096, 126976)]
    assert seqnos(source) == healthy


def test_an_area_that_ends_beyond_what_is_read_at_first_is_read_to_its_end() -> None:
    maker = RingMaker(40 * MIB - 4096)
    maker.next_at = 30 * MIB
    maker.write(lvm_text(seqno=2, pe_start_sectors=40 * 2048))
    maker.next_at = 512
    maker.write(lvm_text(seqno=3, pe_start_sectors=40 * 2048))
    source = BytesSource(bytes(4608) + bytes(maker.data[512:]) + bytes(4 * MIB))

    assert places(source) == [("guess", 4096, 40 * MIB - 4096)]
    assert seqnos(source) == [3, 2]


@pytest.mark.parametrize("size", [1, 511, 512, 4096, 4608, 5120, 65536])
def test_nothing_gives_nothing(size: int) -> None:
    assert areas_of(BytesSource(bytes(size))) == ()


# real LVM2


@pytest.mark.parametrize("sector_bytes", [512, 4096])
def test_both_areas_of_a_real_pv_hold_the_same_texts(tmp_path: Path, sector_bytes: int) -> None:
    need("pvcreate", "vgcreate", "lvcreate", "lvremove", "pvck")
    image = tmp_path / "pv.img"
    with image.open("wb") as file:
        file.truncate(67416064)
    with loop_device(image, sector_bytes=sector_bytes) as device:
        lvm(device, "pvcreate", "-y", "--metadatacopies", "2", "--labelsector", "3", device)
        lvm(device, "vgcreate", "-s", "1M", "D", device)
        for name in ("id", "tags", "logical_volumes"):
            lvm(device, "lvcreate", "-an", "-Zn", "-Wn", "-L", "2M", "-n", name, "D")
        lvm(device, "lvremove", "-f", "D/tags")
        known = lvm(device, "pvck", "--dump", "metadata_search", "--labelsector", "3", device)
    with SourceDevice(str(image)) as source:
        areas = areas_of(source)
        copies = carve_source(source, areas, 0)

    first, second = ([copy for copy in copies if copy.area == area.index] for area in areas)
    assert [area.named_by for area in areas] == ["label", "label"]
    assert [copy.text for copy in first] == [copy.text for copy in second]
    assert [copy.index.seqno for copy in first] == [1, 2, 3, 4, 5]
    assert [copy.index.lv_count for copy in first] == [0, 1, 2, 3, 2]
    assert [(copy.slot, copy.crc) for copy in (first[-1], second[-1])] == [
        (Slot.COMMITTED, CrcState.OK)
    ] * 2
    assert all(f"at {copy.offset_bytes} " in known for copy in first)
