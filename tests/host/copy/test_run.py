from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.host.copy import jobs
from lvtui.host.copy.control import Control
from lvtui.host.copy.folder import Want
from lvtui.host.files import SystemFiles
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobPiece, JobSpec, exit_code
from lvtui.plan.mapfile import BlockStatus, is_sealed, parse
from lvtui.source import ByteRange
from lvtui.units import KiB, MiB
from tests.host.copy.scene import (
    CountedClock,
    Scene,
    bad_read,
    content,
    good_read,
    healing_read,
    make_scene,
    reading_with,
    run_here,
    source_of,
)


def flat_scene(folder: Path, data: bytes, *, start: int = 64 * KiB) -> Scene:
    """One source, one piece."""
    folder.mkdir(exist_ok=True)
    source = folder / "pv.img"
    source.write_bytes(random.Random(9).randbytes(start) + data)
    (folder / "out").mkdir()
    piece = JobPiece(
        out_offset_bytes=0, length_bytes=len(data), source=0, source_offset_bytes=start
    )
    spec = JobSpec(
        lv_name="lost",
        lv_uuid="lv",
        vg_uuid=None,
        version_id="1",
        format="lv",
        size_bytes=len(data),
        sources=(source_of(source),),
        pieces=(piece,),
        to=str(folder / "out" / "lost.lv"),
    )
    jobs_dir = folder / "jobs"
    return Scene(spec=spec, truth=data, jobs_dir=jobs_dir, folder=jobs.make(jobs_dir, spec))


def manifest_of(data: bytes) -> str:
    whole = hashlib.sha256()
    for start in range(0, len(data), 4 * MiB):
        whole.update(hashlib.sha256(data[start : start + 4 * MiB]).digest())
    return whole.hexdigest()


@pytest.mark.parametrize("size_bytes", [512, 4 * MiB, 9 * MiB + 512, 21 * MiB + 4 * KiB])
def test_the_image_is_what_the_extents_hold(tmp_path: Path, size_bytes: int) -> None:
    scene = make_scene(tmp_path, image_bytes=size_bytes)
    progress = run_here(scene)
    result = progress.result

    assert progress.state is CopyState.DONE, progress.problem
    assert result is not None
    assert scene.final.read_bytes() == scene.truth
    assert not scene.part.exists()
    assert result.destination_sha256 == result.source_sha256 == scene.truth_sha256
    assert result.manifest_sha256 == manifest_of(scene.truth)
    assert result.bytes_written + result.bytes_holes == size_bytes
    assert exit_code(scene.spec, result) == 0


def test_zeros_take_no_space(tmp_path: Path) -> None:
    data = bytes(8 * MiB) + b"x" * (64 * KiB) + bytes(7 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    progress = run_here(scene)

    assert progress.result is not None
    assert progress.result.bytes_written == 64 * KiB
    assert scene.final.stat().st_blocks * 512 <= 128 * KiB


def test_a_hole_of_the_source_is_not_even_read(tmp_path: Path) -> None:
    scene = flat_scene(tmp_path / "flat", b"")
    source = Path(scene.spec.sources[0].path)
    os.truncate(source, 300 * MiB)
    piece = replace(scene.spec.pieces[0], length_bytes=256 * MiB)
    sources = (source_of(source),)
    scene = scene.changed(size_bytes=256 * MiB, pieces=(piece,), sources=sources)
    read: list[int] = []

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        read.append(offset_bytes)
        return good_read(descriptor, buffer, offset_bytes)

    progress = run_here(scene, open_device=reading_with(read_into))

    assert progress.state is CopyState.DONE
    assert progress.holes_bytes == 256 * MiB
    assert all(offset_bytes < 64 * KiB for offset_bytes in read)
    assert (scene.folder.path / "manifest").stat().st_blocks == 0


def test_what_no_source_has_is_zero_and_named(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=5 * MiB, gap_bytes=4 * MiB + 512)
    result = run_here(scene).result

    assert result is not None
    assert scene.final.read_bytes() == scene.truth
    assert result.unreadable_ranges == (ByteRange(5 * MiB, 4 * MiB + 512),)
    assert exit_code(scene.spec, result) == 6


@pytest.mark.parametrize("field", ["overwritten", "at_risk"])
def test_ranges_of_another_owner_are_damage(tmp_path: Path, field: str) -> None:
    scene = make_scene(tmp_path, image_bytes=1 * MiB).changed(**{field: (ByteRange(0, 512),)})
    result = run_here(scene).result

    assert result is not None
    assert result.verified
    assert exit_code(scene.spec, result) == 6


def bad_patterns() -> list[tuple[str, tuple[ByteRange, ...]]]:
    chance = random.Random(4)
    page = 4 * KiB
    start = 64 * KiB
    spots = tuple(
        ByteRange(start + page * chance.randrange(2300), page * chance.choice((1, 1, 2, 40)))
        for _ in range(12)
    )
    return [
        ("single", (ByteRange(start + 8 * page, page),)),
        ("first", (ByteRange(start, page),)),
        ("last", (ByteRange(start + 9 * MiB - page, page),)),
        ("burst", (ByteRange(start + 3 * MiB, 2 * MiB),)),
        ("a-whole-chunk", (ByteRange(start + 4 * MiB, 4 * MiB),)),
        ("alternating", tuple(ByteRange(start + MiB + 2 * n * page, page) for n in range(16))),
        ("random", spots),
        ("all", (ByteRange(start, 9 * MiB),)),
    ]


@pytest.mark.skipif(shutil.which("ddrescue") is None, reason="gddrescue is not installed")
@pytest.mark.parametrize(
    ("name", "bad"), [pytest.param(*case, id=case[0]) for case in bad_patterns()]
)
def test_bad_places_are_those_of_ddrescue(
    tmp_path: Path, name: str, bad: tuple[ByteRange, ...]
) -> None:
    data = content(7, 9 * MiB + 8 * KiB)
    scene = flat_scene(tmp_path / name, data)
    result = run_here(scene, open_device=reading_with(bad_read(bad))).result
    rescued, said = by_ddrescue(tmp_path, Path(scene.spec.sources[0].path), bad, len(data))

    assert result is not None
    assert result.unreadable_ranges == said
    assert scene.final.read_bytes() == rescued
    ours = parse((scene.folder.path / "map").read_text())
    assert ours.ranges(BlockStatus.BAD) == said
    assert result.verified


def by_ddrescue(
    folder: Path, source: Path, bad: tuple[ByteRange, ...], size_bytes: int
) -> tuple[bytes, tuple[ByteRange, ...]]:
    """What ddrescue makes of the same disk: its test mode pretends bad places from a map."""
    end = source.stat().st_size
    lines, at = ["0 + 1"], 0
    painted = bytearray(end // 512)
    for run in bad:
        first, last = run.offset_bytes // 512, run.end_bytes // 512
        painted[first:last] = b"\1" * (last - first)
    while at < len(painted):
        value = painted[at]
        stop = painted.find(1 - value, at)
        stop = len(painted) if stop < 0 else stop
        lines.append(f"{at * 512} {(stop - at) * 512} {'-' if value else '+'}")
        at = stop
    (folder / "pretended").write_text("\n".join(lines) + "\n")
    image, path = folder / "dd.img", folder / "dd.map"
    argv: list[str | Path] = ["ddrescue", "-q", "-H", folder / "pretended", f"-i{64 * KiB}", "-o0"]
    subprocess.run([*argv, f"-s{size_bytes}", source, image, path], check=True)
    data = image.read_bytes().ljust(size_bytes, b"\0")
    ranges = parse(path.read_text()).ranges(BlockStatus.BAD)
    return data, tuple(ByteRange(r.offset_bytes - 64 * KiB, r.length_bytes) for r in ranges)


def test_a_place_that_reads_the_second_time_is_healed(tmp_path: Path) -> None:
    data = content(8, 9 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    bad = ByteRange(64 * KiB + 5 * MiB, 256 * KiB)
    heals = healing_read((bad,), 64 * KiB + 8 * MiB)
    progress = run_here(scene, open_device=reading_with(heals))

    assert progress.read_errors > 0
    assert progress.result is not None
    assert progress.result.unreadable_ranges == ()
    assert scene.final.read_bytes() == data


def test_a_disk_that_goes_is_not_called_bad(tmp_path: Path) -> None:
    data = content(3, 40 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    gone = 64 * KiB + 8 * MiB

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        if offset_bytes >= gone:
            raise OSError(errno.ENODEV, "gone")
        return good_read(descriptor, buffer, offset_bytes)

    failed = run_here(scene, open_device=reading_with(read_into))
    resumed = run_here(scene)

    assert failed.state is CopyState.FAILED
    assert failed.problem_exit == 14
    assert failed.unreadable_bytes == 0
    assert resumed.state is CopyState.DONE
    assert scene.final.read_bytes() == data


def test_another_disk_under_the_path_is_refused(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=1 * MiB)
    path = Path(scene.spec.sources[0].path)
    path.rename(path.with_suffix(".old"))
    path.write_bytes(bytes(path.with_suffix(".old").stat().st_size))
    progress = run_here(scene)

    assert progress.state is CopyState.FAILED
    assert progress.problem_exit == 11
    assert not scene.part.exists() or scene.part.stat().st_blocks == 0


def test_the_same_disk_under_another_number_goes_on(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=1 * MiB)
    path = Path(scene.spec.sources[0].path)
    path.write_bytes(b"P" * 8192 + path.read_bytes()[8192:])
    scene = scene.changed(sources=(source_of(path), scene.spec.sources[1]))
    shutil.copy(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    progress = run_here(scene)

    assert progress.state is CopyState.DONE


def test_metadata_that_changes_under_the_copy_is_told(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=9 * MiB)
    source = Path(scene.spec.sources[1].path)
    clock = CountedClock(step_seconds=1.0)  # a checkpoint every few looks
    changed = {"done": False}

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        if offset_bytes > 2 * MiB and not changed["done"]:
            changed["done"] = True
            with source.open("r+b") as file:
                file.seek(4096)
                file.write(b"another text was committed")
        return good_read(descriptor, buffer, offset_bytes)

    progress = run_here(scene, clock=clock, open_device=reading_with(read_into))

    assert changed["done"]
    assert progress.state is CopyState.DONE
    assert "metadata of the source changed" in str(progress.problem)
    assert '"event":"source-changed"' in (scene.folder.path / "log.jsonl").read_text()


def test_a_stranger_s_file_is_never_touched(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=1 * MiB)
    for path in (scene.final, scene.part):
        path.write_bytes(b"mine")
        progress = run_here(scene)

        assert progress.state is CopyState.FAILED
        assert (progress.problem_code, progress.problem_exit) == ("LV-DST-10", 12)
        assert path.read_bytes() == b"mine"
        path.unlink()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=1 * MiB)
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    scene.part.symlink_to(victim)
    progress = run_here(scene)

    assert progress.problem_exit == 12
    assert victim.read_bytes() == b""


def test_a_finished_copy_is_verified_again(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    first = run_here(scene).result
    again = run_here(scene).result

    assert first is not None
    assert again is not None
    assert replace(again, seconds=0) == replace(first, seconds=0)


def test_a_changed_finished_image_differs(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    run_here(scene)
    with scene.final.open("r+b") as file:
        file.seek(5 * MiB)
        file.write(b"changed")
    progress = run_here(scene)

    assert progress.result is not None
    assert not progress.result.verified
    assert progress.problem_exit == 7
    assert exit_code(scene.spec, progress.result) == 7


@pytest.mark.parametrize("size_change", [-512, 512, -5 * MiB])
def test_a_finished_image_of_another_size_differs(tmp_path: Path, size_change: int) -> None:
    scene = make_scene(tmp_path, image_bytes=9 * MiB)
    run_here(scene)
    os.truncate(scene.final, 9 * MiB + size_change)

    assert run_here(scene).problem_exit == 7


def test_a_finished_image_that_is_gone_is_copied_again(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    run_here(scene)
    scene.final.unlink()
    progress = run_here(scene)

    assert progress.state is CopyState.DONE
    assert scene.final.read_bytes() == scene.truth


class FlippingFiles(SystemFiles):
    """A disk that loses a bit of one write and reports success."""

    def __init__(self, flip_at_bytes: int) -> None:
        self.flip_at_bytes = flip_at_bytes

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> int:
        if offset_bytes <= self.flip_at_bytes < offset_bytes + len(data) and len(data) > 4096:
            flipped = bytearray(data)
            flipped[self.flip_at_bytes - offset_bytes] ^= 1
            data = bytes(flipped)
        return super().pwrite(descriptor, data, offset_bytes)


def test_a_disk_that_lies_is_found_out_and_healed_by_a_resume(tmp_path: Path) -> None:
    data = random.Random(2).randbytes(9 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    progress = run_here(scene, files=FlippingFiles(6 * MiB))

    assert progress.state is CopyState.FAILED
    assert progress.problem_code == "LV-CPY-07"
    assert progress.result is not None
    assert not progress.result.verified
    assert not scene.final.exists()
    assert run_here(scene).state is CopyState.DONE
    assert scene.final.read_bytes() == data


def test_a_stop_is_a_checkpoint_and_a_resume_goes_on(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    reads: list[int] = []
    controls: list[Control] = []

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        reads.append(offset_bytes)
        if len(reads) == 14:
            controls[0].signal()
        return good_read(descriptor, buffer, offset_bytes)

    stopped = run_here(
        scene,
        clock=CountedClock(step_seconds=0.3),
        open_device=reading_with(read_into),
        ready=controls.append,
    )
    text = (scene.folder.path / "map").read_text()
    there = parse(text).total_bytes(BlockStatus.DONE)
    first_reads = len(reads)
    resumed = run_here(scene, open_device=reading_with(read_into))

    assert stopped.state is CopyState.STOPPED
    assert is_sealed(text)
    assert 0 < there < len(scene.truth)
    assert stopped.done_bytes == there
    assert resumed.state is CopyState.DONE
    assert resumed.result is not None
    assert resumed.result.source_sha256 is None
    assert resumed.result.destination_sha256 == scene.truth_sha256
    assert len(reads) - first_reads < 40
    assert scene.final.read_bytes() == scene.truth


def test_a_pause_waits_until_asked_to_run(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    clock = CountedClock(step_seconds=0.3)
    jobs.ask(scene.folder, "pause")
    seen: list[CopyProgress] = []

    def on_sleep() -> None:
        seen.append(jobs_progress(scene))
        if len(seen) == 5:
            jobs.ask(scene.folder, "run")

    clock.on_sleep = on_sleep
    progress = run_here(scene, clock=clock)

    assert progress.state is CopyState.DONE
    assert {p.state for p in seen[:5]} == {CopyState.PAUSED}
    assert seen[-1].n == 1
    assert progress.n == 2


def jobs_progress(scene: Scene) -> CopyProgress:
    heartbeat = scene.folder.heartbeat()
    assert heartbeat is not None
    return heartbeat.progress


@pytest.mark.parametrize("rate", [256 * KiB, 3 * MiB])
def test_the_rate_limit_is_kept(tmp_path: Path, rate: int) -> None:
    scene = make_scene(tmp_path, image_bytes=9 * MiB).changed(rate_bytes_per_s=rate)
    clock = CountedClock()
    progress = run_here(scene, clock=clock)

    # read once from the source and once back
    assert clock.seconds == pytest.approx(2 * 9 * MiB / rate, rel=0.02)
    assert progress.rate_limit_bytes_per_s == rate


def test_another_rate_holds_at_once(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=9 * MiB).changed(rate_bytes_per_s=64 * KiB)
    clock = CountedClock()
    asked: list[float] = []

    def on_sleep() -> None:
        if not asked and clock.seconds > 20:
            scene.folder.write_want(SystemFiles(), Want(rate_bytes_per_s=0, n=1))
            asked.append(clock.seconds)

    clock.on_sleep = on_sleep
    progress = run_here(scene, clock=clock)

    assert asked
    assert clock.seconds < asked[0] + 2
    assert progress.rate_limit_bytes_per_s is None
    assert progress.n == 1
