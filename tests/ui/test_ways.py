"""Ways B and C in the wizard: reasons, the token, a restore on real LVM2, and its undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Paste

from lvtui.flow.discover import Discovery, discover, find_lost
from lvtui.flow.plans import stored_plans
from lvtui.flow.report import make_report
from lvtui.flow.session import Session
from lvtui.flow.written import writes_of
from lvtui.host.runner import SystemRunner
from lvtui.plan.command import Command, Outcome
from lvtui.ui.app import LvtuiApp, crash_lines
from lvtui.ui.copy import DestinationScreen
from lvtui.ui.device import DeviceScreen
from lvtui.ui.plan import PlanScreen
from lvtui.ui.run_page import RunPage
from lvtui.ui.walk import Walk
from tests.lab.restore import Scene, corner, small_scene
from tests.private_lvm import need_lvm
from tests.ui.scene import SIZE, app_of, lines_of, until, until_shown, walk_at

Damaged = tuple[Session, Discovery]
Beta = tuple[Scene, Walk]


@pytest.fixture
def beta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Beta]:
    """A group that lost `beta`, and a walk that stands at Plan with it marked."""
    need_lvm()
    with corner() as room, small_scene(room) as scene:

        class PrivateRunner:
            """The real runner in the scene's namespace."""

            def run(self, command: Command) -> Outcome:
                inside = replace(command, argv=tuple(scene.lvm.argv(*command.argv)))
                return replace(SystemRunner().run(inside), argv=command.argv)

        monkeypatch.setattr("lvtui.flow.apply.SystemRunner", PrivateRunner)
        monkeypatch.setattr("lvtui.flow.ways.SystemRunner", PrivateRunner)
        discovery = discover(scene.lvm.spec)
        lost = find_lost(discovery, "beta").lost
        Path(scene.case).mkdir(mode=0o700)
        session = Session(
            source=scene.lvm.spec,
            case_dir=scene.case,
            step="plan",
            version_id=lost.last_seen.id,
            lv_uuids=(lost.lv.uuid,),
        )
        yield scene, Walk(session=session, discovery=discovery, reports=discovery.lost)


def token_on(app: LvtuiApp) -> str:
    found = re.search(r"four digits (\d{4}) and press F8", "\n".join(lines_of(app)))
    assert found is not None
    return found[1]


def names_in(scene: Scene) -> set[str]:
    return {name for name, _ in scene.lvm.lvs("vgx").values()}


async def test_closed_ways_say_why_and_enter_stays(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "plan"))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "B  restore the LVM entry: closed.")
        text = "\n".join(lines_of(app))
        await pilot.press("down")
        await until_shown(pilot, "works on block devices only")
        await pilot.press("enter")
        await until_shown(pilot, "This way is closed")
        assert isinstance(app.screen, PlanScreen)
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, DestinationScreen))

    assert "(*) A  copy by extents" in text
    assert "-   C  in place" in text


async def test_restore_needs_the_digits_and_f8_and_is_taken_back_by_f7(beta: Beta) -> None:
    scene, walk = beta
    before = scene.lvm.bytes()
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "writes to the disk")
        await pilot.press("2", "enter")
        await until_shown(pilot, "type the four digits")
        head = lines_of(app)[0]
        token = token_on(app)
        wrong = f"{(int(token) + 1) % 10000:04}"
        await pilot.press("f8")
        await until_shown(pilot, "Typed nothing, needed")
        await pilot.press(*wrong, "f8")
        await until_shown(pilot, f"Typed {wrong}, needed {token}")
        app.screen.post_message(Paste(token))
        await until_shown(pilot, "Paste is ignored")
        assert scene.lvm.bytes() == before
        await pilot.press(*token, "f8")
        await until_shown(pilot, "Done and proven")
        crumbs = lines_of(app)[1]
        assert names_in(scene) == {"alpha", "beta", "gamma"}
        await pilot.press("f7")
        await until_shown(pilot, "type the four digits")
        await pilot.press(*token_on(app), "f8")
        await until_shown(pilot, "Done and proven")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeviceScreen))

    assert "ARMED" in head
    assert "ACTIVATE" in crumbs
    assert scene.lvm.bytes() == before
    assert [stored.plan.kind for stored in stored_plans(Path(scene.case))] == ["b", "undo"]


async def test_enter_200_times_on_a_way_that_writes_writes_nothing(beta: Beta) -> None:
    scene, walk = beta
    before = scene.lvm.bytes()
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "writes to the disk")
        await pilot.press("2")
        for _ in range(200):
            await pilot.press("enter")

    assert scene.lvm.bytes() == before


async def test_group_that_changed_after_the_plan_is_refused(beta: Beta) -> None:
    scene, walk = beta
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "writes to the disk")
        await pilot.press("2", "enter")
        await until_shown(pilot, "type the four digits")
        scene.lvm.lvm("lvchange", "--addtag", "x", "vgx/alpha")
        before = scene.lvm.bytes()
        await pilot.press(*token_on(app), "f8")
        await until_shown(pilot, "Code LV-")
        assert isinstance(app.screen, RunPage)

    assert scene.lvm.bytes() == before


async def test_f7_says_that_there_is_nothing_to_undo(fresh: Damaged) -> None:
    app = app_of(walk_at(*fresh, "plan"))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Plan A")
        await pilot.press("f7")
        await until_shown(pilot, "nothing to undo")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))


async def test_what_was_written_is_told_when_lvtui_stops_and_in_the_report(beta: Beta) -> None:
    scene, walk = beta
    quiet = crash_lines(walk.session)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "writes to the disk")
        await pilot.press("2", "enter")
        await until_shown(pilot, "type the four digits")
        await pilot.press(*token_on(app), "f8")
        await until_shown(pilot, "Done and proven")
    told = crash_lines(walk.session)
    (sentence,) = writes_of(scene.case)
    assert walk.discovery is not None
    rows = make_report(walk.session, walk.discovery, ()).rows

    assert quiet[1].startswith("Nothing was changed on")
    assert told[1].startswith("Written to")
    assert "done and proven" in str(sentence)
    assert [str(row.text) for row in rows if row.label == "Changed"] == [str(sentence)]
    assert not any("0 bytes written" in str(row.text) for row in rows)
