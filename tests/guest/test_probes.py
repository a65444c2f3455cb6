"""Probes on file systems made by their own tools; what is not installed here is skipped by name."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.guest.filesystem import FileSystem
from lvtui.guest.probes import probe, probe_disk
from lvtui.source import ByteRange, ByteSource, BytesSource, Piece
from lvtui.units import MiB

UUID = "0f3c9a52-6d1e-4b7a-9c55-2a8f1e7d4b60"
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class FileSource:
    """A file that counts what is read of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = path.stat().st_size
        self.read_bytes = 0

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        with self.path.open("rb") as file:
            file.seek(offset_bytes)
            data = file.read(length_bytes)
        self.read_bytes += len(data)
        return Piece(data)


def tool(*argv: str) -> str:
    if shutil.which(argv[0], path=ENV["PATH"]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run(argv, capture_output=True, text=True, env=ENV, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def blank(path: Path, size_bytes: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size_bytes)
    return path


def ext(kind: str, path: Path) -> None:
    tool("mke2fs", "-q", "-t", kind, "-L", "root disk", "-U", UUID, "-M", "/srv", str(path))


MAKERS: dict[str, tuple[Callable[[Path], object], int, FileSystem]] = {
    kind: (
        lambda path, kind=kind: ext(kind, path),
        64 * MiB,
        FileSystem(kind=kind, label="root disk", uuid=UUID, size_bytes=64 * MiB),
    )
    for kind in ("ext2", "ext3", "ext4")
} | {
    "XFS": (
        lambda path: tool("mkfs.xfs", "-q", "-L", "data", "-m", f"uuid={UUID}", str(path)),
        320 * MiB,
        FileSystem(kind="XFS", label="data", uuid=UUID, size_bytes=320 * MiB),
    ),
    "NTFS": (
        lambda path: tool("mkntfs", "-q", "-F", "-f", "-L", "System ü", str(path)),
        64 * MiB,
        FileSystem(kind="NTFS", label="System ü"),
    ),
    "FAT16": (
        lambda path: tool("mkfs.vfat", "-F", "16", "-n", "BOOT", "-i", "12AB34CD", str(path)),
        64 * MiB,
        FileSystem(kind="FAT16", label="BOOT", uuid="12AB-34CD", size_bytes=64 * MiB),
    ),
    "FAT32": (
        lambda path: tool("mkfs.vfat", "-F", "32", "-n", "EFI", "-i", "12AB34CD", str(path)),
        64 * MiB,
        FileSystem(kind="FAT32", label="EFI", uuid="12AB-34CD", size_bytes=64 * MiB),
    ),
    "swap": (
        lambda path: tool("mkswap", "-q", "-L", "swap1", "-U", UUID, str(path)),
        16 * MiB,
        FileSystem(kind="swap", label="swap1", uuid=UUID, size_bytes=16 * MiB),
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_each_file_system_is_told_with_label_uuid_and_size(kind: str, tmp_path: Path) -> None:
    make, size_bytes, wanted = MAKERS[kind]
    path = blank(tmp_path / "part.img", size_bytes)
    make(path)
    source = FileSource(path)

    found = probe(source)

    assert found is not None
    assert (found.kind, found.label) == (wanted.kind, wanted.label)
    assert not wanted.uuid or found.uuid == wanted.uuid
    if wanted.size_bytes is not None:
        assert found.size_bytes == wanted.size_bytes
    assert source.read_bytes < 256 << 10


@pytest.mark.parametrize("kind", ["ext4", "NTFS"])
def test_what_is_in_use_is_what_the_systems_own_tool_says(kind: str, tmp_path: Path) -> None:
    make, size_bytes, _ = MAKERS[kind]
    path = blank(tmp_path / "part.img", size_bytes)
    make(path)
    found = probe(FileSource(path))
    assert found is not None
    if kind == "ext4":
        said = tool("dumpe2fs", "-h", str(path))
        numbers = {
            k: int(v)
            for k, v in re.findall(
                r"^(Block count|Free blocks|Block size): +(\d+)", said, re.MULTILINE
            )
        }
        expected = (numbers["Block count"] - numbers["Free blocks"]) * numbers["Block size"]
        assert found.last_mounted_on == "/srv"
    else:
        said = tool("ntfsinfo", "-m", "-f", str(path))
        numbers = {
            k: int(v)
            for k, v in re.findall(
                r"(Cluster Size|Free Clusters|Volume Size in Clusters): (\d+)", said
            )
        }
        used = numbers["Volume Size in Clusters"] - numbers["Free Clusters"]
        expected = used * numbers["Cluster Size"]

    assert found.used_bytes == expected


def test_an_iso_is_told_by_its_volume_id(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "cd.iso"
    tool("genisoimage", "-quiet", "-V", "XCP_TOOLS", "-o", str(path), str(tmp_path / "in"))

    found = probe(FileSource(path))

    assert found is not None
    assert (found.kind, found.label) == ("ISO 9660", "XCP_TOOLS")


def test_a_guests_pv_is_told_by_its_uuid() -> None:
    label = bytearray(2048)
    label[512:520] = b"LABELONE"
    label[532:536] = (32).to_bytes(4, "little")
    label[536:544] = b"LVM2 001"
    label[544:576] = b"t5fJn57Y8Shluo8ojU6fIfk4dmlayT5X"
    label[576:584] = (64 * MiB).to_bytes(8, "little")

    found = probe(BytesSource(bytes(label) + bytes(4096)))

    expected = FileSystem(
        kind="LVM PV", uuid="t5fJn5-7Y8S-hluo-8ojU-6fIf-k4dm-layT5X", size_bytes=64 * MiB
    )
    assert found == expected


def test_partitions_are_told_with_what_is_in_them(tmp_path: Path) -> None:
    disk = blank(tmp_path / "disk.img", 128 * MiB)
    table = "label: gpt\nstart=2048,size=65536,name=boot\nstart=67584,size=131072,name=data\n"
    if shutil.which("sfdisk", path=ENV["PATH"]) is None:
        pytest.skip("sfdisk is not installed")
    subprocess.run(
        ["sfdisk", "-q", str(disk)],
        input=table,
        text=True,
        check=True,
        env=ENV,
        capture_output=True,
    )
    for name, size, at in (("FAT16", 32 * MiB, 1 * MiB), ("ext4", 64 * MiB, 33 * MiB)):
        part = blank(tmp_path / name, size)
        MAKERS[name][0](part)
        with disk.open("r+b") as file:
            file.seek(at)
            file.write(part.read_bytes())

    content = probe_disk(FileSource(disk))

    assert content.table is not None
    assert content.table.crc_ok
    assert [one.kind for one in content.file_systems] == ["FAT16", "ext4"]
    assert [part.partition.number for part in content.parts if part.partition] == [1, 2]


class Unreadable:
    """A source of which nothing can be read."""

    size_bytes = 1 << 30

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        return Piece(bytes(length_bytes), (ByteRange(offset_bytes, length_bytes),))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(BytesSource(b""), id="empty"),
        pytest.param(BytesSource(b"\0" * 100), id="shorter-than-a-sector"),
        pytest.param(BytesSource(bytes(1 << 20)), id="zeros"),
        pytest.param(Unreadable(), id="unreadable"),
    ],
)
def test_of_nothing_nothing_is_told(source: ByteSource) -> None:
    content = probe_disk(source)

    assert content.table is None
    assert content.file_systems == ()


_MADE: dict[str, bytes] = {}


def made(kind: str, folder: Path) -> bytes:
    if kind not in _MADE:
        make, size_bytes, _ = MAKERS[kind]
        path = blank(folder / f"{kind}.img", size_bytes)
        make(path)
        _MADE[kind] = path.read_bytes()
    return _MADE[kind]


@pytest.mark.parametrize("kind", ["ext4", "NTFS", "FAT32"])
def test_spoilt_superblocks_never_raise(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    good = made(kind, tmp_path_factory.mktemp("fs"))

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(
        st.lists(
            st.tuples(st.integers(0, 8191), st.binary(min_size=1, max_size=8)),
            min_size=1,
            max_size=12,
        ),
        st.integers(0, len(good)),
    )
    def spoil(patches: list[tuple[int, bytes]], length: int) -> None:
        data = bytearray(good[: max(length, 4096)])
        for at, patch in patches:
            data[at : at + len(patch)] = patch
        probe_disk(BytesSource(bytes(data)))

    spoil()
