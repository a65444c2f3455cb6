"""One image as a dd of its LV, and what becomes of it when its ends are lost, cut or moved.

64 MiB, six blocks, on an LV of 72 MiB full of garbage, tables made for 2 TiB. qemu-img is the oracle
where it can open the file: every allocated bitmap is full, so its faults do not apply.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from lvtui.errors import FormatError
from lvtui.source import BytesSource
from lvtui.vhd.chain import Catalogue, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.finding import Severity
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.footer import geometry_of
from lvtui.vhd.image import Image, open_image
from tests.vhd.images import Spec, chs, make

MiB = 1 << 20
SIZE = 64 * MiB
LV = 72 * MiB
BLOCKS = (3, 0, 31, 7, 8, 21)
END = 4_328_960 + 6 * 2_101_248 - 3584
KILLED = b"\xc7" * 512


@cache
def scene() -> tuple[bytes, bytes]:
    """The LV's bytes and the disk's."""
    rng = random.Random(4)
    disk = bytearray(SIZE)
    sectors = {}
    for block in BLOCKS:
        content = rng.randbytes(2 * MiB)
        disk[block * 2 * MiB : (block + 1) * 2 * MiB] = content
        for number in range(4096):
            sectors[block * 4096 + number] = content[number * 512 : number * 512 + 512]
    made = make(
        Spec(
            size=SIZE,
            uuid=bytes(range(16)),
            sectors=sectors,
            order=BLOCKS,
            entries=1 << 20,
            container=LV,
            canary=rng.randbytes(64),
        )
    )
    assert sorted(made.entry.values()) == [8455 + 4104 * number for number in range(6)]
    return bytes(made.data), bytes(disk)


def opened(data: bytes, hint_bytes: int | None = None) -> tuple[Image, bytes, tuple[str, ...]]:
    image = open_image(BytesSource(data), name="VHD", hint_bytes=hint_bytes)
    chain = build_chain(image, Catalogue(()))
    found = check_chain(chain)
    piece = virtual_disk(chain).pread(0, image.size_bytes)
    assert piece.gaps == ()
    worst = tuple(
        finding.code for finding in found.findings if finding.severity is not Severity.INFO
    )
    return image, piece.data, worst


def whole() -> bytes:
    return scene()[0]


CASES = [
    pytest.param(whole, "ok", (), id="A-dd-of-the-lv"),
    pytest.param(lambda: whole()[:-512] + KILLED, "head-only", (), id="C-tail-killed"),
    pytest.param(lambda: bytes(512) + whole()[512:], "tail-only", ("V1",), id="D-head-lost"),
    pytest.param(lambda: whole()[-512:] + whole()[512:], "ok", (), id="D2-tail-copied-to-head"),
    pytest.param(lambda: whole()[:END], "head-only", ("V1",), id="E-cut-at-end-of-data"),
    pytest.param(lambda: whole()[:END] + whole()[:512], "ok", (), id="F-canonical"),
    pytest.param(
        lambda: whole()[:END] + whole()[:512] + bytes(MiB), "head-only", ("V1",), id="G-padded"
    ),
    pytest.param(
        lambda: whole()[:END] + whole()[:512] + bytes(MiB) + whole()[:512],
        "ok",
        (),
        id="H-padded-footer-moved",
    ),
    pytest.param(lambda: whole()[:END] + whole()[:512] + b"abc", "ok", (), id="J-three-bytes-more"),
    pytest.param(lambda: whole()[:END] + whole()[:511], "ok", (), id="K-511-byte-footer"),
]


@pytest.mark.parametrize(("build", "word", "worst"), CASES)
def test_disk_is_read_whole_whatever_happened_to_the_ends(
    build: object, word: str, worst: tuple[str, ...]
) -> None:
    assert callable(build)
    image, disk, found = opened(build())

    assert scene()[1] == disk
    assert word == image.footer_word
    assert worst == found


def test_image_cut_inside_its_last_block_gives_the_rest_and_a_gap() -> None:
    image = open_image(BytesSource(whole()[: END - MiB]), name="VHD")
    chain = build_chain(image, Catalogue(()))
    piece = virtual_disk(chain).pread(0, SIZE)
    last = BLOCKS[-1] * 2 * MiB

    assert [(gap.offset_bytes, gap.end_bytes) for gap in piece.gaps] == [
        (last + MiB, last + 2 * MiB)
    ]
    check = check_chain(chain)
    assert [(item.offset_bytes, item.end_bytes) for item in check.damaged] == [
        (last + MiB, last + 2 * MiB)
    ]
    assert not check.is_sound
    assert piece.data[: last + MiB] == scene()[1][: last + MiB]


def both_footers_lost() -> bytes:
    return bytes(512) + whole()[512:-512] + bytes(512)


def test_both_footers_lost_are_made_from_header_and_volume_size() -> None:
    """D3: the LV has room for 66 MiB of disk; the truth is inside, 2 MiB of zeros follow."""
    image, disk, found = opened(both_footers_lost())

    assert image.footer_word == "bad"
    assert image.size_bytes == 66 * MiB
    assert scene()[1] + bytes(2 * MiB) == disk
    assert "V1" in found
    assert [(made.range.offset_bytes, made.range.length_bytes) for made in image.rebuilt] == [
        (0, 512),
        (LV - 512, 512),
    ]


def test_known_size_is_taken_where_both_footers_are_lost() -> None:
    image, disk, _ = opened(both_footers_lost(), hint_bytes=SIZE)

    assert scene()[1] == disk
    assert image.footer.geometry == geometry_of(SIZE)


def test_impossible_hint_is_not_taken() -> None:
    assert open_image(BytesSource(both_footers_lost()), hint_bytes=8 * MiB).size_bytes == 66 * MiB


@pytest.mark.parametrize("lost", [1024, 700], ids=["all", "half"])
def test_lost_header_is_made_again_behind_the_footer(lost: int) -> None:
    data = whole()[:512] + b"\x11" * lost + whole()[512 + lost :]
    image, disk, found = opened(data)

    assert scene()[1] == disk
    assert "V1" in found
    assert [made.range.offset_bytes for made in image.rebuilt] == [512]


def test_header_and_both_footers_lost_give_what_the_table_holds_and_unknown_else() -> None:
    image = open_image(BytesSource(bytes(1536) + whole()[1536:-512] + bytes(512)), hint_bytes=SIZE)
    chain = build_chain(image, Catalogue(()))
    piece = virtual_disk(chain, partial=True).pread(0, SIZE)
    gaps = sum(gap.length_bytes for gap in piece.gaps)

    # Nothing tells whether it had a parent: what is not there is unknown.
    assert not check_chain(chain).is_sound
    assert gaps == SIZE - 6 * 2 * MiB
    assert scene()[1] == piece.data


def test_without_header_and_landmark_nothing_is_invented() -> None:
    data = bytes(4 * MiB) + whole()[4 * MiB :]

    with pytest.raises(FormatError, match="header") as caught:
        open_image(BytesSource(data[:-512] + whole()[:512]))
    assert caught.value.code == "LV-VHD-02"
    with pytest.raises(FormatError) as caught:
        open_image(BytesSource(bytes(LV)))
    assert caught.value.code == "LV-VHD-01"


@pytest.mark.parametrize("head_lost", [False, True])
def test_footers_left_by_an_inflate_are_never_chosen(*, head_lost: bool) -> None:
    """Old tail footers stand at the former ends; the newest table and the two true places count."""
    data = bytearray(whole())
    old = bytearray(data[:512])
    old[48:56] = (32 * MiB).to_bytes(8, "big")
    old[64:68] = bytes(4)
    old[64:68] = (~sum(old) & 0xFFFFFFFF).to_bytes(4, "big")
    for at in (END, LV - 8 * MiB - 512, 30 * MiB - 512):
        data[at : at + 512] = old
    if head_lost:
        data[:512] = bytes(512)
    else:
        data[-512:] = KILLED

    assert open_image(BytesSource(bytes(data))).size_bytes == SIZE


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")
def test_qemu_reads_the_scene_as_we_do(tmp_path: Path) -> None:
    (tmp_path / "lv").write_bytes(whole())
    subprocess.run(
        ["qemu-img", "convert", "-f", "vpc", "-O", "raw", tmp_path / "lv", tmp_path / "raw"],
        check=True,
    )

    assert scene()[1] == (tmp_path / "raw").read_bytes()


@pytest.mark.parametrize(
    ("size", "cylinders", "heads", "sectors", "short"),
    [
        (64 * MiB, 963, 8, 17, 53_248),
        (8 << 30, 16644, 16, 63, 32_768),
        (10 << 30, 20805, 16, 63, 40_960),
        (32 << 30, 16448, 16, 255, 524_288),
        (100 << 30, 51400, 16, 255, 1_638_400),
        (127 << 30, 65278, 16, 255, 2_080_768),
    ],
)
def test_geometry_is_the_specifications(
    size: int, cylinders: int, heads: int, sectors: int, short: int
) -> None:
    found = geometry_of(size)

    assert (cylinders, heads, sectors) == found
    assert size - short == found.size_bytes
    assert chs(size) == cylinders << 16 | heads << 8 | sectors


def test_geometry_is_capped_from_128_gib() -> None:
    assert geometry_of(128 << 30) == geometry_of(2040 << 30) == (65535, 16, 255)
