"""kill -9 of `lvtui apply` and `lvtui undo`, and of the tools they run, at every kind of write.

Afterwards each step is done, not done, or resumable, and undo gives the old bytes.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.restore import Scene, corner, small_scene
from tests.private_lvm import need_lvm, need_strace

CALLS = ("pwrite64", "rename", "fsync", "fdatasync", "write")
SHARE = 7
"""Points of each command in `make test`; `make soak` takes all."""


@pytest.fixture
def scene() -> Iterator[Scene]:
    need_lvm()
    need_strace()
    with corner() as room, small_scene(room, disks=2) as made:
        yield made


class Snapshot:
    """Disks, case and LVM's backup file, to begin from again and again."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.disks = scene.lvm.bytes()
        self.kept = scene.lvm.folder / "kept"
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(scene.lvm.cases, self.kept)

    def back(self) -> None:
        for device, data in zip(self.scene.lvm.devices, self.disks, strict=True):
            with Path(device).open("r+b") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        assert self.scene.lvm.bytes() == self.disks
        shutil.rmtree(self.scene.lvm.cases)
        shutil.copytree(self.kept, self.scene.lvm.cases)


def strace(scene: Scene, call: str, when: int | None) -> list[str]:
    inject = [] if when is None else ["-e", f"inject={call}:signal=KILL:when={when}"]
    trace = str(scene.lvm.folder / "trace")
    return ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={call}", *inject]


def points(scene: Scene, command: str, snapshot: Snapshot) -> list[tuple[str, int]]:
    """Every (call, number): the most that any process of an undisturbed run makes."""
    found: list[tuple[str, int]] = []
    for call in CALLS:
        snapshot.back()
        run = scene.run(command, prefix=strace(scene, call, None))
        assert run.returncode == 0, run.stderr
        lines = (scene.lvm.folder / "trace").read_text().splitlines()
        made = Counter(line.split()[0] for line in lines if f" {call}(" in line)
        found += [(call, number) for number in range(1, max(made.values(), default=0) + 1)]
    return found


def chosen(all_points: list[tuple[str, int]]) -> list[tuple[str, int]]:
    if "LVTUI_SOAK" in os.environ:
        return all_points
    step = max(1, len(all_points) // SHARE)
    return all_points[step // 2 :: step]


def was_killed(scene: Scene) -> bool:
    return "+++ killed by SIGKILL +++" in (scene.lvm.folder / "trace").read_text()


def names(scene: Scene) -> set[str]:
    return {name for name, _ in scene.lvm.lvs("vgx").values()}


def go_on(scene: Scene, command: str) -> int:
    """The same command again, with the token that it shows now."""
    shown = scene.lvm.lvtui(command, scene.case, "--json")
    return shown.returncode if shown.returncode != 4 else scene.run(command).returncode


def test_kill_at_any_write_of_apply(scene: Scene) -> None:
    scene.plan("b", "beta")
    old = Snapshot(scene)
    killed = 0
    for turn, (call, number) in enumerate(chosen(points(scene, "apply", old))):
        old.back()
        scene.run("apply", prefix=strace(scene, call, number))
        killed += was_killed(scene)
        if turn % 2 == 0:
            assert go_on(scene, "apply") in {0, 2, 4, 8}, (call, number)
            resumed = names(scene)
            assert resumed in ({"alpha", "gamma"}, {"alpha", "beta", "gamma"}), (call, number)
        assert go_on(scene, "undo") in {0, 2}, (call, number)
        assert scene.lvm.bytes() == old.disks, (call, number)
        assert names(scene) == {"alpha", "gamma"}

    assert killed >= SHARE // 2


def test_kill_at_any_write_of_undo(scene: Scene) -> None:
    before = scene.lvm.bytes()
    scene.plan("b", "beta")
    scene.done("apply")
    scene.token("undo")
    restored = Snapshot(scene)
    killed = 0
    for call, number in chosen(points(scene, "undo", restored)):
        restored.back()
        scene.run("undo", prefix=strace(scene, call, number))
        killed += was_killed(scene)
        if scene.lvm.bytes() != before:
            assert go_on(scene, "undo") == 0, (call, number)
        assert scene.lvm.bytes() == before, (call, number)

    assert killed >= SHARE // 2
