"""`lvtui --plain`: the steps of the wizard as numbered questions, on the same functions of `flow`.

Enter alone takes the answer in brackets; it never starts a copy: that takes the word `copy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from lvtui.flow.case_hold import CaseHold
from lvtui.flow.case_list import case_lines
from lvtui.flow.cases import save_session
from lvtui.flow.folding import fold
from lvtui.flow.listing import local_time, short_name, state_words
from lvtui.flow.practice import prepare_demo
from lvtui.flow.preflight import preflight
from lvtui.flow.session import Session
from lvtui.flow.steps import STEPS, Step
from lvtui.lvm.history import Version
from lvtui.message import message
from lvtui.plan.check import Word
from lvtui.safe import safe
from lvtui.ui.check_rows import words_of
from lvtui.ui.plain_ask import Asker, Choice, Left
from lvtui.ui.plain_copy import PlainCopy
from lvtui.ui.plain_device import PlainDevice
from lvtui.ui.version_detail import reports_at
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.versions_list import VersionNotes, before_of, lv_change, that_matter
from lvtui.units import human_bytes

VERSIONS_SHOWN = 20


class PlainWalk:
    """The walk, a question at a time."""

    def __init__(self, session: Session, asker: Asker, host: str = "") -> None:
        self.walk = Walk(session=session, host=host)
        self.asker = asker
        self.hold = CaseHold()
        self._copy = PlainCopy(asker)

    def run(self) -> int:
        """From where the session stands to the report; the exit code.

        Raises:
            LvtuiError: what no answer can mend.
        """
        say = self.asker.say
        demo = "  DEMO" if self.walk.session.demo else ""
        say("lvtui, plain. Nothing is written to the damaged disk.{demo}", demo=demo)
        say("Answer with a number and Enter; b goes one step back, q leaves. Everything is kept.")
        try:
            while self._step():
                pass
        except Left:
            say("Left. Nothing was changed on {d}.", d=self.walk.session.source or "any disk")
        finally:
            self.hold.release()
        if self.walk.session.case_dir is not None and self.walk.may_write:
            say("Case kept: {case}", case=self.walk.session.case_dir)
        return self._copy.exit_code

    def _step(self) -> bool:
        """One step; False when the walk has ended."""
        step = self.walk.session.step
        if step not in STEPS:
            self._start()
            return True
        if self.walk.discovery is None:
            step = Step.DEVICE
        self.asker.step(list(STEPS).index(Step(step)) + 1, len(STEPS), step.capitalize())
        steps: dict[str, Callable[[], Walk | None]] = {
            Step.DEVICE: lambda: PlainDevice(self.asker, self.walk).choose(),
            Step.VERSIONS: self._versions,
            Step.VOLUMES: self._volumes,
            Step.CHECKS: self._checks,
            Step.PLAN: self._plan,
            Step.COPY: lambda: self._copy.copy(self.walk),
            Step.REPORT: lambda: self._copy.report(self.walk),
        }
        gone_on = steps[step]()
        if step == Step.REPORT:
            return False
        self.walk = gone_on if gone_on is not None else self.walk.back()
        self._keep()
        return True

    def _keep(self) -> None:
        if not self.walk.may_write:
            return
        refused = self.hold.take(self.walk.session)
        if refused is not None:
            self.asker.say("{why} This walk only looks.", why=str(refused.message))
            self.walk = replace(self.walk, is_viewer=True)
            return
        save_session(self.walk.session)

    # Start

    def _start(self) -> None:
        cases = case_lines()
        choices = [
            Choice(
                words=f"{'Look only' if case.is_locked else 'Continue'} {case.name}, "
                f"{case.session.source or '?'}, at {case.step.capitalize()}",
                names=(case.name,),
            )
            for case in cases
        ]
        choices += [
            Choice(words="New recovery on a disk or an image", names=("new",)),
            Choice(words="Practise with demo data (touches nothing)", names=("demo",)),
        ]
        self.asker.say("Do not reboot, rescan, or create or delete volumes on this storage now.")
        index = self.asker.choose("What do you want to do?", choices, len(cases))
        if index is None:
            raise Left
        read_only = self.walk.session.read_only
        if index < len(cases):
            case = cases[index]
            session = replace(case.session, step=case.step.value)
            self.walk = Walk(
                session=replace(session, read_only=read_only or session.read_only),
                host=self.walk.host,
                is_viewer=case.is_locked,
            )
            return
        session = prepare_demo() if index == len(choices) - 1 else Session(step="device")
        self.walk = Walk(session=replace(session, read_only=read_only), host=self.walk.host)

    # Versions

    def _versions(self) -> Walk | None:
        history, discovery = self.walk.history, self.walk.discovery
        if history is None or discovery is None:
            self.asker.say("No version of LVM metadata was found.")
            return None
        notes = VersionNotes.of(history, discovery.lost)
        matter = that_matter(history, notes)
        shown = [v for v in reversed(history.versions) if v.id in matter][:VERSIONS_SHOWN]
        older = before_of(history)
        choices = [self._version_choice(version, older, notes) for version in shown]
        others = [n for n in range(len(discovery.histories)) if n != self.walk.history_index]
        choices += [
            Choice(words=f"Another group: {discovery.histories[n].vg_name or '?'}") for n in others
        ]
        wanted = self.walk.session.version_id or notes.recommended
        at = next((n for n, version in enumerate(shown) if version.id == wanted), None)
        self.asker.say(
            "{all:count} versions; shown are the {n} newest in which volumes came or went.",
            all=len(history.versions),
            n=len(shown),
        )
        index = self.asker.choose("From which version?", choices, at)
        if index is None:
            return None
        if index >= len(shown):
            return replace(self.walk, history_index=others[index - len(shown)])
        version = shown[index]
        walk = self.walk.to("volumes", version_id=version.id)
        return replace(walk, reports=reports_at(self.walk, version))

    def _version_choice(
        self, version: Version, older: dict[str, Version], notes: VersionNotes
    ) -> Choice:
        before = older.get(version.id)
        words = [f"version {version.seqno}", local_time(version.creation_time)]
        change = lv_change(before.vg if before else None, version.vg).words()
        words += [part for part in (change, notes.of_version(version)) if part]
        why = None if version.usable else str(version.reason or "its text is not whole")
        if why is not None:
            words.append(f"{version.state.value}: {why}")
        return Choice(words=", ".join(words), names=(version.id, f"v{version.seqno}"), why_not=why)

    # Volumes

    def _volumes(self) -> Walk | None:
        shown, _, line = fold(self.walk.reports)
        if not shown:
            self.asker.say("No volume is missing.")
        choices = [
            Choice(
                words=f"{short_name(report.lost.lv.name)}, {human_bytes(report.size_bytes)}, "
                f"{state_words(report)}, last seen {local_time(report.lost.last_seen.creation_time)}",
                names=(report.lost.lv.name, report.lost.lv.uuid),
                why_not=None if report.ranges else str(message("it cannot be mapped")),
            )
            for report in shown
        ]
        if line is not None:
            self.asker.say("{line}", line=str(line))
        indexes = self.asker.choose_several("Which lost volumes do you want back?", choices)
        if indexes is None:
            return None
        uuids = tuple(shown[index].lost.lv.uuid for index in indexes)
        for index in indexes:
            for reason in shown[index].verdict.reasons[:3]:
                self.asker.show(safe(f"- {reason}", limit_chars=400), 2)
        return self.walk.to("checks", lv_uuids=uuids)

    # Checks

    def _checks(self) -> Walk | None:
        discovery = self.walk.discovery
        found = preflight(discovery, self.walk.session.case_dir) if discovery is not None else ()
        for check in found:
            why = f" ({check.reason})" if check.worst is not Word.OK else ""
            self.asker.show(safe(f"{words_of(check)}  {check.fact}{why}", limit_chars=400), 2)
        choice = self.asker.choose("Go on?", (Choice(words="Yes, to the plan"),), 0)
        return None if choice is None else self.walk.to("plan")

    # Plan

    def _plan(self) -> Walk | None:
        say = self.asker.say
        say("Way A: the volumes are read from their old places; LVM is not touched.")
        for report in self.walk.marked:
            say(
                "Read {name}, {size:bytes}, {n:count} pieces. Write an image where the next step says.",
                name=short_name(report.lost.lv.name),
                size=report.size_bytes,
                n=len(report.ranges),
            )
        say("Read each image back, compare SHA-256, give it its final name.")
        say("{source}: 0 bytes will be written to it.", source=self.walk.session.source or "?")
        choice = self.asker.choose("Go on?", (Choice(words="Yes, choose a place"),), 0)
        return None if choice is None else self.walk.to("copy")


def run_plain(session: Session, answers: Iterable[str] | None, host: str) -> int:
    """Walk; the exit code.

    Raises:
        LvtuiError: what no answer can mend.
    """
    return PlainWalk(session, Asker(answers), host).run()
