"""The walk on the demo's disk: Enter never writes, Esc keeps answers, the copy ends verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lvtui.flow.cases import load_session
from lvtui.flow.copy import find_jobs, progress_of
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.session import Session
from lvtui.plan.facts import CopyState
from lvtui.source import BytesSource
from lvtui.ui.app import LvtuiApp
from lvtui.ui.checks import ChecksScreen
from lvtui.ui.copy import DestinationScreen
from lvtui.ui.device import DeviceScreen
from lvtui.ui.frame import FramePage
from lvtui.ui.plan import PlanScreen
from lvtui.ui.quit import QuitPage
from lvtui.ui.report import ReportScreen
from lvtui.ui.start import StartScreen
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from lvtui.ui.walk import Walk
from lvtui.ui.watch import WatchScreen
from lvtui.vhd.chain import Catalogue, build_chain
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from tests.lab import flatten
from tests.ui.scene import SIZE, app_of, until, until_shown, walk_at

Damaged = tuple[Session, Discovery]


def sha256_of(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_disk(image: Path) -> str | None:
    """Of the disk in a stand-alone VHD."""
    made = open_image(BytesSource(image.read_bytes()))
    return flatten.sha256_of(virtual_disk(build_chain(made, Catalogue(()))))


def sha256_of_disk_in(discovery: Discovery, report: LostReport) -> str | None:
    """Of the disk in a lost volume."""
    return flatten.insides(discovery)[0][report.lost.lv.uuid]


def files_in(folder: str | None) -> list[Path]:
    assert folder is not None
    return sorted(Path(folder).iterdir())


def case_of(session: Session) -> Path:
    assert session.case_dir is not None
    return Path(session.case_dir)


def read(path: Path) -> str:
    return path.read_text()


def make_private(session: Session) -> None:
    case_of(session).mkdir(mode=0o700)


def at(app: LvtuiApp, page: type[FramePage[Walk]]) -> bool:
    return isinstance(app.screen, page)


async def test_enter_alone_reaches_copy_and_writes_nothing_there(fresh: Damaged) -> None:
    session, _ = fresh
    assert session.source is not None
    before = sha256_of(session.source)
    app = app_of(Walk(session=session))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(app, DeviceScreen))
        for _ in range(200):
            await pilot.press("enter")
        await until(pilot, lambda: at(app, DestinationScreen))
        await until_shown(pilot, "F8 starts the copy")
        for _ in range(20):
            await pilot.press("enter")
        assert at(app, DestinationScreen)

    assert sha256_of(session.source) == before
    assert files_in(session.destination) == []
    assert find_jobs(case_of(session)) == ()


async def test_walk_ends_with_a_verified_image_and_a_report(fresh: Damaged) -> None:
    session, discovery = fresh
    wanted = discovery.lost[0]
    app = app_of(Walk(session=session))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(app, DeviceScreen))
        await until_shown(pilot, "Details of 1")
        await pilot.press("enter")
        await until(pilot, lambda: at(app, VersionsScreen))
        await pilot.press("enter")
        await until(pilot, lambda: at(app, VolumesScreen))
        await pilot.press("space", "enter")
        await until(pilot, lambda: at(app, ChecksScreen))
        await until_shown(pilot, "OK")
        await pilot.press("enter")
        await until(pilot, lambda: at(app, PlanScreen))
        await pilot.press("enter")
        await until(pilot, lambda: at(app, DestinationScreen))
        await until_shown(pilot, "F8 starts the copy")
        await pilot.press("f8")
        await until(pilot, lambda: at(app, WatchScreen))
        await until_shown(pilot, "read back: equal")
        await pilot.press("enter")
        await until(pilot, lambda: at(app, ReportScreen))
        await until_shown(pilot, "report.md")
    (job_dir,) = find_jobs(case_of(session))
    result = progress_of(job_dir).result

    assert result is not None
    assert result.verified
    image, _manifest = files_in(session.destination)
    assert image.name == f"{wanted.lost.lv.name}.vhd"
    assert sha256_of_disk(image) == sha256_of_disk_in(discovery, wanted)
    assert sha256_of(str(image)) == result.destination_sha256
    assert "report.html" in {path.name for path in files_in(session.case_dir)}


async def test_several_volumes_are_copied_in_turn(fresh: Damaged) -> None:
    session, discovery = fresh
    app = app_of(walk_at(session, discovery, "copy", marked=2))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "F8 starts the copy")
        await pilot.press("f8")
        await until(pilot, lambda: at(app, WatchScreen))
        await until_shown(pilot, "2 of 2")
        await until_shown(pilot, "Next: Enter goes to the report")

    states = [progress_of(job).state for job in find_jobs(case_of(session))]
    assert states == [CopyState.DONE, CopyState.DONE]


async def test_f8_twice_at_once_starts_one_copy(fresh: Damaged) -> None:
    session, discovery = fresh
    app = app_of(walk_at(session, discovery, "copy"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(app, DestinationScreen))
        await pilot.press("f8", "f8")
        await until_shown(pilot, "read back: equal")

    assert len(find_jobs(case_of(session))) == 1


async def test_source_as_destination_is_refused(fresh: Damaged) -> None:
    session, discovery = fresh
    assert session.source is not None
    walk = walk_at(session, discovery, "copy").to("copy", destination=session.source)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "STOP")
        await pilot.press("f8")
        await pilot.pause()

        assert at(app, DestinationScreen)
    assert find_jobs(case_of(session)) == ()


async def test_paused_copy_is_left_and_found_again(fresh: Damaged) -> None:
    session, discovery = fresh
    walk = walk_at(session, discovery, "copy").to("copy", rate_bytes_per_s=4 << 20)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "F8 starts the copy")
        await pilot.press("f8")
        await until_shown(pilot, "Copying.")
        await pilot.press("1")
        await until_shown(pilot, "Paused.")
        await pilot.press("f10")
        await until_shown(pilot, "A copy is running.")
        await pilot.press("enter")
    (job_dir,) = find_jobs(case_of(session))
    left = progress_of(job_dir)
    kept = load_session(case_of(session))
    assert left.state is CopyState.PAUSED
    assert kept.job_dirs == (str(job_dir),)

    again = app_of(Walk(session=kept))
    async with again.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(again, WatchScreen))
        await until_shown(pilot, "Paused.")
        await pilot.press("3", "1")
        await until_shown(pilot, "Copying.")
        await pilot.press("3")
        await until_shown(pilot, "read back: equal")


@pytest.mark.parametrize("key", ["escape", "left"])
async def test_going_back_keeps_every_answer(damaged: Damaged, key: str) -> None:
    walk = walk_at(*damaged, "copy", marked=2)
    app = app_of(walk)
    pages = (PlanScreen, ChecksScreen, VolumesScreen, VersionsScreen, DeviceScreen, StartScreen)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(app, DestinationScreen))
        for page in pages:
            await pilot.press(key)
            await until(pilot, lambda page=page: at(app, page))  # type: ignore[misc]
        now = app.walk.session
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, QuitPage))

    assert now.lv_uuids == walk.session.lv_uuids
    assert now.version_id == walk.session.version_id
    assert now.source == walk.session.source


async def test_script_is_saved_and_not_run(fresh: Damaged) -> None:
    session, discovery = fresh
    make_private(session)
    app = app_of(walk_at(session, discovery, "plan"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: at(app, PlanScreen))
        await pilot.press("f6")
        await until_shown(pilot, "Saved, not run")
    (script,) = [read(path) for path in files_in(session.case_dir) if path.name == "plan.sh"]

    assert script.startswith("#!/bin/sh\n")
    assert "dd if=" in script
    assert files_in(session.destination) == []
