"""A copy from a real block device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.host.copy import jobs
from lvtui.host.device import SourceDevice
from lvtui.plan.facts import CopyState
from lvtui.units import MiB
from tests.host.copy.scene import Scene, make_scene, run_here, source_of
from tests.host.loops import loop, needs_loops

pytestmark = needs_loops


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def on_devices(scene: Scene, stack: ExitStack) -> Scene:
    """The same job, from loop devices on its files (in whole sectors of 4 KiB)."""
    sources = []
    for source in scene.spec.sources:
        path = Path(source.path)
        os.truncate(path, -(-path.stat().st_size // 4096) * 4096)
        device = loop(stack, path)
        sources.append(replace(source_of(device), metadata_areas=source.metadata_areas))
    return scene.changed(sources=tuple(sources))


def test_devices_are_copied_without_the_page_cache(tmp_path: Path, stack: ExitStack) -> None:
    scene = on_devices(make_scene(tmp_path, image_bytes=9 * MiB), stack)
    opened: list[SourceDevice] = []

    def open_device(path: str) -> SourceDevice:
        opened.append(SourceDevice(path))
        return opened[-1]

    progress = run_here(scene, open_device=open_device)

    assert progress.state is CopyState.DONE, progress.problem
    assert all(device.is_direct for device in opened)
    assert scene.final.read_bytes() == scene.truth


def test_a_worker_copies_a_device(tmp_path: Path, stack: ExitStack) -> None:
    scene = on_devices(make_scene(tmp_path, image_bytes=9 * MiB), stack)
    before = [Path(source.path).stat().st_mtime_ns for source in scene.spec.sources]
    jobs.start(scene.folder)
    progress = jobs.follow(scene.folder, lambda _: True)

    assert progress.state is CopyState.DONE, progress.problem
    assert scene.final.read_bytes() == scene.truth
    assert [Path(source.path).stat().st_mtime_ns for source in scene.spec.sources] == before
    assert all(source.identity.kind == "block" for source in scene.spec.sources)
