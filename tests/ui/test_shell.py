"""F9: the terminal goes to a shell in the case's folder and comes back to the same page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lvtui.flow.discover import Discovery, discover
from lvtui.flow.session import Session
from lvtui.flow.shell import changed_since
from lvtui.ui.plan import PlanScreen
from tests.ui.scene import SIZE, app_of, until, until_shown, walk_at
from tests.ui.test_start_up import leave, start

Damaged = tuple[Session, Discovery]


def test_shell_gets_the_terminal_and_gives_it_back(tmp_path: Path) -> None:
    run = start(tmp_path, "demo", SHELL="/bin/sh")
    run.read_until(lambda sent: b"Details of 1" in sent)
    run.press(b"\x1b[20~")
    run.read_until(lambda sent: b"Back with: exit" in sent)
    run.press(b"expr 40 + 2; exit\r")
    run.read_until(lambda sent: b"42\r\n" in sent)
    run.read_until(lambda sent: b"Back from the shell" in sent)

    assert leave(run) == 0


async def test_terminal_that_cannot_be_given_away_says_so(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "plan"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await pilot.press("f9")
        await until_shown(pilot, "Use a second window")


def test_a_change_of_the_group_meanwhile_is_told(fresh: Damaged) -> None:
    session, discovery = fresh
    assert session.source is not None

    assert changed_since(discovery) is None
    before = replace(
        discovery,
        histories=tuple(replace(history, current=None) for history in discovery.histories),
    )
    told = changed_since(before)
    newest = discover(session.source).histories[0].current
    assert told is not None
    assert newest is not None
    assert f"version {newest.seqno} is in use now" in str(told)
