"""One suite for all runners, and what the real one promises."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lvtui.host import runner as runners
from lvtui.host.runner import DryRunner, RecordingRunner, ReplayRunner, SystemRunner
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Outcome, Runner, Target

SAY = (sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
NOT_THERE = ("/no/such/program",)


def command(*argv: str, effect: Effect = Effect.READS, timeout_seconds: float = 60.0) -> Command:
    return Command(
        argv=argv,
        purpose=message("try it"),
        effect=effect,
        target=Target.NOTHING,
        timeout_seconds=timeout_seconds,
    )


def replaying() -> Runner:
    recording = RecordingRunner(SystemRunner())
    for argv in (SAY, NOT_THERE):
        recording.run(command(*argv))
    return ReplayRunner(recording.outcomes)


MAKERS = [
    pytest.param(SystemRunner, id="system"),
    pytest.param(lambda: DryRunner(SystemRunner()), id="dry"),
    pytest.param(lambda: RecordingRunner(SystemRunner()), id="recording"),
    pytest.param(replaying, id="replay"),
]


@pytest.mark.parametrize("make", MAKERS)
def test_what_a_tool_says_and_answers_is_told(make: Callable[[], Runner]) -> None:
    outcome = make().run(command(*SAY))

    assert (outcome.argv, outcome.exit_code, outcome.skipped) == (SAY, 3, False)
    assert (outcome.stdout, outcome.stderr) == (b"out\n", b"err\n")
    assert outcome.seconds >= 0


@pytest.mark.parametrize("make", MAKERS)
def test_a_missing_tool_is_an_outcome_without_exit_code(make: Callable[[], Runner]) -> None:
    outcome = make().run(command(*NOT_THERE))

    assert (outcome.exit_code, outcome.skipped) == (None, False)
    assert outcome.stderr != b""


def test_a_dry_run_skips_what_changes_anything_and_never_says_done(tmp_path: Path) -> None:
    made = tmp_path / "made"
    for effect in (Effect.WRITES, Effect.DESTROYS):
        outcome = DryRunner(SystemRunner()).run(command("touch", str(made), effect=effect))

        assert outcome == runners.skipped(command("touch", str(made), effect=effect))
        assert (outcome.skipped, outcome.exit_code) == (True, None)
    assert not made.exists()


def test_a_replay_gives_answers_in_their_order_and_knows_no_others() -> None:
    first, second = (
        Outcome(argv=("vgs",), exit_code=code, stdout=b"", stderr=b"", seconds=0.0)
        for code in (0, 5)
    )
    replay = ReplayRunner([first, second])

    assert [replay.run(command("vgs")).exit_code for _ in range(3)] == [0, 5, 5]
    assert replay.run(command("lvs")).exit_code is None


def test_a_tool_gets_no_environment_of_ours_and_no_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("LVM_SYSTEM_DIR", "LVM_VG_NAME", "PYTHONPATH", "LD_PRELOAD_", "LANG"):
        monkeypatch.setenv(name, "ours")
    monkeypatch.setattr(runners, "LVM_MASTER", tmp_path / "none")
    program = "import os, sys; print(sorted(os.environ), repr(sys.stdin.read()))"
    outcome = SystemRunner().run(command(sys.executable, "-I", "-c", program))

    assert b"LC_ALL" in outcome.stdout
    assert outcome.stdout.endswith(b" ''\n")
    for ours in (b"LVM_", b"PYTHON", b"LD_", b"LANG"):
        assert ours not in outcome.stdout


def test_lvm_is_given_the_configuration_of_the_pool_s_master(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runners, "LVM_MASTER", tmp_path)

    assert runners.clean_environment()["LVM_SYSTEM_DIR"] == str(tmp_path)


def test_a_tool_that_hangs_is_ended_with_its_children() -> None:
    program = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'], stdin=None)"
    )
    hang = "import time; time.sleep(1000)"
    for text in (program.replace("input()", hang), hang):
        outcome = SystemRunner().run(command(sys.executable, "-c", text, timeout_seconds=0.2))

        assert outcome.exit_code is None
        assert b"time limit" in outcome.stderr


def test_a_tool_that_never_stops_talking_is_ended() -> None:
    program = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    outcome = SystemRunner(output_bytes_max=1 << 20).run(command(sys.executable, "-c", program))

    assert outcome.exit_code is None
    assert len(outcome.stdout) == 1 << 20
    assert b"stopped by lvtui" in outcome.stderr


def test_odd_arguments_arrive_as_they_are() -> None:
    odd = ("$(touch x)", "; rm -rf /", "a b", "\x1b[31m", "")
    outcome = SystemRunner().run(
        command(sys.executable, "-c", "import sys; print(sys.argv[1:])", *odd)
    )

    assert outcome.stdout.decode() == f"{list(odd)}\n"


def test_no_descriptor_of_ours_is_passed_on(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the call's own form
    try:
        program = "import os; print([n for n in os.listdir('/proc/self/fd') if int(n) > 2])"
        outcome = SystemRunner().run(command(sys.executable, "-c", program))
    finally:
        os.close(descriptor)

    assert str(descriptor) not in outcome.stdout.decode()
