"""Step 7 after F8: a copy that runs by itself is watched, once a second, and asked to pause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.copy import ask, progress_of, resume_job
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.safe import SafeStr, safe
from lvtui.ui.begin_copy import begin_copy, shown_path
from lvtui.ui.copy_rows import BAD_PLACES, WORKING, key_pairs, map_row, progress_rows
from lvtui.ui.frame import Key, Panel, Safety, keys
from lvtui.ui.shown import problem_rows, short_name
from lvtui.ui.step import Leave, StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.watch_events import Failed, NextStarted, Seen
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, cut_middle, row, say
from lvtui.units import MiB

SLOWEST_BYTES_PER_S = MiB


class WatchScreen(StepScreen):
    """Watch the copy; leaving does not end it."""

    step: ClassVar[str] = "copy"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "next", "Report", show=False),
        Binding("1", "pause", "Pause or go on", show=False),
        Binding("2", "slower", "Slower", show=False),
        Binding("3", "faster", "Full speed", show=False),
        Binding("4", "elsewhere", "Another place", show=False),
        Binding("5", "enough", "Try bad places no more", show=False),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.progress: CopyProgress | None = None
        self._problem: LvtuiError | None = None
        self._starting = False
        self._looking = False

    @property
    def job_dir(self) -> str:
        """The job that is watched: the last one that was started."""
        return self.walk.session.job_dirs[-1]

    @property
    def total(self) -> int:
        """How many volumes are copied in turn."""
        return max(len(self.walk.marked), len(self.walk.session.job_dirs))

    @property
    def all_done(self) -> bool:
        """Whether every marked volume has its verified image."""
        return (
            self.progress is not None
            and self.progress.state is CopyState.DONE
            and len(self.walk.session.job_dirs) >= self.total
        )

    def compose_content(self) -> ComposeResult:
        """Where from and to, numbers, a word about the window."""
        for name in ("ends", "progress", "window"):
            yield TextBlock(id=name)

    def on_mount(self) -> None:
        """Look now, then once a second."""
        super().on_mount()
        self._look()
        self.set_interval(1.0, self._look)

    def _look(self) -> None:
        ended = self.progress is not None and self.progress.state not in WORKING
        if not self._looking and not (ended and not self._starting):
            self._looking = True
            self._look_thread(self.job_dir)

    @work(thread=True, group="watch")
    def _look_thread(self, job_dir: str) -> None:
        try:
            self.post_message(Seen(job_dir, progress_of(Path(job_dir))))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def on_seen(self, event: Seen) -> None:
        """Show it; begin the next volume when one is done."""
        self._looking = False
        if event.job_dir != self.job_dir or self.progress == event.progress:
            return
        if self.progress is not None and self.progress.state is not event.progress.state:
            self.notice(None)
        self.progress = event.progress
        more = len(self.walk.session.job_dirs) < len(self.walk.marked) and self.walk.may_write
        if event.progress.state is CopyState.DONE and more and not self._starting:
            self._starting = True
            self._next_thread(len(self.walk.session.job_dirs))
        self.redraw()

    @work(thread=True, group="next")
    def _next_thread(self, index: int) -> None:
        try:
            folder = self.walk.session.destination or ""
            self.post_message(NextStarted(begin_copy(self.walk, index, folder)))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def on_next_started(self, event: NextStarted) -> None:
        """Watch the next one."""
        self._starting, self.progress = False, None
        jobs = (*self.walk.session.job_dirs, event.job_dir)
        self.walk = self.walk.to("copy", job_dirs=jobs)
        self.post_message(self.Changed(self.walk))
        self._look()

    @dataclass
    class Changed(Event):
        """The answers changed while the page stays: the app keeps them."""

        walk: Walk

    def on_failed(self, event: Failed) -> None:
        """Show the error; the place is kept."""
        self._looking = self._starting = False
        self._problem = event.error
        self.redraw()

    def draw(self) -> None:
        """Show the newest values."""
        session = self.walk.session
        index = len(session.job_dirs) - 1
        room = self.width - 8
        source = safe(session.source or "?")
        name, to = SafeStr(""), safe(session.destination or "?")
        if index < len(self.walk.marked):
            name = short_name(self.walk.marked[index].lost.lv.name)
            to = safe(shown_path(self.walk, index, session.destination or ""))
        turn = say("  {n} of {all}", n=index + 1, all=self.total) if self.total > 1 else SafeStr("")
        self.block("ends").show(
            row(say(" FROM  "), cut_middle(source, 40), say("  "), name, say("  read-only"), turn),
            row(say(" TO    "), cut_middle(to, room)),
            EMPTY,
        )
        shown: tuple[Row, ...] = ()
        if self.progress is not None:
            shown = progress_rows(self.progress, self.width, self.look, datetime.now(UTC))
            if index < len(self.walk.marked) and self.progress.result is None:
                report = self.walk.marked[index]
                map_shown = map_row(self.progress, report, self.width, self.look)
                shown = (*shown[:5], map_shown, *shown[5:])
        problem = problem_rows(self._problem, self.width - 2) if self._problem else ()
        self.block("progress").show(*(problem or shown or (row(say(" Looking at the copy.")),)))
        self.block("window").show(*self._window())

    def _window(self) -> tuple[Row, ...]:
        case = self.walk.session.case_dir or ""
        if self.all_done:
            return (row(say(" Next: Enter goes to the report.")),)
        if self.progress is None or self.progress.state not in WORKING:
            return ()
        lines = [
            EMPTY,
            row(say(" You may close this window: the copy goes on. Come back:")),
            row(say("   lvtui attach {case}", case=case)),
        ]
        if self.walk.session.demo:
            lines.append(row(say(" Demo: slowed down by lvtui's own rate limit.")))
        return tuple(lines)

    # Keys

    def copy_runs(self) -> bool:
        """A worker lives."""
        return self.progress is not None and self.progress.state in WORKING

    def carry_out(self, leave: Leave) -> None:
        """Pause or stop before leaving."""
        if leave in {Leave.PAUSE, Leave.STOP}:
            ask(Path(self.job_dir), leave.value)

    @work(thread=True, exclusive=True, group="ask")
    def _ask_thread(self, want: str, rate_bytes_per_s: int | None) -> None:
        try:
            if want == "resume":
                resume_job(Path(self.job_dir), terminal=False)
            else:
                ask(Path(self.job_dir), want, rate_bytes_per_s=rate_bytes_per_s)
            self.post_message(Seen(self.job_dir, progress_of(Path(self.job_dir))))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def action_pause(self) -> None:
        """Pause a running copy, go on with a paused or stopped one."""
        now = self.progress
        done = now is not None and now.state in {CopyState.DONE, CopyState.VERIFYING}
        if now is None or done or not self.writes_allowed():
            return
        self._problem = None
        if now.state in {CopyState.STOPPED, CopyState.FAILED}:
            self.progress = None
            self._ask_thread("resume", now.rate_limit_bytes_per_s)
        elif now.state is CopyState.PAUSED:
            self._ask_thread("resume", now.rate_limit_bytes_per_s)
        else:
            self._ask_thread("pause", now.rate_limit_bytes_per_s)

    def action_slower(self) -> None:
        """Half the rate: running VMs share the disk."""
        now = self.progress
        if now is not None and now.state is CopyState.RUNNING and self.writes_allowed():
            base = now.rate_limit_bytes_per_s or int(now.rate_now_bytes_per_s)
            if not base:
                self.notice(say("The rate is not known yet: once more in a second."))
                return
            rate = max(SLOWEST_BYTES_PER_S, base // 2)
            self._ask_thread("run", rate)
            self.notice(say("Asked for at most {rate:rate}.", rate=rate))

    def action_faster(self) -> None:
        """Take the limit off."""
        now = self.progress
        if now is not None and now.state is CopyState.RUNNING and self.writes_allowed():
            self._ask_thread("run", 0)
            self.notice(say("Asked for full speed."))

    def action_enough(self) -> None:
        """Try bad places no more: the image ends with what is there, the rest named."""
        if self.progress is not None and self.progress.phase in BAD_PLACES:
            self._ask_thread("finish", self.progress.rate_limit_bytes_per_s)
            self.notice(say("Asked to end with what could be read."))

    def action_elsewhere(self) -> None:
        """Choose another place; what was copied stays where it is."""
        if not self.copy_runs() and not self._starting and self.writes_allowed():
            self.dismiss(self.walk.to("copy", job_dirs=()))

    def action_next(self) -> None:
        """To the report, once all is done."""
        if self.all_done:
            self.dismiss(self.walk.to("report"))
        elif self.copy_runs():
            self.notice(say("The copy runs. Enter goes on when it has ended."))

    async def action_back(self) -> None:
        """Back keeps the copy running; it is watched again from the Copy step."""
        self.dismiss(self.walk.to("plan"))

    def action_reread(self) -> None:
        """Look at the job again."""
        self.progress = None
        self._look()

    def safety(self) -> Safety:
        """COPYING while a worker lives."""
        if self.progress is None or self.copy_runs():
            return Safety.COPYING
        return Safety.DONE if self.all_done else Safety.READ_ONLY

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("A full image is proof and backup. All later steps use the image."),
            writes=say("{to} only.", to=self.walk.session.destination or "the destination"),
            dont=say("start the VM from the old SR while this runs."),
            command=say("lvtui status {case}", case=self.walk.session.case_dir or ""),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys that act in the present state."""
        state = self.progress.state if self.progress else CopyState.WAITING
        return keys(*key_pairs(state, self.progress.phase if self.progress else ""))
