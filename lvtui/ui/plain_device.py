"""The plain walk's first step: which disk, and what to try where nothing is found on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from lvtui.errors import LvtuiError, NoMetadataError
from lvtui.flow.cases import with_case
from lvtui.flow.deep import DeepProgress
from lvtui.flow.devices import DeviceRow, scan_devices, text_folders
from lvtui.flow.discover import discover
from lvtui.flow.session import Session
from lvtui.flow.spec import parse_spec
from lvtui.flow.steps import Step
from lvtui.message import message
from lvtui.ui.device_rows import spec_of
from lvtui.ui.plain_ask import Asker, Choice
from lvtui.ui.version_detail import reports_at
from lvtui.ui.walk import Walk
from lvtui.units import human_bytes

PERCENT_A_LINE = 5


class PlainDevice:
    """From the disks of the host to one that was read."""

    def __init__(self, asker: Asker, walk: Walk) -> None:
        self.asker, self.walk = asker, walk

    def choose(self) -> Walk | None:
        """Scan, choose, read; None: one step back.

        Raises:
            LvtuiError: what no answer can mend.
        """
        session = self.walk.session
        given = parse_spec(session.source) if session.source else ()
        rows = scan_devices(given)
        while True:
            index = self.asker.choose(
                "Which disk held the lost volume?",
                [*map(_device_choice, rows), Choice(words="Type a path", names=("path",))],
                _only(rows),
            )
            if index is None:
                return replace(self.walk, discovery=None).to("start")
            if index < len(rows):
                walk = self._read(rows, index)
                if walk is not None:
                    return walk
                continue
            path = self.asker.line("Path of a disk or an image")
            rows = (*rows, *scan_devices((path,))) if path else rows

    def _read(self, rows: tuple[DeviceRow, ...], index: int) -> Walk | None:
        """Read a disk; where nothing is found, ask what else to try."""
        session = replace(self.walk.session, source=spec_of(rows, index))
        while True:
            try:
                return self._discovered(session)
            except NoMetadataError as error:
                self.asker.show(error.message.render())
            except LvtuiError as error:
                if self.asker.is_scripted:
                    raise
                self.asker.show(error.message.render())
                return None
            tried = self.asker.choose(
                "What to try next?",
                (
                    Choice(words="Search the whole disk (only reads)", names=("search",)),
                    Choice(words="Use an image, or another disk", names=("image",)),
                    Choice(words="Use /etc/lvm backups: type a path", names=("texts",)),
                ),
                None,
            )
            if tried == 0:
                session = replace(session, deep=True)
            elif tried == 2:
                hint = " or ".join(text_folders()) or "/etc/lvm/archive"
                path = self.asker.line(f"File or folder, for example {hint}")
                session = replace(session, texts=(*session.texts, path), deep=False)
            else:
                return None

    def _discovered(self, session: Session) -> Walk:
        discovery = discover(
            session.source or "",
            deep=self._searched() if session.deep else None,
            whole=session.deep,
            texts=session.texts,
        )
        if self.walk.may_write:
            session = with_case(session, discovery)
        say = self.asker.say
        for warning in discovery.warnings:
            say("Note: {warning}", warning=str(warning))
        count = sum(len(history.versions) for history in discovery.histories)
        say("Read: {n:count} versions, {lost} lost volumes.", n=count, lost=len(discovery.lost))
        walk = replace(self.walk, session=session, discovery=discovery, reports=discovery.lost)
        version = walk.version
        if version is None:
            return walk.to("versions", version_id=None)
        walk = replace(walk, reports=reports_at(walk, version))
        return walk if self.walk.session.step != Step.DEVICE else walk.to("versions")

    def _searched(self) -> Callable[[DeepProgress], bool]:
        shown = -PERCENT_A_LINE

        def tell(far: DeepProgress) -> bool:
            nonlocal shown
            percent = far.done_bytes * 100 // max(far.all_bytes, 1)
            if percent >= shown + PERCENT_A_LINE:
                shown = percent
                left = far.eta_seconds
                self.asker.say(
                    "Searched {part:percent} of {all:bytes}, {rate:rate}, {left}; found {n} texts",
                    part=(far.done_bytes, far.all_bytes),
                    all=far.all_bytes,
                    rate=far.rate_bytes_per_s,
                    left=str(message("{t:duration} left", t=left)) if left is not None else "-",
                    n=far.texts,
                )
            return True

        return tell


def _device_choice(row: DeviceRow) -> Choice:
    words = f"{row.path}, {human_bytes(row.size_bytes)}, {row.disk}, {row.holds}"
    if row.error is None:
        words += f", {row.versions} versions, {row.lost} lost"
    blocked = row.error is not None and not row.is_blank
    return Choice(words=words, names=(row.path,), why_not=str(row.error) if blocked else None)


def _only(rows: Iterable[DeviceRow]) -> int | None:
    """The only disk that can be chosen is the default."""
    usable = [n for n, row in enumerate(rows) if row.error is None or row.is_blank]
    return usable[0] if len(usable) == 1 else None
