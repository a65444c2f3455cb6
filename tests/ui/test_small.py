"""A window that is too small: a sentence, keys off, nothing lost."""

from __future__ import annotations

from textual.widgets import Input

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.ui.frame import FramePage
from lvtui.ui.quit import QuitPage
from lvtui.ui.too_small import TooSmall
from lvtui.ui.volumes import VolumesScreen
from tests.ui.scene import SIZE, app_of, lines_of, until, walk_at

Damaged = tuple[Session, Discovery]


async def test_small_window_says_so_and_takes_no_key(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "volumes", marked=0))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        await pilot.resize_terminal(60, 18)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        said = "\n".join(lines_of(app))
        await pilot.press("space", "enter", "escape", "m", "f1", "f8")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        page = app.page()

    assert "Make the window at least 80x24 (now 60x18)." in said
    assert "Nothing is lost; keys are off except F10." in said
    assert page is not None
    assert page.walk.session.lv_uuids == ()


async def test_f10_asks_in_a_small_window(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "plan"))
    async with app.run_test(size=(60, 18)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, QuitPage))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TooSmall))


async def test_words_in_a_field_outlast_a_small_window(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "volumes"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        await pilot.press("slash", "4", "7")
        await pilot.resize_terminal(70, 20)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        await pilot.press("c")

        assert app.screen.query_one("#search", Input).value == "47c"
