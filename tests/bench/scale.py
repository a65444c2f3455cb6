"""How work grows with the number of versions, and how fast the wizard shows 5,000 of them.

python -m tests.bench --only scale|ui
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lvtui.flow.discover import Discovery
from lvtui.flow.judging import judge_histories
from lvtui.flow.session import Session
from lvtui.lvm.history import History, build_histories
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from tests.bench.life import Life
from tests.ui.scene import SIZE, app_of, unpack, until_shown, walk_at

VERSIONS, VOLUMES = 5000, 300
GROWTH_MAX = 2.3
"""Of the time for twice as many versions."""
OPEN_MS, KEY_MS, PAGE_MS = 500, 10, 50
KEYS = 40


@dataclass(frozen=True, slots=True)
class Grown:
    """One size."""

    versions: int
    text_mb: float
    build_cpu: float
    judge_cpu: float

    @property
    def cpu(self) -> float:
        """Seconds of processor time in all."""
        return self.build_cpu + self.judge_cpu


def _grown(discovery: Discovery, versions: int) -> tuple[Grown, Discovery]:
    copies = Life(VOLUMES).copies(versions)
    text_mb = sum(copy.length_bytes for copy in copies) / 1e6
    gc.collect()
    start = time.process_time()
    histories = build_histories(copies)
    built = time.process_time()
    lost, shrunk = judge_histories(histories, discovery.places, discovery.sources)
    judged = time.process_time()
    grown = Grown(versions, text_mb, built - start, judged - built)
    return grown, replace(discovery, histories=histories, lost=lost, shrunk=shrunk, copies=copies)


def run(rounds: int) -> bool:
    """Print the growth; the number of rounds does not matter to processor time."""
    del rounds
    with tempfile.TemporaryDirectory() as folder:
        _, discovery = unpack(Path(folder))
    held = True
    before: Grown | None = None
    print(f"\nhistory and verdicts of a group of {VOLUMES} volumes, processor time")
    for versions in (VERSIONS // 8, VERSIONS // 4, VERSIONS // 2, VERSIONS):
        grown, _ = _grown(discovery, versions)
        ratio = grown.cpu / before.cpu if before else 0.0
        held = held and ratio <= GROWTH_MAX
        print(
            f"  {versions:5} versions, {grown.text_mb:4.0f} MB: build {grown.build_cpu:5.2f} s, "
            f"judge {grown.judge_cpu:5.2f} s"
            + (f"   x{ratio:4.2f} of half as many, bar {GROWTH_MAX}" if before else "")
        )
        before = grown
    return held


def run_ui(rounds: int) -> bool:
    """Print what the Versions page takes with many versions that are parsed already."""
    del rounds
    with tempfile.TemporaryDirectory() as folder:
        session, discovery = unpack(Path(folder))
        _, large = _grown(discovery, VERSIONS)
        assert isinstance(large.histories[0], History)
        gc.collect()
        gc.freeze()  # what a collection of all these objects takes belongs to no key
        opened, keys, pages = asyncio.run(_shown(session, large))
    print(f"\nVersions page, {VERSIONS} versions of {VOLUMES} volumes, time that the app works")
    held = True
    for name, times, bar in (
        ("open", opened, OPEN_MS),
        ("a key", keys, KEY_MS),
        ("a page key", pages, PAGE_MS),
    ):
        middle, least = statistics.median(times) * 1000, min(times) * 1000
        good = least <= bar
        held = held and good
        print(
            f"  {name:<10} median {middle:6.1f} ms, least {least:6.1f} ms   bar {bar} ms "
            f"{'holds' if good else 'MISSED'}"
        )
    return held


async def _shown(
    session: Session, discovery: Discovery
) -> tuple[list[float], list[float], list[float]]:
    app = app_of(walk_at(session, discovery, "volumes"))
    opened: list[float] = []
    with _working() as busy:
        async with app.run_test(size=SIZE) as pilot:
            await until_shown(pilot, "lost")
            for _ in range(5):
                assert isinstance(app.screen, VolumesScreen)
                opened.append(await busy.by(lambda: pilot.press("escape")))
                assert isinstance(app.screen, VersionsScreen)
                await pilot.press("enter")
                await pilot.pause()
            await pilot.press("escape")
            await pilot.press("home")
            keys = [await busy.by(lambda: pilot.press("down")) for _ in range(KEYS)]
            pages = [await busy.by(lambda: pilot.press("pagedown")) for _ in range(KEYS)]
    return opened, keys, pages


class _Busy:
    """How long the event loop has run callbacks: a pilot waits between keys, an operator does not."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def by(self, act: Callable[[], Awaitable[None]]) -> float:
        """What one action costs."""
        before = self.seconds
        await act()
        return self.seconds - before


@contextmanager
def _working() -> Iterator[_Busy]:
    busy = _Busy()
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        start = time.perf_counter()
        try:
            run(handle)
        finally:
            busy.seconds += time.perf_counter() - start

    asyncio.Handle._run = timed  # type: ignore[method-assign,assignment] # nothing else tells the loop's work
    try:
        yield busy
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
