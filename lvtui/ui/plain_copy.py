"""The plain walk's copy and report: where to, the word that starts it, a line each 5 %."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lvtui.errors import LvtuiError
from lvtui.flow.cases import save_report
from lvtui.flow.copy import check_destination, suggest_destinations
from lvtui.flow.destination import Severity
from lvtui.flow.jobs import leave_or_watch, progress_of, resume_job, spec_of
from lvtui.flow.report import make_report
from lvtui.flow.report_forms import report_markdown
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.safe import safe, safe_lines
from lvtui.ui.begin_copy import begin_copy, image_path
from lvtui.ui.place_rows import forbids
from lvtui.ui.plain_ask import Asker, Choice
from lvtui.ui.walk import Walk
from lvtui.units import human_bytes

PERCENT_A_LINE = 5
START_WORD = "copy"
NOT_ENDED = 5
REPORT_LINES_MAX = 2000


class PlainCopy:
    """Copies in turn, watched to their end."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.exit_code = 0

    def copy(self, walk: Walk) -> Walk | None:
        """Choose a place, start, watch; None: one step back.

        Raises:
            LvtuiError: the copy cannot be started.
        """
        if not walk.session.job_dirs:
            started = self._begin(walk)
            if started is None:
                return None
            walk = started
        while True:
            job_dir = Path(walk.session.job_dirs[-1])
            progress = self._watch(job_dir, walk)
            if progress.state is not CopyState.DONE:
                self._say_end(progress, walk)
                return walk.to("report")
            result = progress.result
            if result is not None:
                word = "equal" if result.verified else "NOT EQUAL: do not use this image"
                self.asker.say(
                    "Image written and read back: {word}. SHA-256 {sha}",
                    word=word,
                    sha=result.destination_sha256,
                )
            done = len(walk.session.job_dirs)
            if done >= len(walk.marked) or not walk.may_write:
                return walk.to("report")
            following = begin_copy(walk, done, walk.session.destination or "")
            walk = walk.to("copy", job_dirs=(*walk.session.job_dirs, following))

    def _begin(self, walk: Walk) -> Walk | None:
        discovery = walk.discovery
        if discovery is None or not walk.marked:
            return None
        folder = self._place(walk)
        if folder is None:
            return None
        if not walk.may_write:
            self.asker.say(walk.why_not)
            return None
        if self.asker.line(f"Type {START_WORD} to start, anything else goes back") != START_WORD:
            return None
        job = begin_copy(walk, 0, folder)
        return walk.to("copy", destination=folder, job_dirs=(job,))

    def _place(self, walk: Walk) -> str | None:
        """A folder that was checked."""
        discovery = walk.discovery
        if discovery is None:
            return None
        places = suggest_destinations(discovery, walk.need_bytes)
        named = walk.session.destination
        choices = [
            Choice(
                words=f"{place.path}, {human_bytes(place.free_bytes)} free, {place.filesystem}: "
                f"{place.finding.severity.value}",
                names=(place.path,),
                why_not=str(place.finding.message)
                if place.finding.severity is Severity.STOP
                else None,
            )
            for place in places
        ]
        if named is not None:
            choices.insert(0, Choice(words=named, names=(named,)))
        choices.append(Choice(words="Type a folder", names=("path",)))
        paths = [*([named] if named is not None else []), *(place.path for place in places)]
        while True:
            self.asker.say("The copy needs up to {need:bytes}.", need=walk.need_bytes)
            index = self.asker.choose("Where to?", choices, 0 if named is not None else None)
            if index is None:
                return None
            folder = paths[index] if index < len(paths) else self.asker.line("Folder")
            findings = check_destination(discovery, image_path(walk, 0, folder), walk.need_bytes)
            for finding in findings:
                self.asker.show(
                    safe(f"{finding.severity.value} {finding.message}", limit_chars=400)
                )
            if not forbids(findings):
                return folder

    def _watch(self, job_dir: Path, walk: Walk) -> CopyProgress:
        state = progress_of(job_dir).state
        if state in {CopyState.STOPPED, CopyState.FAILED} and walk.may_write:
            resume_job(job_dir)
        self.asker.say("Copying {name}. Ctrl-C leaves it running.", name=spec_of(job_dir).lv_name)
        return leave_or_watch(job_dir, self._lines())

    def _lines(self) -> Callable[[CopyProgress], bool]:
        shown = ("", -PERCENT_A_LINE)

        def tell(progress: CopyProgress) -> bool:
            nonlocal shown
            percent = progress.done_bytes * 100 // max(progress.size_bytes, 1)
            verb = "Compared" if progress.state is CopyState.VERIFYING else "Copied"
            if verb != shown[0] or percent >= shown[1] + PERCENT_A_LINE:
                shown = (verb, percent - percent % PERCENT_A_LINE)
                self.asker.say(
                    "{verb} {part:percent}, {done:bytes} of {all:bytes}, {rate:rate}, errors {n}",
                    verb=verb,
                    part=(progress.done_bytes, progress.size_bytes),
                    done=progress.done_bytes,
                    all=progress.size_bytes,
                    rate=progress.rate_now_bytes_per_s,
                    n=progress.read_errors,
                )
            return True

        return tell

    def _say_end(self, progress: CopyProgress, walk: Walk) -> None:
        self.exit_code = NOT_ENDED
        why = str(progress.problem) if progress.problem is not None else "it was asked to"
        self.asker.say(
            "The copy stopped: {why}. Its part is kept. Go on with: lvtui resume {case}",
            why=why,
            case=walk.session.case_dir or "CASE",
        )

    def report(self, walk: Walk) -> Walk | None:
        """The report, and where it is kept."""
        session, discovery = walk.session, walk.discovery
        if discovery is None or not session.job_dirs:
            self.asker.say("Nothing was copied: there is no report.")
            return walk
        folders = [Path(job_dir) for job_dir in session.job_dirs]
        jobs = tuple((spec_of(folder), progress_of(folder)) for folder in folders)
        made = make_report(session, discovery, jobs)
        text = report_markdown(made)
        for line in safe_lines(text.encode(), limit_lines=REPORT_LINES_MAX):
            self.asker.show(line)
        if session.case_dir is not None and walk.may_write:
            try:
                paths = save_report(Path(session.case_dir), made)
            except LvtuiError as error:
                self.asker.show(error.message.render())
            else:
                self.asker.say("Saved: {paths}", paths=", ".join(str(path) for path in paths))
        return walk
