"""A device as the destination: written only where it is blank, its head last."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvtui.host.copy.control import Control
from lvtui.plan.facts import CopyState
from lvtui.units import KiB, MiB
from tests.host.copy.scene import CountedClock, Scene, good_read, make_scene, reading_with, run_here
from tests.host.loops import loop, needs_loops

pytestmark = needs_loops
SIZE = 21 * MiB + 4 * KiB


@dataclass(frozen=True)
class Place:
    """A job to a loop device."""

    scene: Scene
    backing: Path

    def bytes_there(self) -> bytes:
        os.sync()
        return self.backing.read_bytes()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        backing = tmp_path / "backing"
        with backing.open("wb") as file:
            file.truncate(24 * MiB)
        device = loop(stack, backing)
        scene = make_scene(tmp_path, image_bytes=SIZE, seed=6).changed(to=str(device))
        yield Place(scene, backing)


def test_a_blank_device_becomes_the_image(place: Place) -> None:
    progress = run_here(place.scene)
    again = run_here(place.scene)
    there = place.bytes_there()

    assert progress.state is CopyState.DONE, progress.problem
    assert progress.result is not None
    assert progress.result.destination_sha256 == place.scene.truth_sha256
    assert there[:SIZE] == place.scene.truth
    assert not any(there[SIZE:])
    assert again.state is CopyState.DONE
    assert not Path(place.scene.spec.to + ".manifest").exists()


def test_the_head_comes_last(place: Place) -> None:
    controls: list[Control] = []
    reads = 0

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        nonlocal reads
        reads += 1
        if reads == 30:
            controls[0].signal()
        return good_read(descriptor, buffer, offset_bytes)

    stopped = run_here(
        place.scene,
        clock=CountedClock(step_seconds=0.1),
        open_device=reading_with(read_into),
        ready=controls.append,
    )
    half = place.bytes_there()
    done = run_here(place.scene)

    assert stopped.state is CopyState.STOPPED
    assert stopped.done_bytes > 0
    assert not any(half[: 4 * KiB])
    assert any(half)
    assert done.state is CopyState.DONE
    assert place.bytes_there()[:SIZE] == place.scene.truth


@pytest.mark.parametrize("at", [0, 512, 9 * MiB, SIZE - 512])
def test_a_device_with_anything_on_it_loses_nothing(place: Place, at: int) -> None:
    with Path(place.scene.spec.to).open("r+b") as file:
        file.seek(at)
        file.write(b"somebody's".ljust(512, b"."))
    progress = run_here(place.scene)
    there = place.bytes_there()

    assert (progress.state, progress.problem_code) == (CopyState.FAILED, "LV-DST-26")
    assert there[at : at + 512] == b"somebody's".ljust(512, b".")
    assert not any(there[: 4 * KiB].replace(b"somebody's".ljust(512, b"."), b""))


def test_a_device_in_use_is_refused(place: Place) -> None:
    held = os.open(place.scene.spec.to, os.O_RDONLY | os.O_EXCL)
    progress = run_here(place.scene)
    os.close(held)

    assert (progress.state, progress.problem_exit) == (CopyState.FAILED, 12)
    assert not any(place.bytes_there())


def test_a_device_that_is_too_small_is_refused(place: Place, tmp_path: Path) -> None:
    with ExitStack() as stack:
        small = tmp_path / "small"
        small.write_bytes(bytes(4 * MiB))
        progress = run_here(place.scene.changed(to=str(loop(stack, small))))

    assert progress.problem_code == "LV-DST-28"
