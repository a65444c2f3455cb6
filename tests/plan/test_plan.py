from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from lvtui.errors import CheckStop
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Patch, Target
from lvtui.plan.plan import Plan, StageGuard, approve, needs_token
from lvtui.plan.script import script_of
from lvtui.plan.stored import decode, encode
from tests.plan import plans as made
from tests.plan.plans import FILES, plans

PLANS = plans()


@pytest.mark.parametrize("name", PLANS)
def test_the_whole_plan_is_as_it_was_reviewed(name: str) -> None:
    assert script_of(PLANS[name]) == (FILES / f"{name}.sh").read_text()


@pytest.mark.parametrize("name", PLANS)
def test_the_script_is_one_that_bash_understands(name: str) -> None:
    done = subprocess.run(
        ["bash", "-n", FILES / f"{name}.sh"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_survives_being_stored(name: str) -> None:
    plan = PLANS[name]
    again = decode(Plan, json.loads(json.dumps(encode(plan))))

    assert again == plan
    assert again.hash == plan.hash


@pytest.mark.parametrize("name", PLANS)
def test_every_query_forbids_lvm_to_write_and_every_write_sees_the_group_s_disks_only(
    name: str,
) -> None:
    commands = [step.line for step in PLANS[name].steps if isinstance(step.line, Command)]
    commands += [
        guard.command
        for step in PLANS[name].steps
        for guard in step.guards
        if not isinstance(guard, StageGuard) and hasattr(guard, "command")
    ]
    lvm = [
        one
        for one in commands
        if one.argv[0] in {"vgs", "lvs", "lvdisplay", "vgcfgrestore", "lvchange"}
    ]
    for one in lvm:
        assert one.argv[1] == "--config"
        writes = one.argv[0] == "vgcfgrestore"
        assert f"metadata_read_only = {int(not writes)} " in one.argv[2]
        assert '"r|.*|"' in one.argv[2]
        assert f"a|^{made.DISK.replace('.', '.')}$|" in one.argv[2]
    assert lvm or name == "undo"


@pytest.mark.parametrize("name", ["b-2.02.84", "b-2.02.180-active", "c-2.03.16"])
def test_evidence_comes_first_and_a_rehearsal_before_every_restore(name: str) -> None:
    lines = [step.line for step in PLANS[name].steps]
    kinds = [type(line).__name__ for line in lines]
    restores = [
        number
        for number, line in enumerate(lines)
        if isinstance(line, Command) and line.argv[0] == "vgcfgrestore" and needs_token(line)
    ]

    assert kinds[:4] == ["Save"] * 4
    for number in restores:
        rehearsal = lines[number - 1]
        assert isinstance(rehearsal, Command)
        assert "--test" in rehearsal.argv
        assert kinds[number + 1] == "Prove"
    first_change = next(number for number, line in enumerate(lines) if needs_token(line))
    assert first_change > 4


def test_the_token_is_of_exactly_this_plan() -> None:
    plan = PLANS["b-2.02.84"]
    others = [
        replace(plan, source="/dev/sdb"),
        replace(plan, steps=plan.steps[:-1]),
        replace(plan, notes=()),
    ]

    assert len(plan.token()) == 4
    assert plan.token().isdigit()
    assert plan.token() != plan.token(5)
    assert len({one.hash for one in (plan, *others)}) == 4
    approve(plan, plan.token())
    with pytest.raises(CheckStop):
        approve(plan, plan.token(5))
    with pytest.raises(CheckStop):
        approve(plan, "")


def test_an_approval_covers_the_writes_of_its_own_plan_only() -> None:
    plan = PLANS["c-2.03.16"]
    approval = approve(plan, plan.token())
    patches = [step.line for step in plan.steps if isinstance(step.line, Patch)]
    (foreign, *_) = [s.line for s in PLANS["undo"].steps if isinstance(s.line, Patch)]

    assert len(patches) == 2
    assert all(map(approval.covers, patches))
    assert not approval.covers(foreign)


@pytest.mark.parametrize(
    ("effect", "target", "token"),
    [
        (Effect.READS, Target.SOURCE, False),
        (Effect.WRITES, Target.CASE, False),
        (Effect.WRITES, Target.KERNEL, False),
        (Effect.WRITES, Target.XAPI, False),
        (Effect.WRITES, Target.SOURCE, True),
        (Effect.DESTROYS, Target.XAPI, True),
    ],
)
def test_which_lines_need_the_token(effect: Effect, target: Target, token: bool) -> None:  # noqa: FBT001
    line = Command(argv=("x",), purpose=message("x"), effect=effect, target=target)

    assert needs_token(line) is token
