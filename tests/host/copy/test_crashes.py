"""Power cuts: states that a disk could be in after any call of a copy; each has to be recovered."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvtui.host.copy import jobs
from lvtui.host.copy.mapstore import MapStore
from lvtui.host.files import SystemFiles
from lvtui.plan.facts import CopyState
from lvtui.plan.job import JobPiece, JobSpec
from lvtui.plan.mapfile import BlockStatus
from lvtui.source import ByteRange
from lvtui.units import KiB, MiB
from tests.host.copy.crashes import Call, Disk, RecordingFiles, rebuild
from tests.host.copy.scene import (
    CountedClock,
    Scene,
    UnsyncedFiles,
    healing_read,
    reading_with,
    run_here,
    source_of,
    with_header,
)

STATES = 150
STATES_SOAK = 20_000
BAD = ByteRange(64 * KiB + 4 * MiB + 64 * KiB, 4 * KiB)


def small_scene(folder: Path) -> Scene:
    """Three chunks, mostly holes in the source, so that a state is rebuilt in a moment."""
    chance = random.Random(5)
    size_bytes = 9 * MiB
    source = folder / "pv.img"
    with source.open("wb") as file:
        file.write(with_header(chance.randbytes(64 * KiB)))
        for chunk in (0, 1, 2):
            file.seek(64 * KiB + chunk * 4 * MiB + 64 * KiB)
            file.write(chance.randbytes(128 * KiB))
        file.truncate(64 * KiB + size_bytes)
    (folder / "world" / "out").mkdir(parents=True)
    piece = JobPiece(
        out_offset_bytes=0, length_bytes=size_bytes, source=0, source_offset_bytes=64 * KiB
    )
    spec = JobSpec(
        lv_name="lost",
        lv_uuid="lv",
        vg_uuid=None,
        version_id="1",
        format="lv",
        size_bytes=size_bytes,
        sources=(source_of(source, areas=(ByteRange(4096, 32 * KiB),)),),
        pieces=(piece,),
        to=str(folder / "world" / "out" / "lost.lv"),
    )
    jobs_dir = folder / "world" / "jobs"
    return Scene(
        spec=spec,
        truth=source.read_bytes()[64 * KiB :],
        jobs_dir=jobs_dir,
        folder=jobs.make(jobs_dir, spec),
    )


@dataclass(frozen=True)
class Recorded:
    """A copy's calls, from the moment its job was there."""

    scene: Scene
    calls: tuple[Call, ...]
    start: int
    inode: int

    @property
    def world(self) -> Path:
        return self.scene.final.parents[1]

    def disk_at(self, index: int) -> Disk:
        disk = Disk()
        for call in self.calls[:index]:
            disk.take(call)
        return disk


def record(folder: Path) -> Recorded:
    """A whole copy with checkpoints all along and a bad place that heals in the second pass."""
    scene = small_scene(folder)
    files = RecordingFiles()
    scene.folder.write_spec(files, scene.spec)
    start = len(files.calls)
    heals = reading_with(healing_read((BAD,), 8 * MiB))
    clock = CountedClock(step_seconds=2.0)
    progress = run_here(scene, files=files, clock=clock, open_device=heals)

    assert progress.state is CopyState.DONE
    assert scene.final.read_bytes() == scene.truth
    saves = [call for call in files.calls if call.what == "rename" and call.other.endswith("/map")]
    assert len(saves) > 5
    return Recorded(scene, tuple(files.calls), start, scene.final.stat().st_ino)


def make_state(recorded: Recorded, disk: Disk, chance: random.Random) -> None:
    shutil.rmtree(recorded.world)
    (recorded.world / "out").mkdir(parents=True)
    recorded.scene.folder.path.mkdir(parents=True)
    names, contents = disk.state(chance)
    rebuild(names, contents, recorded.inode)


def check_promises(recorded: Recorded, disk: Disk) -> None:
    """What has to hold in a state before anything repairs it."""
    scene = recorded.scene
    checkpoint = MapStore(scene.folder.map_path, SystemFiles()).load(scene.spec.size_bytes)
    if str(scene.folder.map_path) in disk.names:
        assert checkpoint is not None, "a whole map exists at every instant"
    if scene.final.exists():
        assert scene.final.read_bytes() == scene.truth, "the final name means verified"
    image = scene.part if scene.part.exists() else scene.final
    if checkpoint is None or not image.exists():
        assert checkpoint is None, "a map speaks of an image"
        return
    with image.open("rb") as file:
        for run in checkpoint.copy_map.ranges(BlockStatus.DONE):
            file.seek(run.offset_bytes)
            found = file.read(run.length_bytes).ljust(run.length_bytes, b"\0")
            assert found == scene.truth[run.offset_bytes : run.end_bytes], f"+ is wrong: {run}"


def check_states(recorded: Recorded, count: int, seed: int) -> int:
    """Rebuild `count` states, spread over all calls, and recover each; returns how many differ."""
    chance = random.Random(seed)
    points = range(recorded.start, len(recorded.calls) + 1)
    begun = 0
    for number in range(count):
        index = points[number * len(points) // count]
        disk = recorded.disk_at(index)
        make_state(recorded, disk, chance)
        where = f"seed {seed}, state {number}, after call {index}: {recorded.calls[index - 1].what}"
        check_promises(recorded, disk)
        begun += recorded.scene.part.exists()
        progress = run_here(recorded.scene, files=UnsyncedFiles())

        assert progress.state is CopyState.DONE, f"{where}: {progress.problem}"
        assert recorded.scene.final.read_bytes() == recorded.scene.truth, where
        assert not recorded.scene.part.exists(), where
    return begun


def test_every_state_of_a_power_cut_is_recovered(tmp_path: Path) -> None:
    begun = check_states(record(tmp_path), STATES, seed=1)

    assert begun > STATES // 2


@pytest.mark.soak
def test_many_states_of_a_power_cut_are_recovered(tmp_path: Path) -> None:
    recorded = record(tmp_path)
    for seed in range(100, 100 + STATES_SOAK // 1000):
        check_states(recorded, 1000, seed)


def test_the_checker_sees_a_missing_sync(tmp_path: Path) -> None:
    """Without the image's syncs a `+` may be wrong: a check that cannot fail proves nothing."""
    recorded = record(tmp_path)
    image = next(call.file for call in recorded.calls if call.name.endswith(".part"))
    calls = tuple(call for call in recorded.calls if (call.what, call.file) != ("sync", image))
    careless = Recorded(recorded.scene, calls, recorded.start, recorded.inode)

    with pytest.raises(AssertionError, match=r"is wrong|verified"):
        check_states(careless, 60, seed=2)
