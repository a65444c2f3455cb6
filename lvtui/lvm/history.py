"""From carved copies to histories: grouped by VG uuid, one version per text, in their true order.

Versions are keyed by text and VG uuid, never by seqno: seqnos repeat after a vgcfgrestore, two hosts
can write two branches, a VG can be renamed or recreated. The types stand in `version`, the order in
`order`, what was lost in `loss`, differences in `diff`; all of them are had from here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from itertools import pairwise

from lvtui.errors import FormatError
from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Slot
from lvtui.lvm.contradict import Contradictions
from lvtui.lvm.diff import Change, diff
from lvtui.lvm.forks import find_forks
from lvtui.lvm.headless import Rings
from lvtui.lvm.loss import TrimHelper, find_trim_helper, lost_volumes, shrunk_volumes
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.neighbours import with_others
from lvtui.lvm.order import missing_between, true_order
from lvtui.lvm.strays import homes
from lvtui.lvm.suspect import SelfCheck, damaged, is_trusted
from lvtui.lvm.text import TextParser
from lvtui.lvm.timeline import make_timeline
from lvtui.lvm.version import History, LostVolume, Version
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


def build_histories(
    copies: tuple[MetadataCopy, ...], *, parse: bool = True, parser: TextParser | None = None
) -> tuple[History, ...]:
    """Group, de-duplicate and order carved copies; with `parse`, parse every whole text once.

    The history in use (with a current version) comes first, then by newest creation time.
    """
    groups: dict[str | None, dict[bytes, list[MetadataCopy]]] = {}
    headless: list[MetadataCopy] = []
    for copy in copies:
        if copy.index.vg_uuid is None:
            headless.append(copy)
        else:
            texts = groups.setdefault(copy.index.vg_uuid, {})
            texts.setdefault(copy.stripped, []).append(copy)
    for stray, home in homes(copies).items():
        groups[home].update(groups.pop(stray))
    rings = Rings(copies) if headless else None
    for copy in headless:
        owner = rings.owner_of(copy) if rings else None
        groups.setdefault(owner, {}).setdefault(copy.stripped, []).append(copy)
    telling = {
        (copy.device, copy.area)
        for copy in copies
        if copy.slot is Slot.COMMITTED or copy.never_committed
    }
    maker = _Maker(telling, (parser or TextParser()) if parse else None)
    histories = [maker.history(uuid, texts) for uuid, texts in groups.items()]
    histories.sort(key=_rank)
    return with_others(tuple(histories))


@dataclass(slots=True)
class _Maker:
    """What all versions of one call share."""

    telling: set[tuple[int, int | None]]
    """Areas whose header tells what was committed."""
    parser: TextParser | None
    checks: SelfCheck = field(default_factory=SelfCheck)
    ids: set[str] | None = None

    def history(self, vg_uuid: str | None, texts: dict[bytes, list[MetadataCopy]]) -> History:
        placed = [_whole_first(copies) for copies in texts.values()]
        stripped = list(texts)
        made = [
            self._version(vg_uuid, text, found)
            for text, found in zip(stripped, placed, strict=True)
        ]
        made = self._without_damaged(made)
        for number, version in enumerate(made):
            if version.state is CopyState.SUSPECT:
                placed[number] = _without_time(placed[number])
        versions, current, warnings = _with_current([made[number] for number in true_order(placed)])
        final = _without_lies(versions)
        newest = current or next((v for v in reversed(final) if v.vg_name), None)
        wholes = [version for version in final if version.seqno is not None]
        forks = find_forks(final)
        return History(
            vg_uuid=vg_uuid,
            vg_name=newest.vg_name if newest else None,
            versions=final,
            current=current,
            missing_seqnos=tuple(
                run for one, two in pairwise(wholes) if (run := missing_between(one, two))
            ),
            forks=forks,
            warnings=warnings + tuple(_fork_warning(*fork) for fork in forks),
            timeline=make_timeline(final),
        )

    def _version(
        self, vg_uuid: str | None, stripped: bytes, copies: tuple[MetadataCopy, ...]
    ) -> Version:
        first = copies[0]
        sha256 = hashlib.sha256(stripped).hexdigest()
        state, reason, vg = first.state, None, None
        if state is CopyState.TORN:
            reason = message("part of the text is gone")
        elif self.parser is not None:
            vg, reason = _parsed(self.parser, first)
            if vg is not None and vg.uuid != vg_uuid:
                reason = message(
                    "its VG id {own} is {usual} in the texts around it",
                    own=vg.uuid,
                    usual=vg_uuid or "unknown",
                )
            if reason is not None:
                state = CopyState.SUSPECT
        return Version(
            id=self._id(first, sha256),
            copies=copies,
            state=state,
            reason=reason,
            committed=self._committed(copies) if state is not CopyState.TORN else None,
            current=False,
            crc=_crc(copies),
            vg=vg,
            text_sha256=sha256,
        )

    def _without_damaged(self, versions: list[Version]) -> list[Version]:
        """Texts that contradict themselves are suspect."""
        looked_at = [
            (number, version.vg)
            for number, version in enumerate(versions)
            if version.vg is not None and version.whole
        ]
        texts = [
            (vg, self.checks.faults(copies[0], vg), is_trusted(copies))
            for number, vg in looked_at
            for copies in (versions[number].copies,)
        ]
        for place, reason in damaged(texts).items():
            number = looked_at[place][0]
            versions[number] = replace(versions[number], state=CopyState.SUSPECT, reason=reason)
        return versions

    def _id(self, copy: MetadataCopy, sha256: str) -> str:
        if self.ids is None:
            self.ids = set()
        head = "torn" if copy.index.seqno is None else str(copy.index.seqno)
        digits = 8
        while (found := f"{head}-{sha256[:digits]}") in self.ids and digits < len(sha256):
            digits += 8
        self.ids.add(found)
        return found

    def _committed(self, copies: tuple[MetadataCopy, ...]) -> bool | None:
        told = [copy.never_committed for copy in copies if (copy.device, copy.area) in self.telling]
        return not all(told) if told else None


def _whole_first(copies: list[MetadataCopy]) -> tuple[MetadataCopy, ...]:
    if len(copies) == 1:
        return tuple(copies)
    return tuple(sorted(copies, key=lambda copy: copy.state is CopyState.TORN))


def _without_time(copies: tuple[MetadataCopy, ...]) -> tuple[MetadataCopy, ...]:
    """What a text that contradicts itself says of its time and number must not order others."""
    return tuple(
        replace(copy, index=replace(copy.index, creation_time=None, seqno=None)) for copy in copies
    )


def _without_lies(versions: list[Version]) -> tuple[Version, ...]:
    """Texts that contradict their neighbours are suspect."""
    trusted = [is_trusted(version.copies) for version in versions]
    found = Contradictions(versions, trusted).find()
    return tuple(
        replace(version, state=CopyState.SUSPECT, reason=found[number])
        if number in found
        else version
        for number, version in enumerate(versions)
    )


def _crc(copies: tuple[MetadataCopy, ...]) -> CrcState:
    states = {copy.crc for copy in copies}
    return next((s for s in (CrcState.OK, CrcState.BAD) if s in states), CrcState.UNKNOWN)


def _parsed(parser: TextParser, copy: MetadataCopy) -> tuple[VolumeGroup | None, Message | None]:
    try:
        vg = parser.parse(copy.text)
    except FormatError as error:
        return None, error.message
    if vg.uuid != copy.index.vg_uuid or vg.seqno != copy.index.seqno:
        return None, message("its head says something else than its sections")
    return vg, None


def _with_current(
    versions: list[Version],
) -> tuple[list[Version], Version | None, tuple[Message, ...]]:
    """Mark the text in use: of several committed ones that of the highest seqno, as LVM does."""
    pointed = [
        number
        for number, version in enumerate(versions)
        if any(copy.slot is Slot.COMMITTED and copy.crc is CrcState.OK for copy in version.copies)
    ]
    if not pointed:
        return versions, None, ()
    newest = max(pointed, key=lambda number: (versions[number].seqno or 0, number))
    chosen = versions[newest] = replace(versions[newest], current=True, committed=True)
    warnings = []
    for number in pointed:
        other = versions[number]
        if number == newest:
            continue
        if other.seqno == chosen.seqno:
            text = "devices {here} and {there} hold different texts of version {seqno} as current"
        else:
            text = "device {there} stops at version {old}; device {here} goes on to {seqno}"
        values = {"here": chosen.copies[0].device, "there": other.copies[0].device}
        old = {} if other.seqno == chosen.seqno else {"old": other.seqno or 0}
        warnings.append(message(text, seqno=chosen.seqno or 0, **values, **old))
    if chosen.state is CopyState.SUSPECT:
        warnings.append(message("the text in use cannot be read as LVM metadata"))
        return versions, None, tuple(warnings)
    return versions, chosen, tuple(warnings)


def _fork_warning(one: Version, other: Version) -> Message:
    return message(
        "two different texts of version {seqno}: two hosts may have written this group; look at "
        "every host before anything is restored",
        seqno=one.seqno or other.seqno or 0,
    )


def _rank(history: History) -> tuple[bool, bool, int]:
    times = (v.creation_time for v in history.versions if v.creation_time is not None)
    return history.current is None, history.vg_uuid is None, -max(times, default=0)
