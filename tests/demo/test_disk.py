"""The packed disk is what real LVM2 left behind: its parts hold what the truth says."""

from __future__ import annotations

import hashlib
import json
import lzma
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.demo import disk
from tests.lab import vhdlab

TRUTH = json.loads((Path(__file__).parents[1] / "data" / "demo" / "truth.json").read_text())
PART_NAMES = sorted(TRUTH["parts"])


@pytest.fixture(scope="module")
def image() -> bytes:
    known = disk.load()
    out = bytearray(known.size_bytes)
    for offset, data in known.pieces():
        out[offset : offset + len(data)] = data
    return bytes(out)


def lost(name: str) -> dict[str, object]:
    (found,) = (lv for lv in TRUTH["lost"] if lv["name"] == name)
    return dict(found)


def volume(image: bytes, name: str) -> bytes:
    segments = lost(name)["segments"]
    assert isinstance(segments, list)
    starts = [
        ((11 << 20) + (s["pv_start_extent"] << 22), s["extent_count"] << 22) for s in segments
    ]
    return b"".join(image[at : at + length] for at, length in starts)


def test_the_whole_image_has_the_sha256_of_the_truth(image: bytes) -> None:
    assert TRUTH["sha256"] == hashlib.sha256(image).hexdigest() == disk.load().sha256


def test_pieces_ascend_and_are_bounded() -> None:
    at = 0
    for offset, data in disk.load().pieces():
        assert at <= offset
        assert 0 < len(data) <= disk.CHUNK_BYTES
        at = offset + len(data)


def test_the_package_stays_small() -> None:
    assert len(files("lvtui.demo").joinpath("disk.xz").read_bytes()) < 400 << 10


@pytest.mark.parametrize("part", ["recommended", "child", "parent", "orphan"])
def test_intact_parts_hold_the_bytes_that_were_lost(image: bytes, part: str) -> None:
    name = TRUTH["parts"][part]["name"]

    assert lost(name)["sha256_when_lost"] == hashlib.sha256(volume(image, name)).hexdigest()
    assert (lost(name)["overwritten_bytes"], lost(name)["at_risk_bytes"]) == (0, 0)


@pytest.mark.parametrize(
    ("part", "overwritten_bytes", "at_risk_bytes"),
    [("damaged", 10 << 22, 0), ("at-risk", 0, 18 << 22), ("lost-parent", 2 << 22, 0)],
)
def test_the_other_parts_lost_data(
    image: bytes, part: str, overwritten_bytes: int, at_risk_bytes: int
) -> None:
    found = lost(TRUTH["parts"][part]["name"])

    assert (overwritten_bytes, at_risk_bytes) == (
        found["overwritten_bytes"],
        found["at_risk_bytes"],
    )
    now = hashlib.sha256(volume(image, str(found["name"]))).hexdigest()
    assert found["sha256_now"] == now != found["sha256_when_lost"]


def test_the_recommended_volume_holds_a_partition_table_and_its_files(image: bytes) -> None:
    part = TRUTH["parts"]["recommended"]

    virtual = vhdlab.read(volume(image, part["name"]))

    assert part["virtual_sha256"] == hashlib.sha256(virtual).hexdigest()
    assert virtual[512:520] == b"EFI PART"
    assert virtual[(1 << 20) + 1080 : (1 << 20) + 1082] == b"\x53\xef"


def test_the_child_is_right_only_with_its_parent(image: bytes) -> None:
    part = TRUTH["parts"]["child"]
    child, parent = (volume(image, name) for name in part["chain"])

    whole = vhdlab.read(child, vhdlab.read(parent))

    assert part["virtual_sha256"] == hashlib.sha256(whole).hexdigest()
    assert part["virtual_sha256"] != hashlib.sha256(vhdlab.read(child)).hexdigest()


def test_deleted_disks_carry_the_hidden_mark_in_both_footers(image: bytes) -> None:
    data = volume(image, TRUTH["parts"]["recommended"]["name"])

    assert data[:512] == data[-512:]
    assert data[85] == 1


RUNS = st.lists(
    st.tuples(st.integers(1, 1 << 20), st.one_of(st.binary(min_size=1), st.integers(1, 255)))
)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(RUNS)
def test_unpack_gives_back_what_was_packed(parts: list[tuple[int, bytes | int]]) -> None:
    at, runs = 0, []
    for gap, what in parts:
        at += gap
        if isinstance(what, int):
            runs.append(disk.Run(at, gap, what))
            at += gap
        else:
            runs.append(disk.Run(at, len(what), disk.STORED, what))
            at += len(what)

    assert (at, tuple(runs)) == disk.unpack(disk.pack(at, runs))


def test_a_damaged_package_is_an_error_not_another_disk() -> None:
    packed = bytearray(files("lvtui.demo").joinpath("disk.xz").read_bytes())
    packed[len(packed) // 2] ^= 1

    with pytest.raises((lzma.LZMAError, ValueError)):
        disk.unpack(bytes(packed))
