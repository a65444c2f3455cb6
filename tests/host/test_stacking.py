from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lvtui.host.probe import block_device, block_devices, destination_facts
from lvtui.host.stacking import same_bytes, stack_of
from lvtui.units import MiB
from tests.host.loops import ext4, loop, mount, needs_loops, partitioned


def device_id(path: Path) -> str:
    number = path.stat().st_rdev
    return f"b:{os.major(number)}:{os.minor(number)}"


def file_id(path: Path) -> str:
    facts = path.stat()
    return f"f:{os.major(facts.st_dev)}:{os.minor(facts.st_dev)}:{facts.st_ino}"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_a_file_stands_on_its_file_system(tmp_path: Path) -> None:
    file = tmp_path / "image"
    file.touch()

    assert file_id(file) in stack_of(file)
    assert stack_of(tmp_path / "no" / "such") >= stack_of(tmp_path)


def test_a_link_is_what_it_points_to(tmp_path: Path) -> None:
    file, link, hard = tmp_path / "image", tmp_path / "link", tmp_path / "hard"
    file.touch()
    link.symlink_to(file)
    hard.hardlink_to(file)

    assert same_bytes(file) == same_bytes(link) == same_bytes(hard) == {file_id(file)}


@needs_loops
def test_a_partition_stands_on_its_disk_and_the_disk_s_file(
    tmp_path: Path, stack: ExitStack
) -> None:
    file = tmp_path / "disk"
    partitioned(file, 64 * MiB)
    disk = loop(stack, file, partitions=True)
    first, second = Path(f"{disk}p1"), Path(f"{disk}p2")

    assert stack_of(first) >= {device_id(first), device_id(disk), file_id(file)}
    assert device_id(second) not in stack_of(first)
    assert same_bytes(first) == {device_id(first)}
    assert same_bytes(disk) == {device_id(disk), file_id(file)}


@needs_loops
def test_a_file_in_a_loop_in_a_loop_stands_on_all(tmp_path: Path, stack: ExitStack) -> None:
    outer_file = tmp_path / "outer.img"
    outer_file.write_bytes(b"")
    os.truncate(outer_file, 64 * MiB)
    ext4(outer_file)
    outer = loop(stack, outer_file)
    inner_file = mount(stack, outer, tmp_path / "outer") / "inner.img"
    inner_file.touch()
    os.truncate(inner_file, 20 * MiB)
    ext4(inner_file)
    inner = loop(stack, inner_file)
    place = mount(stack, inner, tmp_path / "inner")
    bound = mount(stack, place, tmp_path / "bound", "--bind")
    expected = {device_id(inner), file_id(inner_file), device_id(outer), file_id(outer_file)}

    assert stack_of(place / "image.lv") >= expected
    assert stack_of(bound / "image.lv") >= expected


@needs_loops
def test_the_facts_of_devices_are_those_of_the_kernel(tmp_path: Path, stack: ExitStack) -> None:
    file = tmp_path / "disk"
    partitioned(file, 64 * MiB)
    disk = loop(stack, file, partitions=True)
    second = Path(f"{disk}p2")
    ext4(second)
    place = mount(stack, second, tmp_path / "place")
    facts = block_device(str(second))
    whole = block_device(str(disk))

    assert facts is not None
    assert whole is not None
    assert facts.size_bytes == 31 * MiB
    assert facts.parent == str(disk)
    assert facts.mounts == (str(place),)
    assert facts.sector_bytes == 512
    assert whole.parent is None
    assert whole.size_bytes == 64 * MiB
    assert {str(disk), str(second)} <= {device.path for device in block_devices()}


def test_what_is_no_device_has_no_device_facts(tmp_path: Path) -> None:
    assert block_device(str(tmp_path)) is None
    assert block_device("/dev/null") is None
    assert block_device(str(tmp_path / "no")) is None
    assert block_device("/bad\0name") is None


@pytest.mark.parametrize(
    ("make", "kind", "exists"),
    [
        pytest.param(lambda path: path, "file", False, id="new"),
        pytest.param(lambda path: path.touch(), "file", True, id="file"),
        pytest.param(lambda path: path.mkdir(), "folder", True, id="folder"),
        pytest.param(lambda path: path.symlink_to("/no/such"), "file", True, id="dangling-link"),
        pytest.param(os.mkfifo, "other", True, id="pipe"),
    ],
)
def test_a_destination_is_what_is_there(
    tmp_path: Path, make: Callable[[Path], object], kind: str, *, exists: bool
) -> None:
    path = tmp_path / "there"
    make(path)
    facts = destination_facts(str(path))

    assert (facts.kind, facts.exists) == (kind, exists)
    assert facts.parent_exists
    assert facts.free_bytes == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
