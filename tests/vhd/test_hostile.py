"""Bytes that mean harm: a sentence or a result, bounded, never a traceback, never a wrong `sound`."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lvtui.errors import FormatError
from lvtui.source import BytesSource
from lvtui.vhd.chain import Candidate, Catalogue, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.damage import unknown_ranges
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from lvtui.vhd.write import standalone_vhd
from tests.vhd.images import Made, Spec, footer, make
from tests.vhd.test_flatten import raw_locators, uuid_of

MiB = 1 << 20


def victim() -> Made:
    rng = random.Random(3)
    sectors = {sector: rng.randbytes(16) * 32 for sector in range(40, 900, 3)}
    return make(
        Spec(
            size=4 * MiB,
            uuid=uuid_of(2),
            kind=4,
            parent=uuid_of(1),
            sectors=sectors,
            block=65536,
            locators=raw_locators("VHD-0a0b0c0d-0000-4000-8000-000000000001"),
        )
    )


def use_everything(data: bytes) -> None:
    """The whole way; only a FormatError is allowed to stop it."""
    try:
        image = open_image(BytesSource(data), name="x", hint_bytes=4 * MiB)
    except FormatError as problem:
        str(problem)
        return
    chain = build_chain(image, Catalogue([Candidate("self", "VHD-x", BytesSource(data))]))
    check = check_chain(chain, extent_bytes=MiB)
    for finding in (*check.findings, *chain.findings):
        assert str(finding.message)
    if chain.encrypted:
        return
    disk = virtual_disk(chain, partial=True)
    assert disk.size_bytes == image.size_bytes
    unknown_ranges(disk)
    piece = disk.pread(0, 8 * MiB)
    assert len(piece.data) == min(8 * MiB, disk.size_bytes)
    file = standalone_vhd(disk, image.footer)
    file.pread(0, min(file.size_bytes, 4 * MiB))


@pytest.mark.parametrize("seed", range(8))
def test_random_spoiling_is_survived(seed: int) -> None:
    rng = random.Random(seed)
    good = bytes(victim().data)
    for _ in range(40):
        data = bytearray(good)
        for _ in range(rng.choice((1, 3, 30))):
            # Mostly the metadata; every checksum that a spoiled part had is made right again.
            at = rng.choice((rng.randrange(len(data)), rng.randrange(4096)))
            data[at : at + 4] = rng.choice((rng.randbytes(4), b"\xff" * 4, bytes(4), b"\0\0\0\1"))
        if rng.random() < 0.7:
            for base, end, place in ((0, 512, 64), (512, 1536, 548)):
                data[place : place + 4] = bytes(4)
                total = ~sum(data[base:end]) & 0xFFFFFFFF
                data[place : place + 4] = total.to_bytes(4, "big")
            data[-512:] = data[:512]

        use_everything(bytes(data[: len(good)]))


def test_truncation_anywhere_is_survived() -> None:
    rng = random.Random(5)
    good = bytes(victim().data)
    for _ in range(120):
        use_everything(good[: rng.randrange(len(good))])


@pytest.mark.parametrize("noise", [b"", b"x", bytes(511), bytes(512), b"conectix", b"\xff" * 8192])
def test_nothing_of_a_vhd_is_a_sentence(noise: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        open_image(BytesSource(noise))

    assert caught.value.code == "LV-VHD-01"


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")
@pytest.mark.parametrize(
    "app", [b"tap\0", b"win ", b"qem2", b"d2v ", b"CTXS", b"vpc ", b"qemu", b"vbox"]
)
@pytest.mark.parametrize("size", [64 * MiB, 127 * MiB])
def test_current_size_counts_whoever_wrote_the_image(tmp_path: Path, app: bytes, size: int) -> None:
    """qemu goes by CHS for some creators and then cuts the disk's end off; asked to, it agrees."""
    made = make(Spec(size=size, uuid=uuid_of(1), sectors={5: b"a" * 512}))
    sector = footer(size, uuid_of(1), app=app)
    data = sector + bytes(made.data[512:-512]) + sector
    (tmp_path / "x.vhd").write_bytes(data)
    options = f"driver=vpc,force_size_calc=current_size,file.filename={tmp_path}/x.vhd"
    shown = subprocess.run(
        ["qemu-img", "info", "--image-opts", options], check=True, capture_output=True, text=True
    ).stdout

    assert open_image(BytesSource(data)).size_bytes == size
    assert f"({size} bytes)" in shown
