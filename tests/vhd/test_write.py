from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.vhd.chain import Catalogue, Chain, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.footer import CREATOR_TAP, parse_footer
from lvtui.vhd.image import open_image
from lvtui.vhd.write import VhdFile, standalone_vhd
from tests.vhd.images import Spec, chs, make
from tests.vhd.importer import import_vhd
from tests.vhd.test_flatten import CANARY, chain_of, random_chain, uuid_of

needs_qemu = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")
needs_vhdiinfo = pytest.mark.skipif(shutil.which("vhdiinfo") is None, reason="vhdiinfo is missing")


def written(chain: Chain) -> tuple[VhdFile, bytes]:
    file = standalone_vhd(virtual_disk(chain), chain.leaf.footer)
    return file, file.pread(0, file.size_bytes).data


def partly_filled() -> tuple[Chain, bytes]:
    """A child and a parent with single sectors, and a last block that the disk's end cuts."""
    size = (10 << 20) - 3 * 512
    low = {9: b"p" * 512, 4096: b"q" * 512, size // 512 - 1: b"r" * 512}
    own = {8: b"c" * 512, 10: b"d" * 512}
    parent = make(Spec(size=size, uuid=uuid_of(1), sectors=low, canary=CANARY, hidden=1))
    leaf = make(
        Spec(
            size=size,
            uuid=uuid_of(2),
            sectors=own,
            kind=4,
            parent=uuid_of(1),
            canary=CANARY,
            hidden=1,
        )
    )
    disk = bytearray(size)
    for sector, text in (*low.items(), *own.items()):
        disk[sector * 512 : sector * 512 + 512] = text
    return chain_of(leaf, ("parent", parent)), bytes(disk)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(min_value=0, max_value=2**32))
def test_every_file_is_accepted_by_the_importers_rules_and_holds_the_disk(seed: int) -> None:
    chain, expected = random_chain(random.Random(seed))
    file, data = written(chain)

    assert expected == import_vhd(data)
    assert CANARY not in data
    again = build_chain(open_image(file, name="again"), Catalogue(()))
    assert expected == virtual_disk(again).pread(0, again.leaf.size_bytes).data
    checked = check_chain(again)
    assert checked.findings == ()
    assert checked.is_sound


def test_pieces_and_reads_at_any_offset_give_the_same_file() -> None:
    chain, _ = partly_filled()
    file, data = written(chain)
    from_pieces = bytearray(file.size_bytes)
    for piece in file.pieces():
        if piece.data is not None:
            content = piece.data
        else:
            assert piece.virtual is not None
            content = file.disk.pread(piece.virtual.offset_bytes, piece.virtual.length_bytes).data
        at = piece.out_offset_bytes
        from_pieces[at : at + piece.length_bytes] = content
    rng = random.Random(1)

    assert data == bytes(from_pieces)
    for _ in range(100):
        at, length = rng.randrange(file.size_bytes + 10), rng.choice((1, 511, 4096, 3 << 20))
        assert data[at : at + length] == file.pread(at, length).data


def test_file_is_laid_out_as_xenserver_writes_one() -> None:
    chain, _ = partly_filled()
    file, data = written(chain)
    footer = parse_footer(data[:512])
    image = open_image(file)

    assert footer is not None
    assert data[:512] == data[-512:]
    assert not footer.hidden
    assert footer.creator_app == CREATOR_TAP
    assert (
        footer.geometry.cylinders << 16 | footer.geometry.heads << 8 | footer.geometry.sectors
    ) == (chs(footer.size_bytes))
    assert image.batmap is not None
    assert image.table is not None
    assert image.table.entry_count == 5
    assert [(entry + 1) % 8 for _, entry in image.table.used()] == [0, 0, 0]
    assert [block for block, _ in image.table.used()] == [0, 1, 4]
    assert data == written(chain)[1]
    assert footer.uuid != chain.leaf.footer.uuid
    place = file.place_of(9 * 512)
    assert place is not None
    assert data[place : place + 512] == b"p" * 512
    assert file.place_of(5 << 20) is None


@needs_qemu
def test_qemu_reads_the_same_disk(tmp_path: Path) -> None:
    chain, expected = partly_filled()
    (tmp_path / "x.vhd").write_bytes(written(chain)[1])
    subprocess.run(
        ["qemu-img", "convert", "-f", "vpc", "-O", "raw", tmp_path / "x.vhd", tmp_path / "x.raw"],
        check=True,
    )

    assert expected == (tmp_path / "x.raw").read_bytes()


@needs_vhdiinfo
def test_vhdiinfo_shows_size_and_type(tmp_path: Path) -> None:
    chain, expected = partly_filled()
    (tmp_path / "x.vhd").write_bytes(written(chain)[1])
    shown = subprocess.run(
        ["vhdiinfo", tmp_path / "x.vhd"], check=True, capture_output=True, text=True
    ).stdout

    assert "Dynamic" in shown
    assert f"{len(expected)} bytes" in shown


def test_empty_disk_is_a_file_without_blocks() -> None:
    chain = chain_of(make(Spec(size=4 << 20, uuid=uuid_of(1))))
    file, data = written(chain)

    assert import_vhd(data) == bytes(4 << 20)
    assert file.size_bytes == len(data) < 8192
