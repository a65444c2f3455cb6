from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.source import ByteRange, BytesSource
from lvtui.vhd.chain import Catalogue, build_chain
from lvtui.vhd.check import check_chain, check_image
from lvtui.vhd.damage import blocks_touched, damaged_ranges, map_text, unknown_ranges
from lvtui.vhd.finding import Severity
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from tests.vhd.images import Made, Spec, flat, make
from tests.vhd.test_flatten import chain_of, random_runs, uuid_of

MiB = 1 << 20
EXTENT = 4 * MiB
BLOCKS = (5, 0, 14, 9, 30, 2, 3)


def scene() -> Made:
    """20 extents; blocks in another order than on the disk, some full, some with single sectors."""
    rng = random.Random(9)
    sectors: dict[int, bytes] = {}
    for block in BLOCKS:
        numbers = range(4096) if block % 2 else rng.sample(range(4096), 700)
        for number in numbers:
            sectors[block * 4096 + number] = rng.randbytes(8) * 64
    return make(
        Spec(
            size=64 * MiB,
            uuid=uuid_of(1),
            sectors=sectors,
            order=BLOCKS,
            entries=1 << 20,
            container=80 * MiB,
            canary=rng.randbytes(64),
        )
    )


def as_sectors(ranges: tuple[ByteRange, ...]) -> set[int]:
    return {
        sector
        for item in ranges
        for sector in range(item.offset_bytes // 512, item.end_bytes // 512)
    }


@pytest.fixture(scope="module")
def made() -> Made:
    return scene()


@pytest.mark.parametrize("number", range(1, 20))
def test_a_lost_extent_is_told_as_exactly_the_sectors_of_the_disk_that_it_held(
    made: Made, number: int
) -> None:
    """Truth from the layout: a lost bitmap costs its block, lost data their own sectors."""
    lost = ByteRange(number * EXTENT, EXTENT)
    expected: set[int] = set()
    for block, sector in made.entry.items():
        for index in range(4096):
            at = (sector + 1 + index) * 512
            if (
                block * 4096 + index in made.spec.sectors
                and lost.offset_bytes <= at < lost.end_bytes
            ):
                expected.add(block * 4096 + index)
        if lost.offset_bytes <= sector * 512 < lost.end_bytes:
            expected.update(range(block * 4096, block * 4096 + 4096))
    chain = chain_of(made)
    found = damaged_ranges(virtual_disk(chain), {0: (lost,)})

    assert expected == as_sectors(found)
    check = check_chain(chain, lost={0: (lost,)}, bitmaps=False)
    assert found == check.damaged
    assert check.is_sound == (not expected)


def test_a_lost_first_extent_costs_the_whole_disk(made: Made) -> None:
    found = damaged_ranges(virtual_disk(chain_of(made)), {0: (ByteRange(0, EXTENT),)})

    assert found == (ByteRange(0, 64 * MiB),)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(min_value=0, max_value=2**32))
def test_damage_in_a_chain_is_what_overwriting_changes(seed: int) -> None:
    """Data areas only: the disk read after the overwrite differs in exactly the told sectors."""
    rng = random.Random(seed)
    layers = [random_runs(rng, 4096 * 3, b"%d" % level) for level in range(3)]
    images = [
        make(
            Spec(
                size=6 * MiB,
                uuid=uuid_of(level + 1),
                sectors=sectors,
                kind=4 if level else 3,
                parent=uuid_of(level) if level else bytes(16),
            )
        )
        for level, sectors in enumerate(layers)
    ]
    victim = rng.randrange(3)
    if not images[victim].entry:
        return
    sector = rng.choice(sorted(images[victim].entry.values()))
    first = (sector + 1) * 512 + rng.randrange(4000) * 512
    length = 512 * rng.randrange(1, (sector + 4097) * 512 // 512 - first // 512 + 1)
    lost = ByteRange(first, length)
    parents = [(f"p{level}", images[level]) for level in (0, 1)]
    told = damaged_ranges(virtual_disk(chain_of(images[2], *parents)), {2 - victim: (lost,)})
    before = flat(6 * MiB, [(sectors, 6 * MiB) for sectors in layers])
    images[victim].data[first : first + length] = b"\xee" * length
    after = virtual_disk(chain_of(images[2], *parents)).pread(0, 6 * MiB).data
    changed = {
        number
        for number in range(6 * MiB // 512)
        if before[number * 512 : number * 512 + 512] != after[number * 512 : number * 512 + 512]
    }

    assert changed == as_sectors(told)


def test_damaged_table_gives_the_good_block_and_marks_the_others() -> None:
    """Two entries on one block, one into the header, one beyond the end: the table has no checksum."""
    rng = random.Random(2)
    sectors = {block * 4096 + n: rng.randbytes(8) * 64 for block in (4, 0, 2) for n in range(4096)}
    made = make(
        Spec(
            size=16 * MiB,
            uuid=uuid_of(1),
            sectors=sectors,
            order=(4, 0, 2),
            entries=64,
            container=20 * MiB,
        )
    )
    entries = {5: made.entry[4], 6: made.entry[2], 7: 20 * MiB // 512 + 8, 1: 1}
    for block, entry in entries.items():
        made.data[1536 + block * 4 : 1540 + block * 4] = entry.to_bytes(4, "big")
    chain = chain_of(made)
    check = check_chain(chain)
    spoiled = sorted(
        block
        for block in range(8)
        for item in (*check.damaged, *check.doubtful)
        if item.offset_bytes <= block * 2 * MiB < item.end_bytes
    )

    assert spoiled == [1, 2, 4, 5, 6, 7]
    assert not check.is_sound
    assert {f.code for f in check.findings if f.severity is Severity.ERROR} >= {"V3", "V4"}
    piece = virtual_disk(chain).pread(0, 16 * MiB)
    assert piece.data[: 2 * MiB] == b"".join(sectors[n] for n in range(4096))
    assert [(gap.offset_bytes // MiB, gap.end_bytes // MiB) for gap in piece.gaps] == [
        (2, 4),
        (14, 16),
    ]


@pytest.mark.parametrize(
    ("block", "entry", "code"),
    [
        pytest.param(9, 0, "V3", id="zero"),
        pytest.param(9, 3, "V3", id="into-header"),
        pytest.param(9, 0xFFFFFFFE, "V3", id="far-beyond"),
        pytest.param(9, 0xFFFFFFFF, "V8", id="entry-lost"),
        pytest.param(1, 8455 + 7, "V4", id="overlap"),
        pytest.param(40, 8455 + 4104 * 9, "V7", id="behind-the-disk"),
        pytest.param(9, 80 * MiB // 512 - 100, "V3", id="cut"),
    ],
)
def test_every_class_of_table_damage_is_found(
    made: Made, block: int, entry: int, code: str
) -> None:
    data = bytearray(made.data)
    data[1536 + block * 4 : 1540 + block * 4] = entry.to_bytes(4, "big")
    check = check_image(open_image(BytesSource(bytes(data))))

    assert not check.is_sound
    assert code in {finding.code for finding in check.findings}
    assert check_image(open_image(made.source)).is_sound


def test_overwritten_bitmap_is_found(made: Made) -> None:
    for block, content in (
        (9, b"\xc7" * 512),
        (0, b"\xc7" * 512),
        (0, b"Dear sir, " * 51 + b"m\n"),
    ):
        data = bytearray(made.data)
        at = made.entry[block] * 512
        data[at : at + 512] = content
        check = check_image(open_image(BytesSource(bytes(data))))

        assert check.doubtful == (ByteRange(block * 2 * MiB, 2 * MiB),)
        assert not check.is_sound


def test_younger_volume_inside_the_data_is_a_suspect_and_a_stale_one_is_not(made: Made) -> None:
    younger = make(Spec(size=4 * MiB, uuid=uuid_of(77))).data
    seen = set()
    for number in range(2, 20):
        data = bytearray(made.data)
        data[number * EXTENT : number * EXTENT + 2048] = younger[:2048]
        check = check_chain(
            build_chain(open_image(BytesSource(bytes(data))), Catalogue(())), extent_bytes=EXTENT
        )
        sector = number * EXTENT // 512
        holds = any(
            start < sector <= start + 4096
            and block * 4096 + sector - start - 1 in made.spec.sectors
            for block, start in made.entry.items()
        )
        seen.add(holds)

        assert bool(check.doubtful) == holds
        assert any(finding.code == "V12" for finding in check.findings) == holds
    assert seen == {True, False}


def test_map_is_ddrescues_in_offsets_of_the_disk() -> None:
    text = map_text(64 * MiB, (ByteRange(4 * MiB, 512), ByteRange(63 * MiB, MiB)))

    assert text.splitlines()[1:] == [
        "0x0     +               1",
        "0x00000000  0x00400000  +",
        "0x00400000  0x00000200  -",
        "0x00400200  0x03AFFE00  +",
        "0x03F00000  0x00100000  -",
    ]


def test_blocks_are_counted_once() -> None:
    ranges = (
        ByteRange(0, 512),
        ByteRange(1024, 512),
        ByteRange(2 * MiB - 512, 1024),
        ByteRange(9 * MiB, 1),
    )

    assert blocks_touched(ranges) == 3


def test_missing_parent_is_damage_where_the_child_holds_nothing() -> None:
    leaf = make(
        Spec(size=4 * MiB, uuid=uuid_of(2), sectors={1: b"a" * 512}, kind=4, parent=uuid_of(1))
    )
    chain = chain_of(leaf)
    check = check_chain(chain)

    assert check.damaged == unknown_ranges(virtual_disk(chain, partial=True))
    assert check.damaged == (ByteRange(0, 512), ByteRange(1024, 4 * MiB - 1024))


_HUGE = """
import sys, time
from tests.vhd.images import Spec, SparseSource, make, footer
from lvtui.vhd.image import open_image
from lvtui.vhd.chain import Candidate, Catalogue, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.flatten import virtual_disk
SIZE = 2040 << 30
COUNT = 1 << 20
def image(level, depth):
    first = make(Spec(size=64 << 20, uuid=(level + 1).to_bytes(16, "big"), kind=4 if level else 3,
                      parent=level.to_bytes(16, "big") if level else bytes(16)))
    head = footer(SIZE, (level + 1).to_bytes(16, "big"), 4 if level else 3)
    header = bytearray(first.data[512:1536])
    header[28:32] = COUNT.to_bytes(4, "big"); header[36:40] = bytes(4)
    header[36:40] = (~sum(header) & 0xFFFFFFFF).to_bytes(4, "big")
    class Source:
        size_bytes = 2044 << 30
        def pread(self, at, length):
            from lvtui.source import Piece
            if at + length <= 1536:
                return Piece((head + bytes(header))[at:at + length])
            if at == self.size_bytes - 512:
                return Piece(head)
            if at < 1536 + COUNT * 4:
                data = bytearray(b"\\xff" * length)
                for number, block in enumerate((7, 500_000, 1_044_479)):
                    where = 1536 + block * 4 - at
                    if 0 <= where < length:
                        data[where:where + 4] = (8455 + 4104 * number).to_bytes(4, "big")
                return Piece(bytes(data))
            return Piece(b"\\x0f" * length)
    return Source()
depth = int(sys.argv[1])
began = time.monotonic()
sources = [image(level, depth) for level in range(depth)]
chain = build_chain(open_image(sources[-1]), Catalogue(
    [Candidate(str(n), "VHD-x", s) for n, s in enumerate(sources)]))
assert len(chain.images) == depth and chain.is_whole
disk = virtual_disk(chain)
held = sum(item.length_bytes for item in disk.allocated())
check = check_chain(chain, bitmaps=True)
peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'))
print(held, time.monotonic() - began, peak.split()[1])
"""


@pytest.mark.parametrize("depth", [1, 30])
def test_sparse_disk_of_2040_gib_is_quick_and_small(depth: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HUGE, str(depth)], check=True, capture_output=True, text=True
    )
    held, seconds, kib = done.stdout.split()

    assert int(held) == 3 * 512 * 4096 // 2
    assert float(seconds) < 5
    assert int(kib) < 64 * 1024
