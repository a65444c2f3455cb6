"""A disk on which the quick way finds nothing: what is said, what can be tried, what a search finds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import Cancelled
from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.ui import reading
from lvtui.ui.device import DeviceScreen
from lvtui.ui.search_page import SearchPage
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.walk import Walk
from lvtui.units import MiB
from tests.ui.scene import SIZE, app_of, lines_of, until, until_shown

Damaged = tuple[Session, Discovery]
SHIFT_BYTES = 41 * MiB
HEAD_BYTES = 12 * MiB
BACKUP = Path(__file__).parents[1] / "data" / "backup-2.03.16.txt"


@pytest.fixture
def shifted(damaged: Damaged, tmp_path: Path) -> str:
    """The head of the demo's disk where no table says that a PV begins."""
    source = damaged[0].source
    assert source is not None
    path = tmp_path / "shifted.img"
    with Path(source).open("rb") as disk, path.open("wb") as image:
        image.seek(SHIFT_BYTES)
        image.write(disk.read(HEAD_BYTES))
        image.truncate(SHIFT_BYTES + 64 * MiB)
    return str(path)


def everything(folder: Path) -> dict[str, bytes]:
    """All files but the case's."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def walk_of(path: str, tmp_path: Path) -> Walk:
    case = tmp_path / "case-test"
    return Walk(session=Session(source=path, case_dir=str(case), step="device"))


async def test_blank_disk_offers_search_image_and_backups(shifted: str, tmp_path: Path) -> None:
    app = app_of(walk_of(shifted, tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Enter: what else to try")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SearchPage))
        text = "\n".join(lines_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DeviceScreen))

    for expected in (
        "No LVM metadata was found",
        "Searched, of 105.0 MiB: the first 4 sectors",
        "1  Search the whole disk for metadata text",
        "2  Use an image",
        "3  Use /etc/lvm backups",
    ):
        assert expected in text


async def test_search_finds_what_lies_elsewhere_and_says_where(
    shifted: str, tmp_path: Path, damaged: Damaged
) -> None:
    app = app_of(walk_of(shifted, tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Enter: what else to try")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SearchPage))
        await pilot.press("enter")
        await until_shown(pilot, "Press Enter to go on")
        summary = "\n".join(lines_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        lead = "\n".join(lines_of(app))
        page = app.page()

    found = page.walk.discovery if page else None
    assert found is not None
    wanted = {version.id for version in damaged[1].histories[0].versions}
    assert {version.id for version in found.histories[0].versions} == wanted
    assert f"begins at byte {SHIFT_BYTES}" in summary
    assert "[!]" in lead
    assert app.walk.session.deep


async def test_enter_alone_on_a_blank_disk_writes_nothing(shifted: str, tmp_path: Path) -> None:
    before = everything(tmp_path)
    app = app_of(walk_of(shifted, tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Enter: what else to try")
        for _ in range(200):
            await pilot.press("enter")

    assert everything(tmp_path) == before


async def test_search_of_a_disk_with_nothing_says_what_was_searched(tmp_path: Path) -> None:
    path = tmp_path / "zeros.img"
    with path.open("wb") as image:
        image.truncate(8 * MiB)
    app = app_of(walk_of(str(path), tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Enter: what else to try")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SearchPage))
        await pilot.press("1", "enter")
        await until_shown(pilot, "(8.0 MiB) was searched")
        text = "\n".join(lines_of(app))

    assert "LV-SRC-12" in text
    assert "T backup files" in text


def test_search_is_counted_and_ends_when_it_is_told_to(shifted: str) -> None:
    told: list[reading.Counted] = []
    failed: list[reading.Failed] = []

    def post(event: object) -> None:
        if isinstance(event, reading.Counted):
            told.append(event)
        elif isinstance(event, reading.Failed):
            failed.append(event)

    session = Session(source=shifted, deep=True, read_only=True)
    reading.read(session, shifted, post, lambda: False)

    assert [type(event.error) for event in failed] == [Cancelled]
    reading.read(session, shifted, post, lambda: True)
    counts = [event for event in told if event.more is not None]
    assert counts[-1].words.startswith("Searched 105.0 MiB of 105.0 MiB (100.0 %), ")
    assert "labels and area headers" in (counts[-1].more or "")


async def test_backup_file_joins_the_versions(damaged: Damaged, tmp_path: Path) -> None:
    session, _ = damaged
    text = tmp_path / "group.txt"
    text.write_bytes(BACKUP.read_bytes())
    app = app_of(Walk(session=replace(session, step="device")))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Details of 1")
        await pilot.press("t", *str(text), "enter")
        await until_shown(pilot, "group.txt")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        shown = "\n".join(lines_of(app))
        page = app.page()

    found = page.walk.discovery if page else None
    assert found is not None
    assert found.texts == (str(text),)
    assert len(found.histories) == 2
    assert "[!]" in shown


async def test_row_of_another_group_opens_it(damaged: Damaged) -> None:
    session, _ = damaged
    app = app_of(Walk(session=replace(session, step="device", texts=(str(BACKUP),))))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Details of 1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        page = app.screen
        assert isinstance(page, VersionsScreen)
        before = page.walk.history
        await pilot.press("end")
        await until_shown(pilot, "of another group")
        await pilot.press("enter")
        await until(pilot, lambda: page.walk.history_index == 1)
        after = page.walk.history

    assert before is not after
    assert after is not None
    assert after.vg_uuid != before.vg_uuid if before else False


async def test_file_that_is_no_backup_is_named_and_taken_away_again(
    damaged: Damaged, tmp_path: Path
) -> None:
    session, _ = damaged
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no metadata at all\n")
    app = app_of(Walk(session=replace(session, step="device")))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "Details of 1")
        await pilot.press("t", *str(wrong), "enter")
        await until_shown(pilot, "notes.txt")
        await pilot.press("enter")
        await until_shown(pilot, "Code LV-")
        await pilot.press("t", "enter")
        await until_shown(pilot, "Details of 1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
