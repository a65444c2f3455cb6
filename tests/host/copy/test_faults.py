"""Writing that fails at the n-th call, for every n: once, or from then on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lvtui.host.copy import jobs
from lvtui.host.files import SystemFiles
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.units import MiB
from tests.host.copy.scene import CountedClock, Scene, UnsyncedFiles, make_scene, run_here

COPIED_BYTES = 9 * MiB


class FaultyFiles(UnsyncedFiles):
    """Fails at the n-th call that can, once or for ever; or writes only a part."""

    def __init__(self, at: int, error: int, *, for_ever: bool = False) -> None:
        self.at = at
        self.error = error
        self.for_ever = for_ever
        self.calls = 0
        self.failed = 0

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> int:
        if self._fails():
            if len(data) > 1024 and not self.for_ever:
                # a short write is the usual first sign of a full disk
                super().pwrite(descriptor, data[:512], offset_bytes)
            self._fail()
        return super().pwrite(descriptor, data, offset_bytes)

    def fdatasync(self, descriptor: int) -> None:
        if self._fails():
            self._fail()
        super().fdatasync(descriptor)

    def fsync(self, descriptor: int) -> None:
        if self._fails():
            self._fail()
        super().fsync(descriptor)

    def rename(self, old: Path, new: Path) -> None:
        if self._fails():
            self._fail()
        super().rename(old, new)

    def open_new(self, path: Path) -> int:
        if self._fails():
            self._fail()
        return super().open_new(path)

    def _fails(self) -> bool:
        self.calls += 1
        return self.calls == self.at or (self.for_ever and self.calls > self.at)

    def _fail(self) -> None:
        self.failed += 1
        raise OSError(self.error, os.strerror(self.error))


def count_calls(folder: Path) -> int:
    files = FaultyFiles(0, 0)
    progress = run_here(make_scene(folder, image_bytes=COPIED_BYTES), files=files, clock=ticking())
    assert progress.state is CopyState.DONE
    return files.calls


def ticking() -> CountedClock:
    return CountedClock(step_seconds=0.6)


def run_with(scene: Scene, files: FaultyFiles) -> tuple[CopyProgress, list[CopyProgress]]:
    """Run; whenever it waits it is asked to go on, a few times."""
    clock, waited = ticking(), list[CopyProgress]()

    def on_sleep() -> None:
        heartbeat = scene.folder.heartbeat()
        if heartbeat is not None:
            waited.append(heartbeat.progress)
        jobs.ask(scene.folder, "run" if len(waited) < 3 else "stop")

    clock.on_sleep = on_sleep
    return run_here(scene, files=files, clock=clock), waited


def check_full(folder: Path, stride: int) -> None:
    """A disk that is full at one call, and has room again when it is asked to go on."""
    calls = count_calls(folder / "count")
    tried = range(1, calls + 1, stride)
    paused = 0
    for at in tried:
        scene = make_scene(folder / f"n{at}", image_bytes=COPIED_BYTES)
        files = FaultyFiles(at, errno.ENOSPC)
        progress, waited = run_with(scene, files)
        paused += bool(waited)
        if progress.state is not CopyState.DONE:
            # before the first byte there is nothing to wait for: it says so and can be resumed
            assert progress.problem is not None, f"call {at}"
            progress = run_here(scene, files=UnsyncedFiles())

        assert files.failed == 1, f"call {at}"
        assert progress.state is CopyState.DONE, f"call {at}: {progress.problem}"
        assert scene.final.read_bytes() == scene.truth, f"call {at}"
    assert paused > len(tried) // 4


def check_failing(folder: Path, error: int, *, for_ever: bool, stride: int) -> None:
    calls = count_calls(folder / "count")
    for at in range(1, calls + 1, stride):
        scene = make_scene(folder / f"n{at}", image_bytes=COPIED_BYTES)
        files = FaultyFiles(at, error, for_ever=for_ever)
        run_with(scene, files)
        if scene.final.exists():
            assert scene.final.read_bytes() == scene.truth, f"call {at}"
        jobs.ask(scene.folder, "run")
        progress = run_here(scene, files=UnsyncedFiles())

        assert files.failed >= 1, f"call {at}"
        assert progress.state is CopyState.DONE, f"call {at}: {progress.problem}"
        assert scene.final.read_bytes() == scene.truth, f"call {at}"


def test_a_full_disk_at_a_call_is_waited_out(tmp_path: Path) -> None:
    check_full(tmp_path, stride=4)


@pytest.mark.soak
def test_a_full_disk_at_every_call_is_waited_out(tmp_path: Path) -> None:
    check_full(tmp_path, stride=1)


@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_failed_write_loses_nothing(tmp_path: Path, error: int, *, for_ever: bool) -> None:
    check_failing(tmp_path, error, for_ever=for_ever, stride=5 if error == errno.EIO else 17)


@pytest.mark.soak
@pytest.mark.parametrize("for_ever", [False, True])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_no_failed_write_loses_anything(tmp_path: Path, error: int, *, for_ever: bool) -> None:
    check_failing(tmp_path, error, for_ever=for_ever, stride=1)


def test_after_a_failed_sync_nothing_since_the_checkpoint_counts(tmp_path: Path) -> None:
    """Linux may drop the pages and report success the next time: that copy must be made again."""
    scene = make_scene(tmp_path, image_bytes=COPIED_BYTES)

    class LosingFiles(SystemFiles):
        syncs = 0

        def fdatasync(self, descriptor: int) -> None:
            if os.fstat(descriptor).st_size == COPIED_BYTES:
                self.syncs += 1
                if self.syncs == 3:
                    os.ftruncate(descriptor, 0)
                    os.ftruncate(descriptor, COPIED_BYTES)
                    raise OSError(errno.EIO, "lost")
            super().fdatasync(descriptor)

    files = LosingFiles()
    failed = run_here(scene, files=files, clock=ticking())
    resumed = run_here(scene)

    assert files.syncs == 3
    assert failed.state is CopyState.FAILED
    assert failed.problem_code == "LV-DST-13"
    assert resumed.state is CopyState.DONE
    assert scene.final.read_bytes() == scene.truth
