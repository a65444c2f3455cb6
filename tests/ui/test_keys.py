"""Keys: digits, letters on both layouts, F-keys, fields, and that a key acts only where it is shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from lvtui.flow.discover import Discovery
from lvtui.flow.folding import fold
from lvtui.flow.session import Session
from lvtui.lvm.verdict import VerdictWord
from lvtui.ui.device import DeviceScreen
from lvtui.ui.diff_page import DiffPage
from lvtui.ui.frame import FramePage
from lvtui.ui.map_page import MapPage
from lvtui.ui.quit import QuitPage
from lvtui.ui.start import StartScreen
from lvtui.ui.textpage import TextPage
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from tests.ui.scene import SIZE, app_of, lines_of, until, until_shown, walk_at

Damaged = tuple[Session, Discovery]


@pytest.mark.parametrize("key", ["m", "M", "\u044c", "\u042c"])
async def test_map_opens_on_both_keyboard_layouts(damaged: Damaged, key: str) -> None:
    app = app_of(walk_at(*damaged, "volumes"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, MapPage))


async def test_cyrillic_letter_is_answered_once(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "volumes"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        await pilot.press("\u0442")
        first = lines_of(app)[22]
        await pilot.press("\u0442")
        second = lines_of(app)[22]

    assert first.startswith(" Note    Keyboard layout is Russian")
    assert second.startswith(" Command")


async def test_digit_goes_to_its_row(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "start"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await until(pilot, lambda: app.screen.query_one(RowList).cursor == 0)
        await pilot.press("2")

        assert app.screen.query_one(RowList).cursor == 1


async def test_nothing_is_preselected_among_several_disks(damaged: Damaged) -> None:
    session, _ = damaged
    walk = Walk(session=session)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Details of 1")
        (row,) = app.page().walk.devices or ()  # type: ignore[union-attr]
    twice = (replace(row, path="/dev/a"), replace(row, path="/dev/b"))
    walk = Walk(session=Session(step="device"), devices=twice)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Pick a disk with a digit")
        await pilot.press("enter")
        still = isinstance(app.screen, DeviceScreen)
        await pilot.press("2")
        await until_shown(pilot, "Details of 2")

    assert still


@pytest.mark.parametrize("key", ["f1", "f2", "f3", "question_mark"])
async def test_reading_pages_open_and_close(damaged: Damaged, key: str) -> None:
    app = app_of(walk_at(*damaged, "versions"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        before = lines_of(app)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, TextPage | DiffPage))
        await pilot.press("pagedown", "end", "home", "escape")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))

        assert lines_of(app) == before


async def test_star_marks_all_intact_disks_and_again_none(damaged: Damaged) -> None:
    session, discovery = damaged
    intact = {
        report.lost.lv.uuid
        for report in discovery.lost
        if report.verdict.word is VerdictWord.INTACT
        and report.ranges
        and report.role == "vhd"
        and not report.is_merged
    }
    app = app_of(walk_at(session, discovery, "volumes", marked=0))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        page = app.page()
        assert page is not None
        await pilot.press("asterisk")
        marked = set(page.walk.session.lv_uuids)
        await pilot.press("asterisk")
        left = page.walk.session.lv_uuids

    assert marked == intact
    assert len(intact) > 1
    assert left == ()


async def test_search_shows_what_matches_and_esc_shows_all(damaged: Damaged) -> None:
    session, discovery = damaged
    wanted = discovery.lost[2].lost.lv.name
    app = app_of(walk_at(session, discovery, "volumes", marked=0))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        page = app.screen
        assert isinstance(page, VolumesScreen)
        await pilot.press("slash", *wanted[4:12], "enter")
        found = [report.lost.lv.name for report in page.rows]
        await pilot.press("escape")
        shown = len(page.rows)

    assert found == [wanted]
    assert shown == len(fold(discovery.lost)[0])


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_merged_volumes_and_journals_are_one_line_that_opens(
    damaged: Damaged, key: str
) -> None:
    session, discovery = damaged
    _, folded, line = fold(discovery.lost)
    app = app_of(walk_at(session, discovery, "volumes", marked=0))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        page = app.screen
        assert isinstance(page, VolumesScreen)
        await pilot.press("end")
        await until_shown(pilot, str(line))
        await until_shown(pilot, "These are not lost.")
        before = len(page.rows)
        await pilot.press(key)
        await pilot.press("end")
        await until_shown(pilot, folded[-1].lost.lv.name)

        assert page.rows == discovery.lost
        assert before == len(discovery.lost) - len(folded)
        assert page.walk.session.lv_uuids == ()


async def test_letters_in_a_field_are_text(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "volumes"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        await pilot.press("slash", "m", "asterisk", "1", "question_mark")

        assert isinstance(app.screen, VolumesScreen)
        assert app.screen.query_one("#search", Input).value == "m*1?"


async def test_filter_shows_versions_that_matter_and_keeps_the_place(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "versions"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        page = app.screen
        assert isinstance(page, VersionsScreen)
        every, chosen = len(page.entries), page.chosen
        await pilot.press("f")
        few, kept = len(page.entries), page.chosen
        await pilot.press("\u0430")
        again = len(page.entries)

    assert few < every == again
    assert kept is chosen


@pytest.mark.parametrize("key", ["f10", "ctrl+c"])
async def test_leaving_is_asked_and_esc_stays(damaged: Damaged, key: str) -> None:
    app = app_of(walk_at(*damaged, "plan"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        await pilot.press(key, key)
        await until(pilot, lambda: isinstance(app.screen, QuitPage))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, QuitPage))
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert app.is_running
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, QuitPage))
        await pilot.press("enter")
    assert app.return_value is not None


async def test_unknown_path_is_a_row_with_its_reason(damaged: Damaged) -> None:
    session, _ = damaged
    app = app_of(Walk(session=session))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Details of 1")
        await pilot.press("insert", *"/no/such", "enter")
        await until_shown(pilot, "usable 1 of 2")
        await pilot.press("2", "enter")
        await pilot.pause()

        assert isinstance(app.screen, DeviceScreen)
        assert "no/such" in "\n".join(lines_of(app))
