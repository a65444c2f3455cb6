"""Every page in 80x24: the same frame, a safety word, no sentence cut, nothing but ASCII on request."""

from __future__ import annotations

import pytest

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.flow.steps import STEPS
from lvtui.ui.frame import FramePage
from tests.ui.scene import SIZE, app_of, lines_of, until, walk_at

Damaged = tuple[Session, Discovery]
PAGES = ("start", *STEPS)
BREADCRUMB = {step: step.upper() for step in STEPS} | {"start": "Start"}


@pytest.mark.parametrize("step", PAGES)
async def test_page_has_the_frame_in_80x24(damaged: Damaged, step: str) -> None:
    app = app_of(walk_at(*damaged, step))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        lines = lines_of(app)

    assert len(lines) == 24
    assert "lvtui" in lines[0]
    assert "DEMO" in lines[0]
    assert any(word in lines[0] for word in ("READ-ONLY", "DONE"))
    assert BREADCRUMB[step] in lines[1]
    assert lines[2] == lines[18] == "-" * 80
    assert [line[1:9].strip() for line in lines[19:23]] == ["Why", "Writes", "Don't", "Command"]
    assert "F10 " in lines[23]
    assert "F1 Help" in lines[23]


@pytest.mark.parametrize("step", PAGES)
async def test_plain_look_sends_ascii_only(damaged: Damaged, step: str) -> None:
    app = app_of(walk_at(*damaged, step), ascii_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))

        assert "\n".join(lines_of(app)).isascii()


@pytest.mark.parametrize("step", PAGES)
@pytest.mark.parametrize("width", [80, 132])
async def test_panel_sentences_are_not_cut(damaged: Damaged, step: str, width: int) -> None:
    app = app_of(walk_at(*damaged, step))
    async with app.run_test(size=(width, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        lines = lines_of(app)

    assert [line for line in lines[19:22] if line.rstrip().endswith("~")] == []


async def test_wide_window_gives_the_list_the_room(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "versions"))
    async with app.run_test(size=(132, 43)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        lines = lines_of(app)

    assert len(lines) == 43
    assert sum("2026-11-2" in line for line in lines) >= 27


async def test_f4_swaps_the_look_and_back(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "plan"), ascii_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        before = lines_of(app)
        await pilot.press("f4")
        rich = lines_of(app)
        await pilot.press("f4")

        assert rich[2] == "\u2500" * 80
        assert before == lines_of(app)


async def test_help_shows_this_page_the_keys_and_the_words(damaged: Damaged) -> None:
    app = app_of(walk_at(*damaged, "volumes"))
    async with app.run_test(size=(80, 120)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        for key in ("f1", "escape", "question_mark"):
            await pilot.press(key)
        text = "\n".join(lines_of(app))

    for expected in ("This page", "INTACT", "Keys", "Never starts anything", "MGT", "I am stuck"):
        assert expected in text
