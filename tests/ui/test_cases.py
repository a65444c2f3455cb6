"""Cases: the list of the start page, one lvtui a case, and a mode in which nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.flow.case_hold import CaseHold
from lvtui.flow.case_list import case_lines
from lvtui.flow.cases import save_session
from lvtui.flow.copy import find_jobs, make_job, progress_of, run_job, start_job
from lvtui.flow.discover import Discovery
from lvtui.flow.jobs import ask, watch_job
from lvtui.flow.session import Session
from lvtui.plan.facts import CopyState
from lvtui.ui.checks import ChecksScreen
from lvtui.ui.choice_page import ChoicePage
from lvtui.ui.copy import DestinationScreen
from lvtui.ui.device import DeviceScreen
from lvtui.ui.frame import FramePage
from lvtui.ui.plan import PlanScreen
from lvtui.ui.start import StartScreen
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from lvtui.ui.walk import Walk
from tests.ui.scene import SIZE, app_of, lines_of, until, until_shown, walk_at

Damaged = tuple[Session, Discovery]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's cases are kept."""
    monkeypatch.setattr("lvtui.host.case.ROOT_HOME", tmp_path / "cases")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "cases").mkdir()
    (tmp_path / "lvtui").symlink_to(tmp_path / "cases")
    return tmp_path / "cases"


def case_in(home: Path, name: str, session: Session) -> Session:
    kept = replace(session, case_dir=str(home / name), demo=False)
    save_session(kept)
    return kept


def tree(folder: str | Path | None) -> dict[str, bytes]:
    assert folder is not None
    paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in paths}


async def test_case_of_another_lvtui_is_looked_at_and_not_changed(
    home: Path, fresh: Damaged
) -> None:
    session, discovery = fresh
    walk = walk_at(case_in(home, "case-0001", session), discovery, "volumes", marked=0)
    other = CaseHold()
    assert other.take(walk.session) is None
    before = tree(walk.session.case_dir)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ChoicePage))
        asked = "\n".join(lines_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        head = lines_of(app)[0]
        await pilot.press("space", "enter")
        await until(pilot, lambda: isinstance(app.screen, ChecksScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DestinationScreen))
        await pilot.press("f8")
        await until_shown(pilot, "Note    Another lvtui works on this case")
    other.release()

    assert "Another lvtui works on case-0001" in asked
    assert "LOOK ONLY" in head
    assert tree(walk.session.case_dir) == before


async def test_case_is_held_while_the_wizard_is_open_and_let_go_after_it(
    home: Path, fresh: Damaged
) -> None:
    session, discovery = fresh
    walk = walk_at(case_in(home, "case-0002", session), discovery, "volumes")
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        (during,) = case_lines(home)
    (after,) = case_lines(home)

    assert during.is_locked
    assert not after.is_locked


async def test_held_case_can_be_left_for_the_list(home: Path, fresh: Damaged) -> None:
    session, discovery = fresh
    walk = walk_at(case_in(home, "case-0003", session), discovery, "volumes")
    other = CaseHold()
    assert other.take(walk.session) is None
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ChoicePage))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, StartScreen))
        await until_shown(pilot, "Look only case-0003")
        other.release()
        await until_shown(pilot, "Continue  case-0003")


async def test_list_says_where_each_case_stands(home: Path, fresh: Damaged) -> None:
    session, discovery = fresh
    assert session.destination is not None
    case_in(home, "case-0004", replace(session, step="versions"))
    busy = case_in(home, "case-0005", replace(session, step="copy"))
    report = discovery.lost[0]
    to = str(Path(session.destination) / "a.lv")
    spec = make_job(discovery, report, to=to, rate_bytes_per_s=1 << 20)
    job = start_job(home / "case-0005", spec)
    save_session(replace(busy, job_dirs=(str(job),), lv_uuids=(report.lost.lv.uuid,)))
    app = app_of(Walk(session=Session(step="start")))
    try:
        async with app.run_test(size=SIZE) as pilot:
            await until_shown(pilot, "case-0005")
            await until_shown(pilot, "Watch")
            text = lines_of(app)
    finally:
        ask(job, "stop")
        watch_job(job, lambda _: True)

    (line,) = [line for line in text if "case-0005" in line]
    assert "copying" in line or "starting" in line
    (line,) = [line for line in text if "case-0004" in line]
    assert "Continue" in line
    assert "stopped at Versions" in line
    assert progress_of(job).state is CopyState.STOPPED


async def test_finished_case_says_so(home: Path, fresh: Damaged) -> None:
    session, discovery = fresh
    assert session.destination is not None
    kept = case_in(home, "case-0006", replace(session, step="report"))
    to = str(Path(session.destination) / "a.lv")
    run_job(
        home / "case-0006",
        make_job(discovery, discovery.lost[0], to=to),
        on_progress=lambda _: True,
    )
    jobs = tuple(str(job) for job in find_jobs(home / "case-0006"))
    save_session(replace(kept, job_dirs=jobs, lv_uuids=(discovery.lost[0].lost.lv.uuid,)))
    (line,) = case_lines(home)

    assert line.is_finished
    app = app_of(Walk(session=Session(step="start")))
    async with app.run_test(size=SIZE) as pilot:
        await until_shown(pilot, "finished, report ready")


@pytest.mark.parametrize("step", ["volumes", "plan", "copy"])
async def test_read_only_never_writes_anywhere(fresh: Damaged, tmp_path: Path, step: str) -> None:
    session, discovery = fresh
    walk = walk_at(replace(session, read_only=True), discovery, step)
    before = tree(tmp_path)
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, FramePage))
        await pilot.pause()
        head, bar = lines_of(app)[0], lines_of(app)[23]
        for key in ("enter", "f6", "f8", "enter", "f8", "f6", "enter", "f8", "enter", "f6", "f8"):
            await pilot.press(key)
            await pilot.pause()
        shown = "\n".join(lines_of(app))

    assert "LOOK ONLY" in head
    assert "F8" not in bar
    assert "--read-only" in shown
    assert tree(tmp_path) == before


async def test_read_only_makes_no_case_when_a_disk_is_opened(fresh: Damaged, home: Path) -> None:
    session, _ = fresh
    app = app_of(Walk(session=Session(source=session.source, read_only=True)))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DeviceScreen))
        await until_shown(pilot, "Details of 1")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))

    assert tree(home) == {}
    assert app.walk.session.case_dir is None
