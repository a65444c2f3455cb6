from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.guest.partitions import (
    LVM_GPT_TYPE,
    Partition,
    PartitionTable,
    TableKind,
    find_tables,
)
from lvtui.host.device import SourceDevice
from lvtui.source import BytesSource
from tests.loop import loop_device, need

MIB = 1 << 20


def entry(kind: int, first: int, count: int, status: int = 0) -> bytes:
    return struct.pack("<B3xB3xII", status, kind, first, count)


def mbr(*entries: bytes) -> bytes:
    return bytes(446) + b"".join(entries).ljust(64, b"\0") + b"\x55\xaa"


def gpt(
    *parts: tuple[int, int], sector: int = 512, disk: int = 8 * MIB, primary: bool = True
) -> bytearray:
    """A disk with a GPT; both copies."""
    data = bytearray(disk)
    entries = bytearray(128 * 128)
    for slot, (first, last) in enumerate(parts):
        struct.pack_into(
            "<16s16sQQQ72s", entries, slot * 128, b"\x01" * 16, b"\x02" * 16, first, last, 0,
            "sr".encode("utf-16-le"),
        )  # fmt: skip
    last_lba = disk // sector - 1
    rows = len(entries) // sector
    for own, other, entries_at in ((1, last_lba, 2), (last_lba, 1, last_lba - rows)):
        if own == 1 and not primary:
            continue
        header = struct.pack(
            "<8sIIIIQQQQ16sQIII", b"EFI PART", 65536, 92, 0, 0, own, other, 34, last_lba - 34,
            b"\x03" * 16, entries_at, 128, 128, zlib.crc32(entries),
        )  # fmt: skip
        header = header[:16] + struct.pack("<I", zlib.crc32(header)) + header[20:]
        data[own * sector : own * sector + 92] = header
        data[entries_at * sector : entries_at * sector + len(entries)] = entries
    data[:512] = mbr(entry(0xEE, 1, 2**32 - 1))
    return data


def places(table: PartitionTable) -> list[tuple[int, int, int]]:
    return [(part.number, part.start_bytes, part.size_bytes) for part in table.partitions]


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_gpt_counts_in_the_disks_own_sectors(sector: int) -> None:
    disk = BytesSource(bytes(gpt((300, 399), (400, 499), sector=sector)))

    (table,) = find_tables(disk)

    assert (table.kind, table.sector_bytes, table.crc_ok) == (TableKind.GPT, sector, True)
    assert places(table) == [(1, 300 * sector, 100 * sector), (2, 400 * sector, 100 * sector)]
    assert {part.name for part in table.partitions} == {"sr"}


@pytest.mark.parametrize("sector", [512, 4096])
@pytest.mark.parametrize("at", [20, 72, 48])
def test_a_damaged_gpt_gives_way_to_its_twin_at_the_end(sector: int, at: int) -> None:
    data = gpt((300, 399), sector=sector)
    data[sector + at] ^= 1

    (table,) = find_tables(BytesSource(bytes(data)))

    assert (table.is_backup, table.crc_ok) == (True, True)
    assert places(table) == [(1, 300 * sector, 100 * sector)]


def test_the_twin_is_found_where_nothing_is_left_of_the_first() -> None:
    (table,) = find_tables(BytesSource(bytes(gpt((300, 399), primary=False))))

    assert table.is_backup
    assert places(table) == [(1, 300 * 512, 100 * 512)]


def test_damaged_entries_of_both_copies_are_shown_but_not_vouched_for() -> None:
    data = gpt((300, 399))
    data[2 * 512 + 200] ^= 1
    data[len(data) - 512 - 32 * 512 + 200] ^= 1

    tables = find_tables(BytesSource(bytes(data)))

    assert [table.crc_ok for table in tables] == [False]
    assert places(tables[0]) == [(1, 300 * 512, 100 * 512)]


def test_a_partition_ends_where_its_disk_ends() -> None:
    (table,) = find_tables(BytesSource(bytes(gpt((300, 2**40), (2**50, 2**51)))), sector_bytes=512)

    assert places(table) == [(1, 300 * 512, 8 * MIB - 300 * 512)]


def test_an_mbr_is_tried_with_both_sector_sizes() -> None:
    data = mbr(entry(0x8E, 64, 100, status=0x80)) + bytes(MIB)

    tables = find_tables(BytesSource(data))

    assert [(table.kind, table.sector_bytes) for table in tables] == [
        (TableKind.MBR, 512),
        (TableKind.MBR, 4096),
    ]
    assert [places(table) for table in tables] == [
        [(1, 64 * 512, 100 * 512)],
        [(1, 64 * 4096, 100 * 4096)],
    ]
    assert all(table.partitions[0].is_lvm for table in tables)


def test_logical_partitions_are_found_along_their_chain() -> None:
    data = bytearray(4 * MIB)
    data[:512] = mbr(entry(0x83, 64, 100), entry(0x05, 1000, 5000))
    data[1000 * 512 : 1001 * 512] = mbr(entry(0x83, 63, 100), entry(0x05, 500, 1000))
    data[1500 * 512 : 1501 * 512] = mbr(entry(0x8E, 63, 200))

    (table, *_) = find_tables(BytesSource(bytes(data)), sector_bytes=512)

    assert places(table) == [
        (1, 64 * 512, 100 * 512),
        (5, 1063 * 512, 100 * 512),
        (6, 1563 * 512, 200 * 512),
    ]


def test_a_chain_that_bites_its_tail_ends() -> None:
    data = bytearray(4 * MIB)
    data[:512] = mbr(entry(0x05, 1000, 5000))
    data[1000 * 512 : 1001 * 512] = mbr(entry(0x83, 63, 100), entry(0x05, 500, 1000))
    data[1500 * 512 : 1501 * 512] = mbr(entry(0x83, 63, 100), entry(0x05, 500, 1000))

    (table, *_) = find_tables(BytesSource(bytes(data)), sector_bytes=512)

    assert [part.number for part in table.partitions] == [5, 6]


def test_a_boot_sector_of_a_file_system_is_no_table() -> None:
    sector = bytes(range(256)) * 2

    assert find_tables(BytesSource(sector[:510] + b"\x55\xaa" + bytes(MIB))) == ()


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.integers(0, 8192), st.sampled_from([512, 4096]))
def test_no_bytes_raise(noise: bytes, at: int, sector: int) -> None:
    data = gpt((300, 399), sector=sector, disk=MIB)
    data[at : at + len(noise)] = noise

    for table in find_tables(BytesSource(bytes(data[:MIB]))):
        assert len(table.partitions) <= 256
        for part in table.partitions:
            assert isinstance(part, Partition)
            assert 0 < part.start_bytes < part.end_bytes <= MIB


@pytest.mark.parametrize("sector", [512, 4096])
def test_what_sfdisk_writes_is_read(tmp_path: Path, sector: int) -> None:
    need("sfdisk")
    image = tmp_path / "disk.img"
    with image.open("wb") as f:
        f.truncate(64 * MIB)
    with loop_device(image, sector_bytes=sector) as device:
        script = f"label: gpt\nsize=16MiB\nsize=20MiB, type={LVM_GPT_TYPE}\n"
        subprocess.run(["sfdisk", "--quiet", device], input=script.encode(), check=True)
    with SourceDevice(str(image)) as disk:
        (table,) = find_tables(disk)

    assert (table.kind, table.sector_bytes, table.crc_ok) == (TableKind.GPT, sector, True)
    assert [part.size_bytes for part in table.partitions] == [16 * MIB, 20 * MIB]
    assert [part.is_lvm for part in table.partitions] == [False, True]
