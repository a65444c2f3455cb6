from __future__ import annotations

import random

import pytest

from lvtui.source import BytesSource
from lvtui.vhd.chain import Candidate, Catalogue, End, build_chain
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from lvtui.vhd.locators import ParentName, parent_in
from tests.vhd.images import Made, Spec, flat, make
from tests.vhd.test_flatten import raw_locators, uuid_of

MiB = 1 << 20
SR = "11111111-2222-4333-8444-555555555555"
REAL, DECOY = (f"0000000{n}-aaaa-4bbb-8ccc-dddddddddddd" for n in (1, 2))


def layer(number: int, parent: int | None = None, size: int = 4 * MiB) -> Made:
    return make(
        Spec(
            size=size,
            uuid=uuid_of(number),
            kind=3 if parent is None else 4,
            parent=bytes(16) if parent is None else uuid_of(parent),
            sectors={number: bytes([number]) * 512},
            block=65536,
        )
    )


def candidate(made: Made, name: str) -> Candidate:
    return Candidate(f"key-{name}", name, made.source)


def test_parent_is_chosen_by_uuid_though_locators_name_a_decoy() -> None:
    rng = random.Random(1)
    base = {sector: rng.randbytes(512) for sector in range(4096)}
    own = {sector: rng.randbytes(512) for sector in (7, 8, 300, 5 * 4096)}
    path = f"/dev/VG_XenStorage-{SR}/VHD-{DECOY}"
    child = make(
        Spec(
            size=12 * MiB,
            uuid=uuid_of(3),
            kind=4,
            parent=uuid_of(1),
            parent_name=f"VHD-{DECOY}",
            sectors=own,
            locators=(
                (b"MacX", b"file://" + path.encode()),
                (b"W2ku", f"D:\\old\\VHD-{DECOY}.vhd".encode("utf-16-le")),
                (b"W2ru", ".\\..\\..\\etc\\shadow".encode("utf-16-le")),
            ),
        )
    )
    parent = make(Spec(size=12 * MiB, uuid=uuid_of(1), sectors=base, hidden=1))
    decoy = make(Spec(size=12 * MiB, uuid=uuid_of(2), sectors={0: b"!" * 512}))
    chain = build_chain(
        open_image(child.source, name="VHD-child"),
        Catalogue([candidate(decoy, f"VHD-{DECOY}"), candidate(parent, f"VHD-{REAL}")]),
    )

    assert chain.keys == (f"key-VHD-{REAL}",)
    assert chain.end is End.ZERO
    assert [finding.code for finding in chain.findings] == ["CHAIN"]
    assert f"VHD-{DECOY}" in str(chain.findings[0].message)
    expected = flat(12 * MiB, [(base, 12 * MiB), (own, 12 * MiB)])
    assert expected == virtual_disk(chain).pread(0, 12 * MiB).data


def test_raw_parent_is_found_by_name_and_ends_before_its_child() -> None:
    rng = random.Random(2)
    raw = rng.randbytes(9 * MiB) + bytes(3 * MiB)
    own = {4096 + n: rng.randbytes(512) for n in range(3)}
    own |= {4096 + n: bytes(512) for n in range(8, 24)}
    own[6 * 4096 + 5] = b"x" * 512
    name = f"LV-{REAL}"
    child = make(
        Spec(size=14 * MiB, uuid=uuid_of(1), kind=4, sectors=own, locators=raw_locators(name))
    )
    leaf = open_image(child.source, name="VHD-child")
    chain = build_chain(leaf, Catalogue([Candidate("raw", name, BytesSource(raw))]))

    assert chain.end is End.RAW
    assert chain.is_whole
    expected = flat(14 * MiB, [(raw, 12 * MiB), (own, 14 * MiB)])
    assert expected == virtual_disk(chain).pread(0, 14 * MiB).data
    assert build_chain(leaf, Catalogue(())).missing is not None


def test_missing_link_is_named() -> None:
    leaf = make(
        Spec(size=4 * MiB, uuid=uuid_of(2), kind=4, parent=uuid_of(1), parent_name=f"VHD-{REAL}")
    )
    chain = build_chain(open_image(leaf.source, name="VHD-leaf"), Catalogue(()))

    assert chain.missing is not None
    assert chain.missing.name == ParentName(raw=False, vdi_uuid=REAL)
    assert chain.missing.uuid == uuid_of(1)
    assert f"VHD-{REAL}" in str(chain.findings[-1].message)


def test_missing_grandparent_is_the_parents_link() -> None:
    chain = build_chain(
        open_image(layer(3, 2).source, name="leaf"), Catalogue([candidate(layer(2, 1), "VHD-mid")])
    )

    assert len(chain.images) == 2
    assert chain.missing is not None
    assert chain.missing.child == "VHD-mid"


@pytest.mark.parametrize("loop", [((1, 2), (2, 1)), ((1, 1),), ((1, 2), (2, 3), (3, 1))])
def test_cycles_end_with_a_finding(loop: tuple[tuple[int, int], ...]) -> None:
    images = {number: layer(number, parent) for number, parent in loop}
    chain = build_chain(
        open_image(images[1].source, name="leaf"),
        Catalogue([candidate(made, f"VHD-{number}") for number, made in images.items()]),
    )

    assert chain.end is End.MISSING
    assert "cycle" in str(chain.findings[-1].message)
    assert len(chain.images) == len(loop)


@pytest.mark.parametrize(("depth", "whole"), [(30, True), (31, False), (40, False)])
def test_thirty_images_are_the_limit(depth: int, whole: bool) -> None:  # noqa: FBT001
    images = [layer(number, number - 1 if number > 1 else None) for number in range(1, depth + 1)]
    chain = build_chain(
        open_image(images[-1].source, name="leaf"),
        Catalogue([candidate(made, f"VHD-{n}") for n, made in enumerate(images)]),
    )

    assert chain.is_whole == whole
    assert len(chain.images) == min(depth, 30)


def test_parent_larger_than_its_child_is_told_and_cut() -> None:
    chain = build_chain(
        open_image(layer(2, 1, size=2 * MiB).source, name="leaf"),
        Catalogue([candidate(layer(1, size=4 * MiB), "VHD-base")]),
    )

    assert "smaller" in str(chain.findings[0].message)
    disk = virtual_disk(chain)
    assert disk.size_bytes == len(disk.pread(0, 9 * MiB).data) == 2 * MiB


def test_first_of_several_candidates_is_taken_and_told() -> None:
    chain = build_chain(
        open_image(layer(2, 1).source, name="leaf"),
        Catalogue([candidate(layer(1), "VHD-new"), candidate(layer(1), "VHD-old")]),
    )

    assert chain.keys == ("key-VHD-new",)
    assert "2 volumes" in str(chain.findings[0].message)


def test_candidate_that_cannot_be_opened_gives_way_to_the_next() -> None:
    broken = bytearray(layer(1).data)
    broken[512:] = bytes(len(broken) - 512)
    chain = build_chain(
        open_image(layer(2, 1).source, name="leaf"),
        Catalogue(
            [Candidate("a", "VHD-a", BytesSource(bytes(broken))), candidate(layer(1), "VHD-b")]
        ),
    )

    assert chain.is_whole
    assert chain.keys == ("key-VHD-b",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            f"./VG_XenStorage--{SR.replace('-', '--')}-VHD--{REAL.replace('-', '--')}",
            ParentName(raw=False, vdi_uuid=REAL),
        ),
        (f"file://./LV-{REAL}", ParentName(raw=True, vdi_uuid=REAL)),
        (f"D:\\VHD-{DECOY}\\VHD-{REAL}.vhd", ParentName(raw=False, vdi_uuid=REAL)),
        ("..\\..\\etc\\shadow", None),
        ("VHD-" * 100_000, None),
    ],
)
def test_locators_name_a_vdi_whatever_their_path(path: str, expected: ParentName | None) -> None:
    assert expected == parent_in(path)
