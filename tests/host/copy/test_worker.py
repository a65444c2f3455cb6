"""The worker as a process: it outlives what started it, dies cleanly, and is alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lvtui.errors import LockedError
from lvtui.host.copy import jobs
from lvtui.host.copy.folder import JobFolder
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.mapfile import BlockStatus, is_sealed, parse
from lvtui.units import KiB, MiB
from tests.host.copy.scene import Scene, make_scene, run_here

SLOW = 3 * MiB
KILLING_CALLS = (
    "pwrite64",
    "fdatasync",
    "fsync",
    "rename",
    "linkat",
    "unlink",
    "ftruncate",
    "openat",
)
KILLS = 14


def until(folder: JobFolder, holds: Callable[[CopyProgress], bool]) -> CopyProgress:
    """Watch the job until something is seen; the worker must not end before."""
    seen: list[CopyProgress] = []

    def look(progress: CopyProgress) -> bool:
        seen.append(progress)
        return not holds(progress)

    last = jobs.follow(folder, look, stop=False)
    assert holds(last), last
    return last


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Scene]:
    """A copy that takes some seconds, running."""
    scene = make_scene(tmp_path, image_bytes=17 * MiB).changed(rate_bytes_per_s=SLOW)
    jobs.start(scene.folder)
    yield scene
    if jobs.is_alive(scene.folder):
        jobs.ask(scene.folder, "stop")
        jobs.follow(scene.folder, lambda _: True)


def finish(scene: Scene) -> CopyProgress:
    jobs.ask(scene.folder, "run", rate_bytes_per_s=0)
    return jobs.follow(scene.folder, lambda _: True)


def test_a_detached_copy_ends_with_a_verified_image(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    jobs.start(scene.folder)
    progress = jobs.follow(scene.folder, lambda _: True)

    assert progress.state is CopyState.DONE, (scene.folder.path / "stderr.log").read_text()
    assert progress.pid is None
    assert scene.final.read_bytes() == scene.truth


def test_the_worker_is_its_own_session_without_a_terminal(slow: Scene) -> None:
    pid = until(slow.folder, lambda seen: seen.pid is not None and seen.done_bytes > 0).pid
    assert pid is not None
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")

    assert os.getsid(pid) not in {os.getsid(0), pid}
    assert str(slow.folder.path).encode() in command
    open_files = {Path(f"/proc/{pid}/fd/{number}").readlink() for number in (0, 1)}
    assert open_files == {Path(os.devnull)}
    assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
    assert "Umask:\t0077" in Path(f"/proc/{pid}/status").read_text()
    assert finish(slow).state is CopyState.DONE


def test_a_hangup_is_nothing_to_it(slow: Scene) -> None:
    pid = until(slow.folder, lambda seen: seen.done_bytes > 0).pid
    assert pid is not None
    for _ in range(50):
        os.kill(pid, signal.SIGHUP)
    progress = finish(slow)

    assert progress.state is CopyState.DONE
    assert slow.final.read_bytes() == slow.truth


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_end_is_a_checkpoint(slow: Scene, number: signal.Signals) -> None:
    pid = until(slow.folder, lambda seen: seen.done_bytes >= 4 * MiB).pid
    assert pid is not None
    os.kill(pid, number)
    stopped = jobs.follow(slow.folder, lambda _: True)
    text = (slow.folder.path / "map").read_text()

    assert stopped.state is CopyState.STOPPED
    assert is_sealed(text)
    assert parse(text).total_bytes(BlockStatus.DONE) >= 4 * MiB
    jobs.start(slow.folder)
    assert finish(slow).state is CopyState.DONE
    assert slow.final.read_bytes() == slow.truth


def test_a_second_worker_is_refused(slow: Scene) -> None:
    until(slow.folder, lambda seen: seen.done_bytes > 0)
    with pytest.raises(LockedError) as raised:
        jobs.start(slow.folder)
    by_hand = subprocess.run(
        [*jobs.self_argv(), "_worker", slow.folder.path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert raised.value.code == "LV-JOB-02"
    assert by_hand.returncode == 13
    assert "LV-JOB-02" in by_hand.stderr
    assert finish(slow).state is CopyState.DONE


def test_another_job_for_the_same_file_is_refused(slow: Scene) -> None:
    until(slow.folder, lambda seen: seen.done_bytes > 0)
    other = slow.changed(version_id="8-other")
    progress = run_here(other)

    assert other.folder.path != slow.folder.path
    assert (progress.problem_code, progress.problem_exit) == ("LV-DST-10", 12)
    assert finish(slow).state is CopyState.DONE
    assert slow.final.read_bytes() == slow.truth


def test_pause_and_run_are_echoed(slow: Scene) -> None:
    asked = jobs.ask(slow.folder, "pause")
    paused = until(slow.folder, lambda seen: seen.state is CopyState.PAUSED)
    progress = finish(slow)

    assert paused.n == asked
    assert progress.n == asked + 1
    assert progress.state is CopyState.DONE


def test_a_stopped_process_looks_stalled_and_a_killed_one_stopped(
    slow: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = until(slow.folder, lambda seen: seen.done_bytes > 0).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(jobs, "STALLED_SECONDS", 0.0)
    stalled = jobs.progress(slow.folder)
    with pytest.raises(LockedError):
        jobs.start(slow.folder)
    os.kill(pid, signal.SIGKILL)
    monkeypatch.undo()
    killed = jobs.follow(slow.folder, lambda _: True)

    assert stalled.state is CopyState.STALLED
    assert killed.state is CopyState.STOPPED
    assert killed.pid is None
    jobs.start(slow.folder)
    assert finish(slow).state is CopyState.DONE
    assert slow.final.read_bytes() == slow.truth


def test_files_and_folders_are_private(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    os.umask(0o022)
    jobs.start(scene.folder)
    jobs.follow(scene.folder, lambda _: True)
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (*scene.folder.path.iterdir(), scene.folder.path, scene.final)
    }

    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_a_full_file_system_pauses_and_goes_on(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "lvtui-test", small], check=True)
    try:
        scene = make_scene(tmp_path, image_bytes=21 * MiB).changed(to=str(small / "lost.lv"))
        jobs.start(scene.folder)
        paused = until(scene.folder, lambda seen: seen.state is CopyState.PAUSED)
        subprocess.run(["mount", "-o", "remount,size=60m", small], check=True)
        jobs.ask(scene.folder, "run")
        done = jobs.follow(scene.folder, lambda _: True)

        assert paused.problem is not None
        assert str(small) in str(paused.problem)
        assert "tmpfs" in str(paused.problem)
        assert done.state is CopyState.DONE
        assert done.problem is None
        assert scene.final.read_bytes() == scene.truth
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_limit_on_file_sizes_is_named(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=9 * MiB)
    limited = subprocess.run(
        ["prlimit", f"--fsize={6 * MiB}", *jobs.self_argv(), "_worker", scene.folder.path],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    progress = jobs.progress(scene.folder)

    assert limited.returncode == 12
    assert progress.state is CopyState.FAILED
    assert progress.problem_code == "LV-DST-15"
    assert run_here(scene).state is CopyState.DONE


def test_it_stays_small() -> None:
    code = (
        "import sys, lvtui.host.copy.worker\n"
        "heavy = {'textual', 'rich', 'pyparsing', 'humanize', 'asyncio', 'subprocess'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"


def traced(scene: Scene, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the worker in the foreground under strace."""
    return subprocess.run(
        ["strace", "-f", "-qq", *options, *jobs.self_argv(), "_worker", str(scene.folder.path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def kill_points(folder: Path) -> list[tuple[str, int]]:
    """(system call, which one of it) of every call that changes something, from a whole run."""
    scene = make_scene(folder, image_bytes=9 * MiB)
    log = folder / "trace"
    traced(scene, f"--trace={','.join(KILLING_CALLS)}", "-o", str(log))
    assert scene.final.read_bytes() == scene.truth
    counts: dict[str, int] = {}
    points = []
    for line in log.read_text().splitlines():
        called = re.match(r"\d+ +(\w+)\(", line)
        if called is None:
            continue
        name = called[1]
        counts[name] = counts.get(name, 0) + 1
        if name != "openat" or "O_CREAT" in line:
            points.append((name, counts[name]))
    return points


def check_kills(folder: Path, points: list[tuple[str, int]]) -> None:
    killed = 0
    for name, number in points:
        scene = make_scene(folder / f"{name}-{number}", image_bytes=9 * MiB)
        done = traced(
            scene,
            "--trace=" + name,
            f"--inject={name}:signal=KILL:when={number}",
            "-o",
            os.devnull,
        )
        killed += done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
        assert not scene.final.exists() or scene.final.read_bytes() == scene.truth
        progress = run_here(scene)

        assert progress.state is CopyState.DONE, f"{name} {number}: {progress.problem}"
        assert scene.final.read_bytes() == scene.truth, f"{name} {number}"
        shutil.rmtree(folder / f"{name}-{number}")
    assert killed == len(points)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_killed_at_a_system_call_it_resumes(tmp_path: Path) -> None:
    points = kill_points(tmp_path / "whole")
    share = [points[number * len(points) // KILLS] for number in range(KILLS)]

    assert len(points) > 40
    check_kills(tmp_path, share)


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_killed_at_every_system_call_it_resumes(tmp_path: Path) -> None:
    check_kills(tmp_path, kill_points(tmp_path / "whole"))


def test_a_job_is_found_again_by_what_it_copies(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=64 * KiB)
    again = jobs.make(scene.jobs_dir, scene.spec)
    other = jobs.make(scene.jobs_dir, scene.changed(version_id="8-other").spec)

    assert again == scene.folder
    assert other != scene.folder
    assert set(jobs.find(scene.jobs_dir)) == {scene.folder.path, other.path}


def test_a_job_that_never_ran_is_stopped(tmp_path: Path) -> None:
    progress = jobs.progress(make_scene(tmp_path, image_bytes=64 * KiB).folder)

    assert progress.state is CopyState.STOPPED
    assert progress.done_bytes == 0
