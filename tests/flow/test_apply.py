"""Tools that fail, lie or are overtaken while a plan runs: what lvtui then does, on real LVM2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import LvtuiError
from lvtui.flow.apply import apply_case, undo_case
from lvtui.host.runner import DryRunner, SystemRunner
from lvtui.plan.command import Command, Outcome
from tests.lab.restore import Scene, corner, small_scene
from tests.private_lvm import need_lvm


@pytest.fixture
def scene() -> Iterator[Scene]:
    need_lvm()
    with corner() as room, small_scene(room, disks=2) as made:
        made.plan("b", "beta")
        yield made


class PrivateRunner:
    """The real runner in the scene's namespace; `spoil` may change what vgcfgrestore does."""

    def __init__(
        self, scene: Scene, spoil: Callable[[Callable[[], Outcome]], Outcome] | None = None
    ) -> None:
        self._scene = scene
        self._spoil = spoil

    def run(self, command: Command) -> Outcome:
        def real() -> Outcome:
            inside = replace(command, argv=tuple(self._scene.lvm.argv(*command.argv)))
            return replace(SystemRunner().run(inside), argv=command.argv)

        writes = command.argv[0] == "vgcfgrestore" and "--test" not in command.argv
        return self._spoil(real) if writes and self._spoil else real()


def restore_with(scene: Scene, spoil: Callable[[Callable[[], Outcome]], Outcome]) -> LvtuiError:
    with pytest.raises(LvtuiError) as raised:
        apply_case(Path(scene.case), scene.token("apply"), runner=PrivateRunner(scene, spoil))
    return raised.value


def test_the_same_runner_undisturbed(scene: Scene) -> None:
    before = scene.lvm.bytes()
    runner = PrivateRunner(scene)
    seen: list[tuple[int, str]] = []
    done = apply_case(
        Path(scene.case),
        scene.token("apply"),
        runner=runner,
        watch=lambda number, state: seen.append((number, state)),
    )
    assert done.ran
    assert seen[:2] == [(0, "started"), (0, "done")]
    assert scene.lvm.bytes() != before
    undo_case(Path(scene.case), scene.token("undo"), runner=runner)

    assert scene.lvm.bytes() == before


def test_it_answers_0_and_has_written_nothing(scene: Scene) -> None:
    """2.02 under metadata_read_only = 1."""
    before = scene.lvm.bytes()
    said = b"vgcfgrestore: Command not permitted while global/metadata_read_only is set.\n"
    error = restore_with(
        scene,
        lambda _real: Outcome(
            argv=("vgcfgrestore",), exit_code=0, stdout=b"", stderr=said, seconds=0.0
        ),
    )

    assert (error.code, error.exit_code) == ("LV-EXE-03", 4)
    assert "metadata_read_only" in str(error)
    assert scene.lvm.bytes() == before


def test_it_answers_0_says_nothing_and_has_written_nothing(scene: Scene) -> None:
    before = scene.lvm.bytes()
    error = restore_with(
        scene,
        lambda _real: Outcome(
            argv=("vgcfgrestore",), exit_code=0, stdout=b"Restored\n", stderr=b"", seconds=0.0
        ),
    )

    assert error.code == "LV-EXE-04"
    assert scene.lvm.bytes() == before


def test_it_writes_and_fails_and_is_taken_back(scene: Scene) -> None:
    before = scene.lvm.bytes()
    error = restore_with(scene, lambda real: replace(real(), exit_code=5))

    assert (error.code, error.exit_code) == ("LV-PLN-05", 8)
    assert scene.lvm.bytes() == before
    assert {name for name, _ in scene.lvm.lvs("vgx").values()} == {"alpha", "gamma"}


def test_somebody_else_writes_in_between_and_nothing_is_written_over_that(scene: Scene) -> None:
    def overtaken(real: Callable[[], Outcome]) -> Outcome:
        outcome = real()
        scene.lvm.lvm("lvchange", "--addtag", "x", "vgx/alpha")
        return outcome

    error = restore_with(scene, overtaken)

    assert (error.code, error.exit_code, error.changed) == ("LV-PLN-06", 9, True)
    assert "somebody else" in str(error)
    assert {name for name, _ in scene.lvm.lvs("vgx").values()} == {"alpha", "beta", "gamma"}


def test_a_missing_tool_stops_before_anything_is_written(scene: Scene) -> None:
    before = scene.lvm.bytes()
    error = restore_with(
        scene,
        lambda _real: Outcome(
            argv=("vgcfgrestore",), exit_code=None, stdout=b"", stderr=b"not found", seconds=0.0
        ),
    )

    assert (error.code, error.exit_code) == ("LV-EXE-03", 4)
    assert scene.lvm.bytes() == before


def test_a_dry_run_never_says_that_it_was_done(scene: Scene) -> None:
    before = scene.lvm.bytes()
    with pytest.raises(LvtuiError):
        apply_case(Path(scene.case), scene.token("apply"), runner=DryRunner(PrivateRunner(scene)))

    assert scene.lvm.bytes() == before
    assert ("plan-finished", None) not in scene.events()
