from __future__ import annotations

from dataclasses import replace

import pytest

from lvtui.errors import FormatError
from lvtui.source import BytesSource
from lvtui.vhd.chain import Catalogue, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.footer import DiskType, build_footer, parse_footer, with_hidden
from lvtui.vhd.image import open_image
from tests.vhd.images import Made, Spec, footer, make
from tests.vhd.test_flatten import uuid_of

MiB = 1 << 20


def small() -> Made:
    """8 MiB, one block with two hundred sectors."""
    sectors = {number: bytes([number % 251]) * 512 for number in range(100, 300)}
    return make(Spec(size=8 * MiB, uuid=uuid_of(7), sectors=sectors, block=2 * MiB))


def judge(data: bytes) -> tuple[bool, bytes | None]:
    """(sound, the disk) as a whole way through opening, check and reading; None where refused."""
    try:
        image = open_image(BytesSource(data), name="x")
    except FormatError:
        return False, None
    chain = build_chain(image, Catalogue(()))
    check = check_chain(chain)
    disk = virtual_disk(chain, partial=True) if not chain.encrypted else None
    return check.is_sound, disk.pread(0, 1 * MiB).data if disk else None


def test_footer_goes_through_parse_and_build_unchanged() -> None:
    data = footer(8 * MiB, uuid_of(3), 4, hidden=1, original=4 * MiB)
    parsed = parse_footer(data)

    assert parsed is not None
    assert parsed.type is DiskType.DIFFERENCING
    assert parsed.hidden
    assert parsed.size_bytes == 8 * MiB
    assert data == build_footer(parsed)


def test_hidden_is_cleared_and_set_with_a_right_checksum() -> None:
    data = footer(8 * MiB, uuid_of(3), hidden=1)
    clear = with_hidden(data, hidden=False)
    parsed = parse_footer(clear)

    assert parsed is not None
    assert not parsed.hidden
    assert clear == footer(8 * MiB, uuid_of(3))
    assert data == with_hidden(clear, hidden=True)


@pytest.mark.parametrize("at", range(512))
def test_no_flipped_byte_of_both_footers_is_called_sound(at: int) -> None:
    data = bytearray(small().data)
    for place in (0, len(data) - 512):
        data[place + at] ^= 0x5A
    sound, _ = judge(bytes(data))

    assert not sound


@pytest.mark.parametrize("place", ["head", "tail"])
def test_no_flipped_byte_of_one_footer_is_missed_or_harms_the_disk(place: str) -> None:
    good = bytes(small().data)
    expected = judge(good)
    assert expected[0]
    base = 0 if place == "head" else len(good) - 512
    for at in range(512):
        data = bytearray(good)
        data[base + at] ^= 0x81

        assert judge(bytes(data)) == (False, expected[1])


def test_no_flipped_byte_of_the_header_is_called_sound() -> None:
    good = bytes(small().data)
    expected = judge(good)[1]
    for at in range(512, 1536):
        data = bytearray(good)
        data[at] ^= 0xFF
        sound, disk = judge(bytes(data))

        assert not sound
        # The parent's uuid is the only part that cannot be made again.
        if not 512 + 40 <= at < 512 + 56:
            assert disk == expected


def test_cut_at_every_sector_of_the_first_8_kib_is_a_sentence_or_gaps() -> None:
    good = bytes(small().data)
    for end in range(0, 8192 + 1, 512):
        sound, _ = judge(good[:end])

        assert not sound


@pytest.mark.parametrize(
    ("at", "value"),
    [
        pytest.param(48, (0).to_bytes(8, "big"), id="size-0"),
        pytest.param(48, (2**63).to_bytes(8, "big"), id="size-2-63"),
        pytest.param(48, (8 * MiB + 1).to_bytes(8, "big"), id="size-ragged"),
        pytest.param(48, (4096 << 30).to_bytes(8, "big"), id="size-4-TiB"),
        pytest.param(16, (2**64 - 1).to_bytes(8, "big"), id="no-header-offset"),
        pytest.param(16, (2**40).to_bytes(8, "big"), id="header-outside"),
        pytest.param(60, (0).to_bytes(4, "big"), id="type-none"),
        pytest.param(60, (99).to_bytes(4, "big"), id="type-99"),
        pytest.param(60, (4).to_bytes(4, "big"), id="differencing-without-parent"),
        pytest.param(32, (1).to_bytes(4, "big"), id="little-endian-bitmaps"),
    ],
)
def test_impossible_values_behind_a_right_checksum_are_never_sound(at: int, value: bytes) -> None:
    data = bytearray(small().data)
    for base in (0, len(data) - 512):
        data[base + at : base + at + len(value)] = value
        data[base + 64 : base + 68] = bytes(4)
        total = ~sum(data[base : base + 512]) & 0xFFFFFFFF
        data[base + 64 : base + 68] = total.to_bytes(4, "big")
    sound, disk = judge(bytes(data))

    assert not sound
    if at == 16:
        # The header stands where all writers put it.
        assert disk == judge(bytes(small().data))[1]


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (16, (2**63).to_bytes(8, "big")),
        (16, (0).to_bytes(8, "big")),
        (28, (0).to_bytes(4, "big")),
        (28, (2**32 - 1).to_bytes(4, "big")),
        (32, (0).to_bytes(4, "big")),
        (32, (1 << 30).to_bytes(4, "big")),
        (32, (3 << 19).to_bytes(4, "big")),
    ],
)
def test_impossible_headers_behind_a_right_checksum_are_never_sound(at: int, value: bytes) -> None:
    data = bytearray(small().data)
    expected = judge(bytes(data))[1]
    data[512 + at : 512 + at + len(value)] = value
    data[548:552] = bytes(4)
    data[548:552] = (~sum(data[512:1536]) & 0xFFFFFFFF).to_bytes(4, "big")
    sound, disk = judge(bytes(data))

    assert not sound
    assert disk == expected


def test_two_different_footers_of_one_image() -> None:
    """The disk was enlarged, and hidden set, between two writes: the table decides the size."""
    sectors = {11 * 4096: b"a" * 512}
    made = make(
        Spec(
            size=24 * MiB,
            uuid=uuid_of(1),
            sectors=sectors,
            hidden=1,
            entries=64,
            container=28 * MiB,
        )
    )
    data = bytes(made.data[:-512]) + footer(12 * MiB, uuid_of(1))
    for swapped in (data, data[-512:] + data[512:-512] + data[:512]):
        image = open_image(BytesSource(swapped))

        assert image.size_bytes == 24 * MiB
        assert image.footer.hidden
        assert image.footer_word == "ok"
        assert [
            finding.code for finding in check_chain(build_chain(image, Catalogue(()))).findings
        ] == ["V2"]


def test_tail_footer_of_another_image_does_not_count() -> None:
    data = bytes(small().data)[:-512] + footer(4 * MiB, uuid_of(99), hidden=1)
    image = open_image(BytesSource(data))

    assert image.size_bytes == 8 * MiB
    assert not image.footer.hidden
    assert image.footer_word == "head-only"


def test_old_tapdisk_that_left_the_checksum_when_it_set_hidden() -> None:
    data = bytearray(footer(8 * MiB, uuid_of(1), version=0x00010001))
    data[85] = 1
    parsed = parse_footer(bytes(data))

    assert parsed is not None
    assert parsed.hidden
    assert parse_footer(bytes(footer(8 * MiB, uuid_of(1))[:85]) + b"\1" + bytes(426)) is None


def test_fixed_disk_is_its_data_and_a_tail() -> None:
    content = b"conectix" + bytes(504) + b"x" * (MiB - 512)
    data = content + footer(MiB, uuid_of(5), 2)
    chain = build_chain(open_image(BytesSource(data)), Catalogue(()))

    assert chain.leaf.type is DiskType.FIXED
    assert content == virtual_disk(chain).pread(0, MiB).data
    assert check_chain(chain).is_sound
    short = build_chain(open_image(BytesSource(data[4096:])), Catalogue(()))
    assert not check_chain(short).is_sound


def test_parsed_footer_can_be_changed_as_a_value() -> None:
    parsed = parse_footer(footer(8 * MiB, uuid_of(3)))

    assert parsed is not None
    changed = parse_footer(build_footer(replace(parsed, uuid=uuid_of(4))))
    assert changed == replace(parsed, uuid=uuid_of(4))
