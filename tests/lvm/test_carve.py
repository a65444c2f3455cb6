from __future__ import annotations

import hashlib
import re
import struct
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.carve import (
    CopyState,
    CrcState,
    MetadataCopy,
    Origin,
    Slot,
    carve_area,
    carve_range,
    carve_source,
)
from lvtui.lvm.label import lvm_crc
from lvtui.source import ByteRange, BytesSource, Piece
from tests.rings import AREA_AT, RealRing, RingMaker, lvm_text

COMPLETE = (CopyState.WHOLE, CopyState.WRAPPED)


def whole(copies: tuple[MetadataCopy, ...]) -> list[MetadataCopy]:
    return [copy for copy in copies if copy.state in COMPLETE]


def torn(copies: tuple[MetadataCopy, ...]) -> list[MetadataCopy]:
    return [copy for copy in copies if copy.state is CopyState.TORN]


def carve(maker: RingMaker) -> tuple[MetadataCopy, ...]:
    return carve_area(maker.area(), bytes(maker.data))


def filled(size_bytes: int, count: int, *, pads: bool = True, lvs: int = 3) -> RingMaker:
    maker = RingMaker(size_bytes, pads=pads)
    for seqno in range(1, count + 1):
        names = tuple(f"lv{at}" + "x" * (seqno % 7) for at in range(seqno % (lvs + 1)))
        maker.write(lvm_text(seqno=seqno, lvs=names))
    return maker


# real rings


def test_every_whole_text_of_a_real_ring_is_found_at_its_offset(ring: RealRing) -> None:
    found = {
        (copy.offset_bytes - AREA_AT, copy.index.seqno, copy.text + b"\0")
        for copy in whole(carve_area(ring.area, ring.area_data))
    }
    true = {
        (text.offset_bytes, text.seqno, text.raw) for text in ring.texts if text.state == "whole"
    }

    missed, invented = true - found, {seqno for _, seqno, _ in found - true}

    assert missed == set()
    # vgremove wrote one more after the last LV, which the recorder had no chance to see
    assert invented == ({10} if ring.name == "history-2.03.16" else set())


def test_the_torn_text_of_a_real_ring_is_found_from_its_first_byte_left(
    residue_ring: RealRing, history_ring: RealRing
) -> None:
    for ring in (residue_ring, history_ring):
        true = [text for text in ring.texts if text.state == "torn"]

        found = torn(carve_area(ring.area, ring.area_data))

        assert [copy.text + b"\0" for copy in found] == [
            text.raw[-text.suffix_bytes :] for text in true
        ]
        end = true[0].offset_bytes + len(true[0].raw) - 1
        assert found[0].offset_bytes - AREA_AT + found[0].length_bytes == end


def test_the_newest_text_is_committed_with_a_good_crc(ring: RealRing) -> None:
    marked = [
        (copy.index.seqno, copy.slot, copy.crc)
        for copy in carve_area(ring.area, ring.area_data)
        if copy.slot is not None or copy.crc is not CrcState.UNKNOWN
    ]

    assert marked == [(ring.texts[-1].seqno, Slot.COMMITTED, CrcState.OK)]


def test_the_index_of_a_real_text_agrees_with_its_lines(ring: RealRing) -> None:
    for copy in whole(carve_area(ring.area, ring.area_data)):
        text = copy.text.decode()
        host, time = re.findall(r'creation_host = "(.*)"\t#.*\ncreation_time = (\d+)\t#', text)[-1]
        (description,) = re.findall(r'\ndescription = "(.*)"\n', text)

        assert copy.index.vg_name == text[: text.index(" {\n")]
        assert copy.index.vg_uuid == text.split('"')[1]
        assert copy.index.creation_host == host
        assert copy.index.creation_time == int(time)
        assert copy.index.description == description
        assert copy.index.lv_count == text.count("\nsegment_count")


def test_the_sha_of_a_text_leaves_out_what_ends_it(history_ring: RealRing) -> None:
    copy = carve_area(history_ring.area, history_ring.area_data)[-1]

    expected = hashlib.sha256(copy.text.rstrip(b" \t\n")).hexdigest()

    assert copy.text_sha256 == expected


# the ring's end


@settings(derandomize=True, max_examples=60, deadline=None)
@given(sector=st.integers(0, 200), pads=st.booleans())
def test_a_text_is_found_at_every_place_of_the_ring(sector: int, *, pads: bool) -> None:
    maker = RingMaker(512 + 100 * 512, pads=pads)
    maker.next_at = 512 + sector % 100 * 512
    text = lvm_text(name="VG_XenStorage-x", seqno=7, lvs=("a", "b"))
    at = maker.write(text)

    (copy,) = carve(maker)

    is_split = at + len(text) + 1 > maker.size_bytes
    assert copy.state is (CopyState.WRAPPED if is_split else CopyState.WHOLE)
    assert (copy.offset_bytes, copy.length_bytes) == (AREA_AT + at, len(text))
    assert copy.text == text


@pytest.mark.parametrize("pads", [True, False], ids=["padded", "residue"])
@pytest.mark.parametrize("count", range(1, 60))
def test_the_newest_texts_are_whole_and_at_most_one_older_is_torn(
    count: int, *, pads: bool
) -> None:
    maker = filled(512 + 30 * 512, count, pads=pads)
    kept, room = 0, 30 * 512
    for _, text in reversed(maker.texts):
        room -= -(-(len(text) + 1) // 512) * 512
        if room < 0:
            break
        kept += 1

    copies = carve(maker)

    assert sorted(copy.text for copy in whole(copies)) == sorted(
        text for _, text in maker.texts[len(maker.texts) - kept :]
    )
    assert len(torn(copies)) <= 1
    if torn(copies):
        assert maker.texts[-kept - 1][1].endswith(torn(copies)[0].text)
        assert torn(copies)[0].index.seqno is None
        assert torn(copies)[0].index.creation_time == 1_790_000_000 + count - kept


def test_only_the_nul_is_behind_the_rings_end() -> None:
    text = lvm_text(seqno=7)
    maker = RingMaker(512 + 100 * 512)
    shorter = lvm_text(seqno=7, description="w" * (20 + 511 - len(text) % 512 + 1))
    assert len(shorter) % 512 == 0
    maker.next_at = maker.size_bytes - len(shorter)
    maker.write(shorter)

    (copy,) = carve(maker)

    assert (copy.state, copy.text) == (CopyState.WRAPPED, shorter)


def test_a_split_text_whose_rest_was_overwritten_is_torn_and_the_new_one_whole() -> None:
    maker = RingMaker(512 + 20 * 512)
    maker.next_at = maker.size_bytes - 1024
    split = lvm_text(seqno=5, lvs=("a", "b", "c", "d", "e", "f", "g", "h"))
    maker.write(split)
    maker.next_at = 512
    maker.write(lvm_text(seqno=1))

    copies = carve(maker)

    assert [(copy.state, copy.index.seqno) for copy in copies] == [
        (CopyState.WHOLE, 1),
        (CopyState.TORN, None),
        (CopyState.TORN, 5),
    ]
    assert copies[2].text == split[:1024]


def test_a_joint_inside_the_trailer_of_another_text_is_not_believed() -> None:
    # The head part ends where the other text's trailer begins: braces balance, both parse.
    maker = RingMaker(512 + 20 * 512)
    old = lvm_text(seqno=5, description="")
    cut = -(-old.index(b"contents = ") // 512) * 512
    old = lvm_text(seqno=5, description="", vg_tags=("t" * (cut - old.index(b"contents = ") - 12),))
    assert old.index(b"contents = ") == cut
    maker.next_at = maker.size_bytes - cut
    maker.write(old)
    maker.next_at = 512
    foreign = lvm_text(seqno=9)
    maker.write(foreign)

    states = [(copy.state, copy.index.seqno) for copy in carve(maker)]

    assert states == [(CopyState.WHOLE, 9), (CopyState.TORN, 5)]


def test_a_torn_tail_that_goes_round_the_end_is_one_piece() -> None:
    maker = RingMaker(512 + 20 * 512)
    old = lvm_text(seqno=5, lvs=("a", "b", "c", "d"))
    maker.next_at = maker.size_bytes - 2048
    maker.write(old)
    maker.data[maker.size_bytes - 2048 : maker.size_bytes - 1024] = bytes(1024)

    (copy,) = carve(maker)

    assert (copy.state, copy.text) == (CopyState.TORN, old[1024:])
    assert copy.offset_bytes == AREA_AT + maker.size_bytes - 1024


def test_the_end_of_a_short_dump_is_not_the_rings_end() -> None:
    maker = RingMaker(512 + 20 * 512)
    maker.next_at = maker.size_bytes - 1024
    text = lvm_text(seqno=5, lvs=("a", "b", "c"))
    maker.write(text)

    copies = carve_area(maker.area(), bytes(maker.data[:-512]))

    assert [(copy.state, copy.text) for copy in copies] == [
        (CopyState.TORN, text[1024:]),
        (CopyState.TORN, text[:512]),
    ]


# damage


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.integers(0, 5), st.sampled_from([0x00, 0x01, 0x1B, 0x7F, 0xFF]))
def test_a_sector_that_is_no_text_leaves_no_whole_text(sector: int, filler: int) -> None:
    text = lvm_text(seqno=5, lvs=tuple("abcdefghijkl"))
    assert len(text) > 7 * 512
    maker = RingMaker(65536)
    at = maker.write(text)
    maker.data[at + sector * 512 : at + sector * 512 + 512] = bytes([filler]) * 512

    copies = carve(maker)

    assert whole(copies) == []
    assert text.endswith(copies[-1].text) or filler == 0xFF
    assert (copies[0].index.seqno == 5) is (sector > 0)


def test_the_parts_before_and_behind_an_unreadable_sector_are_torn() -> None:
    text = lvm_text(seqno=5, lvs=("a", "b", "c", "d", "e"))
    maker = RingMaker(65536)
    maker.write(text)
    maker.data[1024:1536] = bytes(512)

    copies = carve_area(maker.area(), bytes(maker.data), gaps=(ByteRange(AREA_AT + 1024, 512),))

    assert [(copy.state, copy.text) for copy in copies] == [
        (CopyState.TORN, text[:512]),
        (CopyState.TORN, text[1024:]),
    ]
    assert [copy.index.seqno for copy in copies] == [5, None]


def test_a_text_whose_nul_cannot_be_read_is_not_called_whole() -> None:
    maker = RingMaker(65536)
    text = lvm_text(seqno=5, description="w" * 300)
    text = lvm_text(seqno=5, description="w" * (300 + 512 - len(text) % 512))
    maker.write(text)

    copies = carve_area(
        maker.area(), bytes(maker.data), gaps=(ByteRange(AREA_AT + 512 + len(text), 512),)
    )

    assert [(copy.state, copy.text) for copy in copies] == [(CopyState.TORN, text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"}\n}\n\nb {", b"}\n \n\nb {", id="brace"),
        pytest.param(b"creation_time", b"creation-time", id="trailer"),
        pytest.param(b"contents = ", b"contents - ", id="contents"),
        pytest.param(b"# Generated", b"# Generatee", id="generated"),
        pytest.param(b"pv_start", b"pv_start", id="nothing"),
    ],
)
def test_a_broken_structure_is_torn(before: bytes, after: bytes) -> None:
    text = lvm_text(seqno=5, lvs=("a", "b"))
    broken = after.join(text.rsplit(before, 1))
    maker = RingMaker(65536)
    maker.write(broken)

    (copy,) = carve(maker)

    assert copy.state is (CopyState.WHOLE if broken == text else CopyState.TORN)


def test_a_decoy_head_without_a_text_is_torn() -> None:
    maker = filled(65536, 3)
    decoy = (
        b'VG_decoy {\nid = "AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAAAA"\nseqno = 9999\nformat = "lvm2"'
    )
    maker.data[40960 : 40960 + len(decoy)] = decoy

    copies = carve(maker)

    assert [(copy.index.seqno, copy.text) for copy in torn(copies)] == [(9999, decoy)]


@pytest.mark.parametrize("offset", [1, 256, 510])
def test_a_text_off_the_grid_is_none(offset: int) -> None:
    text = lvm_text(seqno=5)
    data = bytes(1024 + offset) + text + bytes(4096)

    assert whole(carve_range(data, device=0, offset_bytes=0)) == []


def test_residue_behind_a_nul_is_never_read() -> None:
    longer, shorter = lvm_text(seqno=5, description="w" * 90), lvm_text(seqno=6)
    assert -(-len(longer) // 512) == -(-len(shorter) // 512)
    maker = RingMaker(65536, pads=False)
    maker.write(longer)
    maker.next_at = 512
    maker.write(shorter)
    assert b"creation_time" in bytes(maker.data[512 + len(shorter) + 1 : 512 + len(longer)])

    (copy,) = carve(maker)

    assert copy.text == shorter


# names and strings


@pytest.mark.parametrize(
    "name", ["D", "id", "seqno", "_", "+.x", "a-b", "n" * 127, "VG_XenStorage-1"]
)
def test_a_vg_may_have_any_name_that_lvm_allows(name: str) -> None:
    maker = RingMaker(65536)
    maker.write(lvm_text(name=name, seqno=5))

    (copy,) = carve(maker)

    assert (copy.state, copy.index.vg_name) == (CopyState.WHOLE, name)


@pytest.mark.parametrize("name", ["", "-a", "n" * 128, "a b", "a/b", "a\x1b[0m", "ä"])
def test_no_text_has_a_name_that_lvm_forbids(name: str) -> None:
    maker = RingMaker(65536)
    maker.write(lvm_text(name=name, seqno=5))

    assert whole(carve(maker)) == []


@pytest.mark.parametrize(
    "description",
    [
        "",
        'Write from lvcreate --config "devices { filter = [ \\"a|.*|\\" ] }.',
        "{ { { { # contents = ",
        "}" * 50,
        'ends with a backslash \\ and a quote "',
        "a --config of\nthree\n\nlines\nseqno = 7\n",
        "почта \x1b[31m \udcff",
        "w" * 2047,
    ],
)
def test_a_description_may_hold_what_a_command_line_may(description: str) -> None:
    maker = RingMaker(65536)
    text = lvm_text(seqno=5, description="@@", lvs=("a",))
    raw = description.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "surrogateescape")
    maker.write(text.replace(b"@@", raw))

    (copy,) = carve(maker)

    expected = description.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    assert (copy.state, copy.index.description) == (CopyState.WHOLE, expected)
    assert copy.index.lv_count == 1


def test_lvs_named_like_keys_and_hundreds_of_tags_are_counted_right() -> None:
    names = ("logical_volumes", "physical_volumes", "id", "tags", "segment1", "pv0", "3")
    tags = tuple(f"t{at}#=:&/!" for at in range(300))
    maker = RingMaker(65536)
    maker.write(lvm_text(seqno=5, lvs=names, vg_tags=tags))

    (copy,) = carve(maker)

    assert (copy.state, copy.index.lv_count) == (CopyState.WHOLE, 7)


def test_a_brace_in_a_string_of_the_volume_group_is_no_brace() -> None:
    maker = RingMaker(65536)
    maker.write(lvm_text(seqno=5).replace(b"/dev/sda3", b"/dev/by-id/{x"))

    (copy,) = carve(maker)

    assert copy.state is CopyState.WHOLE


def test_a_host_name_with_a_backslash_is_shown_as_it_stands() -> None:
    maker = RingMaker(65536)
    maker.write(lvm_text(seqno=5, host="back\\slash"))

    (copy,) = carve(maker)

    assert copy.index.creation_host == "back\\slash"


# what the header says


def test_a_precommitted_text_was_never_committed() -> None:
    maker = filled(65536, 4)
    maker.point(committed=2, precommitted=3)

    marked = [
        (copy.index.seqno, copy.slot, copy.crc, copy.never_committed)
        for copy in carve(maker)
        if copy.slot is not None
    ]

    assert marked == [
        (3, Slot.COMMITTED, CrcState.OK, False),
        (4, Slot.PRECOMMITTED, CrcState.OK, True),
    ]


def test_a_text_behind_the_committed_one_that_no_slot_names_was_never_committed() -> None:
    maker = filled(65536, 4)
    maker.point(committed=2)

    assert [copy.index.seqno for copy in carve(maker) if copy.never_committed] == [4]


@pytest.mark.parametrize("count", range(5, 45))
def test_no_text_of_an_older_lap_is_taken_for_an_uncommitted_one(count: int) -> None:
    maker = filled(512 + 30 * 512, count)
    maker.point()

    assert [copy for copy in carve(maker) if copy.never_committed] == []


def test_both_slots_on_one_text_make_it_committed() -> None:
    maker = filled(65536, 2)
    maker.point(committed=1, precommitted=1)

    copies = carve(maker)

    assert [(copy.slot, copy.never_committed) for copy in copies] == [
        (None, False),
        (Slot.COMMITTED, False),
    ]


def test_a_bad_crc_of_the_committed_text_is_told_and_the_structure_decides() -> None:
    maker = filled(65536, 2)
    maker.point()
    at, text = maker.texts[-1]
    where = at + text.index(b"dev_size = 1") + len("dev_size = ")
    maker.data[where] ^= 1

    copies = carve(maker)

    assert [(copy.state, copy.slot, copy.crc) for copy in copies] == [
        (CopyState.WHOLE, None, CrcState.UNKNOWN),
        (CopyState.WHOLE, Slot.COMMITTED, CrcState.BAD),
    ]


def test_a_bad_header_still_names_the_text_that_its_own_crc_proves() -> None:
    maker = filled(65536, 2)
    maker.point()
    maker.data[300] ^= 1

    assert [(copy.slot, copy.crc) for copy in carve(maker)] == [
        (None, CrcState.UNKNOWN),
        (Slot.COMMITTED, CrcState.OK),
    ]


def test_a_bad_header_names_no_text_that_nothing_proves() -> None:
    maker = filled(65536, 2)
    maker.point()
    struct.pack_into("<I", maker.data, 40 + 16, 12345)

    assert [copy.slot for copy in carve(maker)] == [None, None]


def test_an_ignored_pointer_marks_nothing() -> None:
    maker = filled(65536, 2)
    maker.point()
    struct.pack_into("<I", maker.data, 40 + 20, 1)
    struct.pack_into("<I", maker.data, 0, lvm_crc(bytes(maker.data[4:512])))

    assert [copy.slot for copy in carve(maker)] == [None, None]


@settings(derandomize=True, max_examples=300, deadline=None)
@given(
    field=st.sampled_from([24, 32, 40, 48, 56, 64, 72, 80]),
    value=st.sampled_from([0, 1, 511, 512, 4096, 65535, 65536, 2**31, 2**32, 2**63, 2**64 - 1]),
)
def test_no_lie_in_a_header_with_a_good_crc_raises_or_hides_a_text(field: int, value: int) -> None:
    maker = filled(65536, 5)
    maker.point(committed=3, precommitted=4)
    struct.pack_into("<Q", maker.data, field, value)
    struct.pack_into("<I", maker.data, 0, lvm_crc(bytes(maker.data[4:512])))

    assert [copy.index.seqno for copy in carve(maker)] == [1, 2, 3, 4, 5]


# bounds


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_noise_between_texts_raises_nothing_and_invents_nothing(seed: int, pokes: int) -> None:
    maker = filled(512 + 60 * 512, 20)
    state = seed
    for _ in range(pokes):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        at = 512 + (state >> 20) % (maker.size_bytes - 512 - 64)
        maker.data[at : at + 64] = hashlib.sha512(str(state).encode()).digest()
    true = {text for _, text in maker.texts}

    assert [copy for copy in whole(carve(maker)) if copy.text not in true] == []


def test_a_ring_of_nothing_but_heads_takes_linear_time() -> None:
    head = b'v {\nid = "AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAAAA"\nseqno = 1\n'.ljust(512, b"x")
    maker = RingMaker(512 + 4000 * 512)
    maker.data[512:] = head * 4000

    assert Counter(copy.length_bytes for copy in carve(maker)) == {512: 4000}


def test_progress_counts_bytes_and_can_stop() -> None:
    maker = filled(1 << 20, 800)
    seen: list[int] = []

    def stop(done: int) -> bool:
        seen.append(done)
        return len(seen) < 2

    copies = carve_area(maker.area(), bytes(maker.data), progress=stop)

    assert len(seen) == 2
    assert 0 < seen[0] < seen[1] < 1 << 20
    assert 0 < len(copies) < 800


# sources


class Scratched:
    """Bytes of which some sectors cannot be read."""

    def __init__(self, data: bytes, bad: tuple[ByteRange, ...]) -> None:
        self._data, self._bad, self.size_bytes = bytearray(data), bad, len(data)
        for gap in bad:
            self._data[gap.offset_bytes : gap.end_bytes] = bytes(gap.length_bytes)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        end = offset_bytes + length_bytes
        inside = tuple(
            gap for gap in self._bad if gap.offset_bytes < end and offset_bytes < gap.end_bytes
        )
        return Piece(bytes(self._data[offset_bytes:end]), inside)


def test_a_source_gives_the_texts_of_its_areas_once(ring: RealRing) -> None:
    source = BytesSource(ring.head)

    copies = carve_source(source, (ring.area, ring.area), 3)

    assert len({copy.offset_bytes for copy in copies}) == len(copies)
    assert {copy.device for copy in copies} == {3}
    assert [copy.text for copy in copies] == [
        copy.text for copy in carve_area(ring.area, ring.area_data)
    ]


def test_a_source_with_bad_sectors_gives_all_texts_but_those_over_them(
    history_ring: RealRing,
) -> None:
    healthy = whole(carve_area(history_ring.area, history_ring.area_data))
    victim = healthy[4]
    bad = ByteRange(victim.offset_bytes + 512, 512)

    copies = carve_source(Scratched(history_ring.head, (bad,)), (history_ring.area,), 0)

    assert [copy.text for copy in whole(copies)] == [
        copy.text for copy in healthy if copy is not victim
    ]


def test_reading_a_source_tells_its_progress_and_can_be_stopped(xs_ring: RealRing) -> None:
    seen: list[int] = []

    def stop(done: int) -> bool:
        seen.append(done)
        return False

    copies = carve_source(BytesSource(xs_ring.head), (xs_ring.area,), 0, progress=stop)

    assert seen[0] == 4 << 20
    assert 0 < len(copies) < 1150


def test_bytes_outside_every_area_are_carved_as_a_scan() -> None:
    text = lvm_text(seqno=5)
    data = bytes(1024) + text + bytes(4096)

    (copy,) = carve_range(data, device=1, offset_bytes=1 << 20)

    assert (copy.area, copy.origin, copy.offset_bytes) == (None, Origin.SCAN, (1 << 20) + 1024)
    assert copy.text == text
