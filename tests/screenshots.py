"""Pictures of the wizard on the demo, one a page: `python -m tests.screenshots [FOLDER]`.

The wizard runs as it is, on the demo's own disk, and its copy really runs. Frozen are only what differs
from machine to machine: the clock, the copy's speed and process, and the places on this host.
"""

from __future__ import annotations

import asyncio
import dataclasses
import html
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from lvtui.flow.practice import clean_demo
from lvtui.flow.session import Session
from lvtui.plan.check import CheckFacts, XenFacts
from lvtui.plan.checks import checks_of
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.ui import terminal

STATE = Path("/tmp/lvtui")  # noqa: S108 - stands in the pictures, is removed before and after
FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
NOW = datetime.fromisoformat("2026-11-22T03:35:00+00:00")
SECONDS = 4.1
PATIENCE_SECONDS = 60
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""Rich points at a font on the web; a picture of a recovery tool fetches nothing."""
CELL = 12.2
"""Width of a character in Rich's picture."""
RUN = re.compile(
    r'<text class="([^"]*-r\d+)" x="([\d.]+)" (y="[\d.]+") textLength="[\d.]+" ([^>]*)>(.*?)</text>'
)
WORDS = re.compile(r"[^\xa0]+(?:\xa0[^\xa0]+)*")


def portable(svg: str) -> str:
    """The picture with each column at a place of its own, so that any font and viewer aligns it."""

    def columns(found: re.Match[str]) -> str:
        style, x, y, rest, text = found.groups()
        out = []
        for words in WORDS.finditer(html.unescape(text)):
            at, wide = float(x) + words.start() * CELL, len(words[0]) * CELL
            shown = html.escape(words[0]).replace("\xa0", "&#160;")
            out.append(
                f'<text class="{style}" x="{at:.1f}" {y} textLength="{wide:.1f}" {rest}>{shown}</text>'
            )
        return "".join(out)

    return RUN.sub(columns, FONT.sub("", svg))


FACTS = CheckFacts(
    lvm_release="2.02.180",
    metadata_read_only=False,
    issue_discards=False,
    has_master_config=True,
    locked_by=(),
    open_volumes=(),
    multipath=(),
    case_dir="case",
    case_free_bytes=3 << 30,
    clock_synchronised=True,
    gap_count=0,
    gap_bytes=0,
    trim_seqno=None,
    areas_current=1,
    areas_all=1,
    exported=False,
    system_id=None,
    own_system_id=None,
    is_sr=True,
    xen=XenFacts(
        auto_scan=True,
        gc_running=(),
        plugged_hosts=1,
        host_count=1,
        ha_enabled=False,
        vms_running=None,
    ),
)
"""What the Checks page says in the picture: a dom0, whatever machine makes it."""


class FrozenTime(datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return NOW.astimezone(tz)


def steady(progress: CopyProgress) -> CopyProgress:
    """The same progress on a machine that always is equally fast."""
    rate = 22.8 * (1 << 20)
    fixed: dict[str, Any] = {"pid": progress.pid and 4711, "last_good_read_seconds": 0.1}
    fixed |= {"rate_limit_bytes_per_s": int(rate)}
    if progress.state is CopyState.RUNNING:
        done = progress.size_bytes * 431 // 1000
        left = (progress.size_bytes - done) / rate
        fixed |= {"done_bytes": done, "eta_seconds": left, "running_seconds": SECONDS}
        fixed |= {"holes_bytes": 4 << 20}
    elif progress.state is CopyState.DONE:
        fixed |= {"running_seconds": 10.2, "last_good_read_seconds": None}
    if progress.result is not None:
        fixed["result"] = dataclasses.replace(progress.result, seconds=10.2)
    fixed |= {"rate_now_bytes_per_s": rate, "rate_average_bytes_per_s": rate}
    return dataclasses.replace(progress, **fixed)


def freeze() -> None:
    """Make the pages the same on every machine."""
    from lvtui.flow import copy as flow_copy  # noqa: PLC0415 - after the settings of Textual
    from lvtui.ui import checks, copy, start, watch  # noqa: PLC0415

    real_progress, real_places = flow_copy.progress_of, flow_copy.suggest_destinations

    def progress_of(job_dir: Path) -> CopyProgress:
        return steady(real_progress(job_dir))

    def places(*args: Any, **kwargs: Any) -> tuple[Any, ...]:  # noqa: ANN401
        own = [row for row in real_places(*args, **kwargs) if str(STATE) in row.path]
        return tuple(
            dataclasses.replace(row, free_bytes=40 << 30, filesystem="ext4") for row in own
        )

    for module in [module for name, module in sys.modules.items() if name.startswith("lvtui.")]:
        if getattr(module, "progress_of", None) is real_progress:
            vars(module)["progress_of"] = progress_of
    vars(start)["case_lines"] = tuple
    vars(watch)["datetime"] = FrozenTime
    vars(copy)["suggest_destinations"] = places
    vars(checks)["preflight"] = lambda _discovery, _case: checks_of(FACTS)


async def walk(take: Callable[[str, str], None]) -> None:
    """From Start to Report; `take` is given the name and SVG of each page."""
    from lvtui.ui.app import LvtuiApp  # noqa: PLC0415 - after the settings of Textual
    from lvtui.ui.walk import Walk  # noqa: PLC0415

    app = LvtuiApp(Walk(session=Session(step="start")))
    async with app.run_test(size=(80, 24)) as pilot:

        async def shows(text: str) -> None:
            """Wait until the page has this text and no worker is busy."""
            end = time.monotonic() + PATIENCE_SECONDS
            while True:
                await pilot.pause()
                page = "\n".join(
                    "".join(segment.text for segment in strip)
                    for strip in app.screen._compositor.render_strips()
                )
                if text in page:
                    return
                if time.monotonic() > end:
                    raise TimeoutError(f"waited for {text!r} on\n{page}")
                await asyncio.sleep(0.05)

        async def picture(name: str, text: str, *keys: str) -> None:
            await shows(text)
            await pilot.pause()
            take(name, portable(app.export_screenshot(title="lvtui demo")))
            for key in keys:
                await pilot.press(key)

        await _pages(picture, shows, pilot.press)


async def _pages(
    picture: Callable[..., Awaitable[None]],
    shows: Callable[[str], Awaitable[None]],
    press: Callable[..., Awaitable[None]],
) -> None:
    await picture("start", "Practise with demo data", "3", "enter")
    await picture("device", "14 volumes of older versions", "enter")
    await picture("versions", "recommended", "up", "f3")
    await picture("diff", "86 -> 87", "escape")
    await shows("recommended")
    await press("down", "enter")
    await shows("marked 0")
    await press("space")
    await picture("volumes", "marked 1", "m")
    await picture("map", "Map of VHD-47c6dc36", "escape")
    await shows("marked 1")
    await press("enter")
    await picture("checks", "Is it safe to go on?", "enter")
    await picture("plan", "closed. ", "enter")
    await shows("TO ")
    await press("enter")
    await picture("destination", "F8 starts the copy", "f8")
    await picture("copy", "43.1 %")
    await picture("copied", "Image written and read back: equal", "enter")
    await picture("report", "sha256")


def main() -> None:
    """Write every picture."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(exist_ok=True)
    os.environ |= {"TZ": "UTC", "XDG_STATE_HOME": str(STATE.parent)}
    time.tzset()
    terminal.settle_environment()
    freeze()
    clean_demo(STATE)

    def take(name: str, svg: str) -> None:
        (folder / f"{name}.svg").write_text(svg)
        print(folder / f"{name}.svg")

    try:
        asyncio.run(walk(take))
    finally:
        clean_demo(STATE)


if __name__ == "__main__":
    main()
