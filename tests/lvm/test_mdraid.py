from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.mdraid import MD_MAGIC, find_md
from lvtui.source import BytesSource

MIB = 1 << 20


def folded(block: bytes) -> int:
    total: int = sum(struct.unpack(f"<{len(block) // 4}I", block))
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def version_0(size: int = 8 * MIB, *, level: int = 1, events: int = 5) -> bytearray:
    block = bytearray(4096)
    struct.pack_into("<III", block, 0, MD_MAGIC, 0, 90)
    struct.pack_into("<iI", block, 28, level, 4096)
    struct.pack_into("<II", block, 36, 2, 2)
    struct.pack_into("<II", block, 156, events & 0xFFFFFFFF, events >> 32)
    struct.pack_into("<I", block, 152, folded(bytes(block)))
    member = bytearray(size)
    at = (size // 512 // 128 * 128 - 128) * 512
    member[at : at + 4096] = block
    return member


@pytest.mark.parametrize("size", [8 * MIB, 8 * MIB + 512 * 77])
def test_a_superblock_0_90_stands_before_the_end(tmp_path: Path, size: int) -> None:
    member = version_0(size, events=2**33 + 1)
    if shutil.which("mdadm"):
        image = tmp_path / "member"
        image.write_bytes(member)
        told = subprocess.run(
            ["mdadm", "--examine", image], check=True, capture_output=True, text=True
        ).stdout
        assert "Version : 0.90" in told
        assert "- correct" in told

    found = find_md(BytesSource(bytes(member)))

    assert found is not None
    assert (found.version, found.level, found.events) == ("0.90", 1, 2**33 + 1)
    assert (found.data_offset_bytes, found.data_size_bytes) == (0, 4 * MIB)
    assert found.holds_all


def test_a_stripe_set_holds_a_part_only() -> None:
    found = find_md(BytesSource(bytes(version_0(level=5))))

    assert found is not None
    assert not found.holds_all


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.integers(0, 4095), st.integers(1, 255))
def test_a_superblock_with_a_bad_checksum_is_none(at: int, change: int) -> None:
    member = version_0()
    member[8 * MIB - 65536 + at] ^= change

    assert find_md(BytesSource(bytes(member))) is None


@pytest.mark.parametrize("size", [0, 1, 511, 4096, 8191, 65536, 131072])
def test_small_sources_have_none(size: int) -> None:
    assert find_md(BytesSource(bytes(size))) is None
