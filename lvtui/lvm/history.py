"""From carved copies to histories: parsed, judged, and indexed by who held what when.

Versions are keyed by text and VG uuid, never by seqno: seqnos repeat after a vgcfgrestore, two hosts
can write two branches, a VG can be renamed or recreated. The types stand in `version`, the grouping
in `collect`, the order in `order`, what was lost in `loss`, differences in `diff`; all of them are
had from here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lvtui.errors import Cancelled, FormatError
from lvtui.lvm.carve import CopyState, MetadataCopy
from lvtui.lvm.collect import Collector, list_histories
from lvtui.lvm.contradict import Contradictions
from lvtui.lvm.diff import Change, diff
from lvtui.lvm.forks import find_forks
from lvtui.lvm.held import LostVolume
from lvtui.lvm.loss import TrimHelper, find_trim_helper, lost_volumes, shrunk_volumes
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.neighbours import with_others
from lvtui.lvm.repeats import repeats
from lvtui.lvm.suspect import SelfCheck, damaged, is_trusted
from lvtui.lvm.text import TextParser
from lvtui.lvm.timeline import make_timeline
from lvtui.lvm.version import History, Version
from lvtui.message import Message, message

__all__ = [
    "Change",
    "History",
    "LostVolume",
    "TrimHelper",
    "Version",
    "build_histories",
    "diff",
    "find_trim_helper",
    "lost_volumes",
    "shrunk_volumes",
]

TextProgress = Callable[[int, int, int], bool]
"""(bytes of text parsed, of all texts, versions so far) → whether to go on."""


def build_histories(
    copies: Sequence[MetadataCopy],
    *,
    parse: bool = True,
    parser: TextParser | None = None,
    progress: TextProgress | None = None,
) -> tuple[History, ...]:
    """Group, de-duplicate and order carved copies; with `parse`, parse every whole text once.

    The history in use (with a current version) comes first, then by newest creation time.

    Raises:
        Cancelled: `progress` returned False.
    """
    if not parse:
        return list_histories(copies)
    parser = parser or TextParser()
    judge = _Judge(copies, parser, progress)
    parser.watch(judge.tick)
    try:
        return with_others(judge.histories())
    finally:
        parser.watch(None)


class _Judge(Collector):
    """Parses what is collected, and compares each text with itself and with its neighbours."""

    def __init__(
        self, copies: Sequence[MetadataCopy], parser: TextParser, progress: TextProgress | None
    ) -> None:
        super().__init__(copies)
        self._parser = parser
        self._progress = progress
        self._done_bytes = self._versions = 0
        self._all_bytes = sum(copy.length_bytes for copy in copies)
        self._checks = SelfCheck()

    def version(
        self, vg_uuid: str | None, sha256: str, copies: tuple[MetadataCopy, ...]
    ) -> Version:
        first = copies[0]
        self.tick()
        self._versions += 1
        self._done_bytes += sum(copy.length_bytes for copy in copies)
        if first.state is CopyState.TORN:
            return self.made(sha256, copies, first.state)
        vg, reason = _parsed(self._parser, first)
        if vg is not None and vg.uuid != vg_uuid:
            reason = message(
                "its VG id {own} is {usual} in the texts around it",
                own=vg.uuid,
                usual=vg_uuid or "unknown",
            )
        state = first.state if reason is None else CopyState.SUSPECT
        return self.made(sha256, copies, state, reason)._replace(vg=vg)

    def tick(self) -> None:
        """Tell how far it is.

        Raises:
            Cancelled: it shall stop.
        """
        progress = self._progress
        if progress and not progress(self._done_bytes, self._all_bytes, self._versions):
            raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")

    def judged_alone(self, versions: list[Version]) -> list[Version]:
        looked_at = [
            (number, version.vg)
            for number, version in enumerate(versions)
            if version.vg is not None and version.whole
        ]
        texts = [
            (vg, self._checks.faults(copies[0], vg), is_trusted(copies))
            for number, vg in looked_at
            for copies in (versions[number].copies,)
        ]
        for place, reason in damaged(texts).items():
            number = looked_at[place][0]
            versions[number] = versions[number]._replace(state=CopyState.SUSPECT, reason=reason)
        return versions

    def judged_together(self, versions: list[Version]) -> list[Version]:
        again = repeats(versions)
        asked = [version for version in versions if version.id not in again]
        trusted = [is_trusted(version.copies) for version in asked]
        found = {
            asked[number].id: reason
            for number, reason in Contradictions(asked, trusted).find().items()
        }
        return [
            version._replace(state=CopyState.SUSPECT, reason=found[version.id])
            if version.id in found
            else version
            for version in versions
        ]

    def completed(self, history: History) -> History:
        forks = find_forks(history.versions)
        return replace(
            history,
            forks=forks,
            warnings=history.warnings + tuple(_fork_warning(*fork) for fork in forks),
            timeline=make_timeline(history.versions),
        )


def _parsed(parser: TextParser, copy: MetadataCopy) -> tuple[VolumeGroup | None, Message | None]:
    try:
        vg = parser.parse(copy.text, pasted=copy.file is not None)
    except FormatError as error:
        return None, error.message
    if vg.uuid != copy.index.vg_uuid or vg.seqno != copy.index.seqno:
        return None, message("its head says something else than its sections")
    return vg, None


def _fork_warning(one: Version, other: Version) -> Message:
    return message(
        "two different texts of version {seqno}: two hosts may have written this group; look at "
        "every host before anything is restored",
        seqno=one.seqno or other.seqno or 0,
    )
