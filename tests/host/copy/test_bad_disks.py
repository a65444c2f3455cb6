"""Disks that fail: in which order they are read, how the copy ends, disks that go and come back."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import SourceChangedError
from lvtui.host.copy import jobs
from lvtui.host.copy.sources import Candidate, open_source
from lvtui.host.device import SourceDevice
from lvtui.plan.facts import CopyState
from lvtui.plan.mapfile import BlockStatus, parse
from lvtui.source import ByteRange
from lvtui.units import KiB, MiB
from tests.host.copy.scene import CountedClock, bad_read, content, good_read, reading_with, run_here
from tests.host.copy.test_run import flat_scene
from tests.host.loops import loop, needs_loops

START = 64 * KiB


def test_good_parts_are_read_before_a_bad_one_is_tried_again(tmp_path: Path) -> None:
    size_bytes = 64 * MiB
    scene = flat_scene(tmp_path / "flat", content(3, size_bytes))
    bad = ByteRange(START + 20 * MiB + 8 * KiB, 12 * KiB)
    failing = bad_read((bad,))
    reads: list[tuple[int, int]] = []

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        reads.append((offset_bytes - START, offset_bytes - START + len(buffer)))
        return failing(descriptor, buffer, offset_bytes)

    result = run_here(scene, open_device=reading_with(read_into)).result
    touching = [
        n for n, (start, end) in enumerate(reads) if start < 20 * MiB + 20 * KiB and end > 20 * MiB
    ]
    first, second = [n for n in touching if reads[n][0] >= 20 * MiB][:2]
    between = sum(end - start for start, end in reads[first + 1 : second])

    assert result is not None
    assert result.unreadable_ranges == (ByteRange(20 * MiB + 8 * KiB, 12 * KiB),)
    assert scene.final.read_bytes()[: 20 * MiB] == scene.truth[: 20 * MiB]
    # all behind it but the last chunk, which came first, lies between its first and second try
    assert between == size_bytes - 25 * MiB


def test_the_heads_of_an_image_come_first(tmp_path: Path) -> None:
    scene = flat_scene(tmp_path / "flat", os.urandom(1) + content(4, 40 * MiB - 1))
    reads: list[int] = []

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        reads.append((offset_bytes - START) // (4 * MiB))
        return good_read(descriptor, buffer, offset_bytes)

    run_here(scene, open_device=reading_with(read_into))
    order = list(dict.fromkeys(index for index in reads if index >= 0))

    assert order == [0, 1, 9, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("mib_at_once", [1, 3])
def test_a_slow_area_is_left_for_later(tmp_path: Path, mib_at_once: int) -> None:
    scene = flat_scene(tmp_path / "flat", b"x" + content(5, 160 * MiB))
    slow = range(40 * MiB, (40 + mib_at_once) * MiB)
    clock, reads = CountedClock(), list[int]()

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        at = offset_bytes - START
        reads.append(at)
        clock.seconds += 30 if at in slow else 0.01
        return good_read(descriptor, buffer, offset_bytes)

    progress = run_here(scene, open_device=reading_with(read_into), clock=clock)
    behind = reads[reads.index(40 * MiB) + 1]

    assert progress.state is CopyState.DONE
    assert behind > 41 * MiB
    assert scene.final.read_bytes() == scene.truth


def test_enough_ends_with_what_is_there(tmp_path: Path) -> None:
    scene = flat_scene(tmp_path / "flat", content(6, 24 * MiB))
    bad = ByteRange(START + 16 * MiB, 2 * MiB)
    failing, failures = bad_read((bad,)), {"n": 0}

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        try:
            return failing(descriptor, buffer, offset_bytes)
        except OSError:
            failures["n"] += 1
            if failures["n"] == 20:
                jobs.ask(scene.folder, "finish")
            raise

    clock = CountedClock(step_seconds=0.3)
    progress = run_here(scene, open_device=reading_with(read_into), clock=clock)
    result = progress.result

    assert progress.state is CopyState.DONE, progress.problem
    assert result is not None
    assert result.verified
    assert result.unreadable_ranges == (ByteRange(16 * MiB, 2 * MiB),)
    assert failures["n"] < 60
    assert scene.final.read_bytes() == (
        scene.truth[: 16 * MiB] + bytes(2 * MiB) + scene.truth[18 * MiB :]
    )


def test_a_disk_that_answers_only_errors_is_not_called_bad(tmp_path: Path) -> None:
    """A SCSI disk that was taken offline keeps its name and its size."""
    data = content(3, 96 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    seen = {"gone": False}

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        seen["gone"] |= offset_bytes >= START + 32 * MiB and offset_bytes < START + 88 * MiB
        if seen["gone"]:
            raise OSError(errno.EIO, "offline")
        return good_read(descriptor, buffer, offset_bytes)

    failed = run_here(scene, open_device=reading_with(read_into))
    copy_map = parse((scene.folder.path / "map").read_text())
    resumed = run_here(scene)

    assert (failed.state, failed.problem_code) == (CopyState.FAILED, "LV-SRC-12")
    assert not copy_map.total_bytes(BlockStatus.BAD)
    assert resumed.state is CopyState.DONE
    assert resumed.result is not None
    assert resumed.result.unreadable_ranges == ()
    assert scene.final.read_bytes() == data


@needs_loops
def test_a_disk_that_comes_back_under_another_name_is_known(tmp_path: Path) -> None:
    data = content(8, 9 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    path = Path(scene.spec.sources[0].path)
    with ExitStack() as stack:
        first = loop(stack, path)
        with SourceDevice(str(first)) as device:
            identity = device.identity
        source = replace(scene.spec.sources[0], path=str(first), identity=identity)
    with ExitStack() as stack:
        other = tmp_path / "other.img"
        other.write_bytes(b"another disk".ljust(path.stat().st_size, b"\0"))
        in_its_place = loop(stack, other)  # the first free number: that of the disk that went
        again = loop(stack, path)
        found = open_source(replace(source, path=str(in_its_place) + "-gone"), SourceDevice)
        with found:
            assert found.path == str(again)
        twice = tmp_path / "twin.img"
        twice.write_bytes(path.read_bytes())
        twin = loop(stack, twice)
        candidates = tuple(Candidate(str(p), identity.size_bytes) for p in (again, twin))
        with pytest.raises(SourceChangedError) as raised:
            open_source(replace(source, path="/dev/none"), SourceDevice, lambda: candidates)

    assert raised.value.code == "LV-SRC-16"
