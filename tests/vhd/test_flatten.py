from __future__ import annotations

import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import Refused
from lvtui.source import ByteRange, BytesSource
from lvtui.vhd.chain import Candidate, Catalogue, Chain, End, build_chain
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from tests.vhd.images import SECTOR, HoledSource, Made, Sectors, Spec, flat, make

CANARY = b"STALE BYTES OF ANOTHER TENANT, MUST NEVER LEAVE THIS SECTOR!!!!\n"
assert len(CANARY) == 64


def uuid_of(number: int) -> bytes:
    return number.to_bytes(16, "big")


def raw_locators(name: str) -> tuple[tuple[bytes, bytes], ...]:
    dashed = "VG_XenStorage--" + name.replace("-", "--")
    return (
        (b"MacX", b"file://./" + dashed.encode()),
        (b"W2ku", (".\\" + dashed).encode("utf-16-le")),
        (b"W2ru", (".\\" + dashed).encode("utf-16-le")),
    )


RAW_NAME = "LV-0a0b0c0d-0000-4000-8000-000000000001"


def random_runs(rng: random.Random, sector_count: int, tag: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for _ in range(rng.randrange(5)):
        first = rng.randrange(sector_count)
        length = rng.choice((1, 1, 3, 7, 8, 13, 64, 300))
        for sector in range(first, min(sector_count, first + length)):
            zero = rng.random() < 0.1
            text = b"%s %x " % (tag, sector)
            found[sector] = bytes(SECTOR) if zero else (text * SECTOR)[:SECTOR]
    return found


def random_chain(rng: random.Random) -> tuple[Chain, bytes]:
    """A chain of 1 to 30 images, small blocks, now and then a raw root or a disk that grew."""
    depth = rng.choice((1, 1, 2, 3, 5, 30))
    block = rng.choice((4096, 8192, 65536, 1 << 20, 2 << 20))
    if depth == 30:
        block = min(block, 65536)
    blocks = rng.randrange(1, 6)
    size = blocks * block - rng.choice((0, 0, 512, 1024))
    layers: list[tuple[Sectors | bytes, int]] = []
    candidates: list[Candidate] = []
    raw = rng.random() < 0.3
    if raw:
        raw_size = max(512, size - rng.choice((0, 512, 4096)) if size > 8192 else size)
        data = rng.randbytes(raw_size)
        candidates.append(Candidate("raw", RAW_NAME, BytesSource(data)))
        layers.append((data, raw_size))
    images: list[Made] = []
    for level in range(depth):
        sectors = random_runs(rng, size // SECTOR, b"L%d" % level)
        differencing = level > 0 or raw
        order = sorted({sector * SECTOR // block for sector in sectors})
        rng.shuffle(order)
        images.append(
            make(
                Spec(
                    size=size,
                    uuid=uuid_of(level + 1),
                    sectors=sectors,
                    kind=4 if differencing else 3,
                    parent=uuid_of(level) if level else bytes(16),
                    locators=raw_locators(RAW_NAME) if raw and not level else (),
                    block=block,
                    entries=blocks + rng.choice((0, 3, 200)),
                    order=order,
                    canary=CANARY,
                    tail=rng.choice(("ok", "ok", "killed", "none")),
                    hidden=int(level < depth - 1),
                )
            )
        )
        layers.append((sectors, size))
        if rng.random() < 0.15:
            size = min(size + rng.choice((512, 2048)), blocks * block)
    for level, made in enumerate(images[:-1]):
        candidates.append(Candidate(f"k{level}", f"VHD-{level}", made.source))
    rng.shuffle(candidates)
    leaf = open_image(images[-1].source, name="leaf")
    return build_chain(leaf, Catalogue(candidates)), flat(images[-1].spec.size, layers)


def check_random_chain(seed: int) -> None:
    """One generated chain against the model."""
    rng = random.Random(seed)
    chain, expected = random_chain(rng)
    disk = virtual_disk(chain)

    whole = disk.pread(0, disk.size_bytes)
    assert whole.gaps == ()
    assert expected == whole.data
    assert CANARY not in whole.data
    for _ in range(5):
        at = rng.randrange(disk.size_bytes)
        length = rng.randrange(1, disk.size_bytes + 10)
        assert expected[at : at + length] == disk.pread(at, length).data
    touched = bytearray(len(expected))
    for run in disk.allocated():
        touched[run.offset_bytes : run.end_bytes] = expected[run.offset_bytes : run.end_bytes]
    assert expected == bytes(touched)
    assert disk.size_bytes == sum(extent.length_bytes for extent in disk.extents())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(min_value=0, max_value=2**32))
def test_chains_read_as_the_naive_model_says(seed: int) -> None:
    check_random_chain(seed)


def check_random_chains(count: int, first: int = 0) -> None:
    """`count` of them: what `make soak` runs, and whoever wants another number."""
    for seed in range(first, first + count):
        check_random_chain(seed)


@pytest.mark.soak
@pytest.mark.skipif("LVTUI_SOAK" not in os.environ, reason="make soak runs this")
@pytest.mark.parametrize("thousand", range(10))
def test_ten_thousand_chains_read_as_the_naive_model_says(thousand: int) -> None:
    check_random_chains(1000, first=1_000_000 + thousand * 1000)


def chain_of(leaf: Made, *parents: tuple[str, Made]) -> Chain:
    catalogue = Catalogue([Candidate(name, name, made.source) for name, made in parents])
    return build_chain(open_image(leaf.source, name="leaf"), catalogue)


def test_missing_parent_is_refused_and_a_gap_when_partial() -> None:
    own = {5: b"a" * 512, 4096: b"b" * 512}
    leaf = make(Spec(size=8 << 20, uuid=uuid_of(2), sectors=own, kind=4, parent=uuid_of(1)))
    chain = chain_of(leaf)

    assert chain.end is End.MISSING
    assert chain.missing is not None
    assert chain.missing.uuid == uuid_of(1)
    with pytest.raises(Refused, match="missing"):
        virtual_disk(chain)
    piece = virtual_disk(chain, partial=True).pread(0, 8 << 20)
    covered = bytearray(8 << 20)
    for gap in piece.gaps:
        covered[gap.offset_bytes : gap.end_bytes] = b"x" * gap.length_bytes
    known = [at for at in range(0, 8 << 20, SECTOR) if not covered[at]]
    assert known == [5 * SECTOR, 4096 * SECTOR]
    assert piece.data[5 * SECTOR : 6 * SECTOR] == b"a" * 512


def test_differencing_without_any_parent_is_unknown_where_it_holds_nothing() -> None:
    leaf = make(Spec(size=4 << 20, uuid=uuid_of(2), sectors={0: b"a" * 512}, kind=4))
    chain = chain_of(leaf)

    assert chain.end is End.NO_PARENT
    assert any(finding.code == "TYPE" for finding in chain.findings)
    piece = virtual_disk(chain, partial=True).pread(0, 4 << 20)
    assert [(gap.offset_bytes, gap.end_bytes) for gap in piece.gaps] == [(512, 4 << 20)]


def test_encrypted_images_are_refused() -> None:
    leaf = make(Spec(size=4 << 20, uuid=uuid_of(1), sectors={0: b"a" * 512}, encrypted=True))

    with pytest.raises(Refused, match="encrypted"):
        virtual_disk(chain_of(leaf), partial=True)


def test_unreadable_bitmap_makes_its_block_unknown() -> None:
    made = make(Spec(size=6 << 20, uuid=uuid_of(1), sectors={4096 + 9: b"a" * 512}))

    source = HoledSource(bytes(made.data), (ByteRange(made.entry[1] * 512, 512),))
    chain = build_chain(open_image(source, name="x"), Catalogue(()))
    piece = virtual_disk(chain).pread(0, 6 << 20)

    assert [(gap.offset_bytes, gap.length_bytes) for gap in piece.gaps] == [(2 << 20, 2 << 20)]
