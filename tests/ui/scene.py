"""What the tests of the wizard share: the demo's disk read once, pages on it, the screen as text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from lvtui.flow.discover import Discovery, discover
from lvtui.flow.practice import prepare_demo
from lvtui.flow.session import Session
from lvtui.safe import SafeStr
from lvtui.ui.app import LvtuiApp
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.text import Row

SIZE = (80, 24)
PATIENCE_SECONDS = 60


def unpack(folder: Path) -> tuple[Session, Discovery]:
    """The demo's disk in `folder`, read by the real code."""
    session = replace(prepare_demo(folder), rate_bytes_per_s=None)
    assert session.source is not None
    return session, discover(session.source)


def walk_at(session: Session, discovery: Discovery, step: str, marked: int = 1) -> Walk:
    """A walk that stands at `step` with everything before it answered."""
    walk = Walk(session=session, discovery=discovery, reports=discovery.lost)
    uuids = tuple(report.lost.lv.uuid for report in discovery.lost[:marked])
    version_id = discovery.lost[0].lost.last_seen.id
    return walk.to(step, version_id=version_id, lv_uuids=uuids)


def app_of(walk: Walk, *, ascii_only: bool = True) -> LvtuiApp:
    """The wizard at that walk."""
    return LvtuiApp(walk, ascii_only=ascii_only)


def lines_of(app: LvtuiApp) -> list[str]:
    """The rows of the screen as the operator sees them."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


async def until(pilot: Pilot[Walk], holds: Callable[[], bool]) -> None:
    """Let the app work until `holds`; fails with the screen when it never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        await pilot.pause(0.02)
        if time.monotonic() > end:
            app = pilot.app
            assert isinstance(app, LvtuiApp)
            raise AssertionError("never came:\n" + "\n".join(lines_of(app)))
    await pilot.pause()


async def until_shown(pilot: Pilot[Walk], text: str) -> None:
    """Let the app work until `text` is on the screen."""
    app = pilot.app
    assert isinstance(app, LvtuiApp)
    await until(pilot, lambda: text in "\n".join(lines_of(app)))


def text_of(line: Row | SafeStr) -> str:
    """A row without its marks."""
    return line if isinstance(line, str) else "".join(part.text for part in line)


def texts_of(rows: Iterable[Row | SafeStr]) -> list[str]:
    """Rows without their marks."""
    return [text_of(line) for line in rows]
