"""From carved copies to the versions of each group in their true order, no text being parsed.

Grouped by VG uuid, one version per text. `history` derives from it and parses, judges and indexes
the texts; a quick list must not pay for that, not even by loading it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Slot
from lvtui.lvm.headless import Rings
from lvtui.lvm.order import missing_between, true_order
from lvtui.lvm.strays import homes
from lvtui.lvm.version import History, Version
from lvtui.message import Message, message

Texts = dict[str, list[MetadataCopy]]
"""The copies of each text, by the sha256 of what is not blank at its end."""


def list_histories(copies: Sequence[MetadataCopy]) -> tuple[History, ...]:
    """Group, de-duplicate and order carved copies by what can be read without parsing.

    The history in use (with a current version) comes first, then by newest creation time.
    """
    return Collector(copies).histories()


class Collector:
    """One call's work; what is done with texts that are parsed stands in a class derived from it."""

    def __init__(self, copies: Sequence[MetadataCopy]) -> None:
        self._groups = _grouped(copies)
        self._telling = {
            (copy.device, copy.area)
            for copy in copies
            if copy.slot is Slot.COMMITTED or copy.never_committed
        }
        """Areas whose header tells what was committed."""
        self._ids: set[str] = set()

    def histories(self) -> tuple[History, ...]:
        """The histories, that in use first."""
        return tuple(sorted(map(self._history, self._groups), key=_rank))

    def version(
        self, vg_uuid: str | None, sha256: str, copies: tuple[MetadataCopy, ...]
    ) -> Version:
        """One version, not yet compared with others."""
        del vg_uuid  # what a text says of its group is found by parsing it
        return self.made(sha256, copies, copies[0].state)

    def judged_alone(self, versions: list[Version]) -> list[Version]:
        """The versions with those suspect that contradict themselves; before they are ordered."""
        return versions

    def judged_together(self, versions: list[Version]) -> list[Version]:
        """The ordered versions with those suspect that contradict their neighbours."""
        return versions

    def completed(self, history: History) -> History:
        """The history with all that is read from several versions."""
        return history

    def made(
        self,
        sha256: str,
        copies: tuple[MetadataCopy, ...],
        state: CopyState,
        reason: Message | None = None,
    ) -> Version:
        """A version without a model."""
        is_torn = state is CopyState.TORN
        return Version(
            id=self._id(copies[0].index.seqno, sha256),
            copies=copies,
            state=state,
            reason=message("part of the text is gone") if is_torn else reason,
            committed=None if is_torn else self._committed(copies),
            current=False,
            crc=_crc(copies),
            vg=None,
            text_sha256=sha256,
        )

    def _history(self, vg_uuid: str | None) -> History:
        texts = self._groups[vg_uuid]
        placed = [_whole_first(copies) for copies in texts.values()]
        made = self.judged_alone(
            [
                self.version(vg_uuid, sha256, copies)
                for sha256, copies in zip(texts, placed, strict=True)
            ]
        )
        for number, version in enumerate(made):
            if version.state is CopyState.SUSPECT:
                placed[number] = _without_time(placed[number])
        ordered, current, warnings = _with_current([made[number] for number in true_order(placed)])
        versions = tuple(self.judged_together(ordered))
        newest = current or next((v for v in reversed(versions) if v.vg_name), None)
        return self.completed(
            History(
                vg_uuid=vg_uuid,
                vg_name=newest.vg_name if newest else None,
                versions=versions,
                current=current,
                missing_seqnos=_missing(versions),
                forks=(),
                warnings=warnings,
            )
        )

    def _id(self, seqno: int | None, sha256: str) -> str:
        head = "torn" if seqno is None else str(seqno)
        digits = 8
        while (found := f"{head}-{sha256[:digits]}") in self._ids and digits < len(sha256):
            digits += 8
        self._ids.add(found)
        return found

    def _committed(self, copies: tuple[MetadataCopy, ...]) -> bool | None:
        if len(copies) == 1:
            copy = copies[0]
            return not copy.never_committed if (copy.device, copy.area) in self._telling else None
        told = [
            copy.never_committed for copy in copies if (copy.device, copy.area) in self._telling
        ]
        return not all(told) if told else None


def _grouped(copies: Sequence[MetadataCopy]) -> dict[str | None, Texts]:
    groups: dict[str | None, Texts] = {}
    headless: list[MetadataCopy] = []
    for copy in copies:
        vg_uuid = copy.index.vg_uuid
        if vg_uuid is None:
            headless.append(copy)
        else:
            groups.setdefault(vg_uuid, {}).setdefault(copy.text_sha256, []).append(copy)
    for stray, home in homes(copies).items():
        groups[home].update(groups.pop(stray))
    rings = Rings(copies) if headless else None
    for copy in headless:
        owner = rings.owner_of(copy) if rings else None
        groups.setdefault(owner, {}).setdefault(copy.text_sha256, []).append(copy)
    return groups


def _whole_first(copies: list[MetadataCopy]) -> tuple[MetadataCopy, ...]:
    if len(copies) == 1:
        return tuple(copies)
    return tuple(sorted(copies, key=lambda copy: copy.state is CopyState.TORN))


def _without_time(copies: tuple[MetadataCopy, ...]) -> tuple[MetadataCopy, ...]:
    """What a text that contradicts itself says of its time and number must not order others."""
    return tuple(
        copy._replace(index=copy.index._replace(creation_time=None, seqno=None)) for copy in copies
    )


def _crc(copies: tuple[MetadataCopy, ...]) -> CrcState:
    if len(copies) == 1:
        return copies[0].crc
    states = {copy.crc for copy in copies}
    return next((s for s in (CrcState.OK, CrcState.BAD) if s in states), CrcState.UNKNOWN)


def _missing(versions: Iterable[Version]) -> tuple[tuple[int, int], ...]:
    """Between versions that follow each other, those without a number left out."""
    found = []
    before: Version | None = None
    number = 0
    for version in versions:
        seqno = version.seqno
        if seqno is None:
            continue
        if before is not None and seqno > number + 1:
            run = missing_between(before, version)
            if run is not None:
                found.append(run)
        before, number = version, seqno
    return tuple(found)


def _with_current(
    versions: list[Version],
) -> tuple[list[Version], Version | None, tuple[Message, ...]]:
    """Mark the text in use: of several committed ones that of the highest seqno, as LVM does."""
    pointed = [
        number
        for number, version in enumerate(versions)
        for copy in version.copies
        if copy.slot is Slot.COMMITTED and copy.crc is CrcState.OK
        # a saved head tells what was in use when it was saved
        if copy.file is None
    ]
    if not pointed:
        return versions, None, ()
    newest = max(pointed, key=lambda number: (versions[number].seqno or 0, number))
    chosen = versions[newest] = versions[newest]._replace(current=True, committed=True)
    warnings = []
    for number in dict.fromkeys(pointed):
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


def _rank(history: History) -> tuple[bool, bool, int]:
    times = [v.creation_time for v in history.versions if v.creation_time is not None]
    return history.current is None, history.vg_uuid is None, -max(times, default=0)
