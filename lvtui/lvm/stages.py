"""What a metadata area says after a write: which of the expected texts it holds, and nothing else.

Exit codes of LVM prove nothing (2.02 answers 0 to what it refused), so a restore is proven by the
bytes of each area: the header points to the expected text, whose checksum is good, and every other
change lies where the ring goes on from the text before.
Where the next text goes: 512-byte units up to 2.02.176 and from 2.02.178, 4096 in 2.02.177, which
also goes back to the ring's start rather than split a text (facts/lvm.md 1.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvtui.errors import FormatError
from lvtui.lvm.label import find_labels, lvm_crc
from lvtui.lvm.mda import (
    MDA_HEADER_BYTES,
    MdaHeader,
    RawLocation,
    parse_mda_header,
    ring_bytes,
)
from lvtui.lvm.model import PhysicalVolume, Section, Statement, VolumeGroup
from lvtui.lvm.text import TextParser
from lvtui.message import Message, message
from lvtui.units import SECTOR_BYTES

_ROUND_BYTES = 4096
_SLACK_BYTES = 8192
"""A text under way may be longer than the merged one: LVM adds its own description and host."""
_HINTS = frozenset({"device", "device_id", "device_id_type", "device_size"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaState:
    """Where an area stands in a row of expected texts."""

    stage: int | None
    """0: the text from before; n: the n-th that was to be restored; None: anything else."""
    clean: bool
    """Whether nothing is half written. An unclean area is still at its stage for LVM."""
    problem: Message | None = None
    """Why it is at no stage."""
    seqno: int | None = None


def committed_text(data: bytes) -> bytes | None:
    """The text that the area's header points to, without its NUL; None: none with a good crc."""
    header = parse_mda_header(data[:MDA_HEADER_BYTES])
    where = header.committed if header is not None and header.crc_ok else None
    if header is None or where is None or where.ignored:
        return None
    raw = ring_bytes(data, header.size_bytes, where.offset_bytes, where.size_bytes)
    if raw is None or lvm_crc(raw) != where.crc:
        return None
    return raw.rstrip(b"\0")


def judge_area(before: bytes, now: bytes, expected: Sequence[VolumeGroup]) -> AreaState:
    """At which stage an area is.

    Args:
        before: the whole area as it was saved.
        now: the whole area as it is.
        expected: what each restore, in order, was given; LVM writes it with seqno + 1.
    """
    if before == now:
        return AreaState(stage=0, clean=True)
    old, new = (parse_mda_header(data[:MDA_HEADER_BYTES]) for data in (before, now))
    if old is None or old.committed is None or len(before) != len(now):
        return _foreign(message("the area had no text in use before"))
    if new is None or not new.crc_ok or new.committed is None:
        return _foreign(message("the header of the metadata area is damaged"))
    if (new.start_bytes, new.size_bytes) != (old.start_bytes, old.size_bytes):
        return _foreign(message("the header names another metadata area"))
    stage, found = _stage(old, new, now, expected)
    seqno = found.seqno if found else None
    problem = None
    clean = new.precommitted is None and not _strays(old, new.committed, before, now)
    if stage is None:
        problem = message(
            "version {seqno} is in use there, which no line of this plan wrote", seqno=seqno or 0
        )
    elif not clean:
        longest = max(map(len, _lengths(before, now, new)), default=0) + _SLACK_BYTES
        if _strays(old, new.committed, before, now, extra_bytes=longest):
            problem = message("bytes outside the new text were changed")
    if problem is not None:
        return _foreign(problem, seqno)
    return AreaState(stage=stage, clean=clean, seqno=seqno)


def judge_head(before: bytes, now: bytes, pv_uuid: str, expected: VolumeGroup) -> AreaState:
    """Where a PV stands whose label is made again: 1 when it is whole, with the restored text.

    Args:
        before: the PV's bytes up to its data, as they were saved.
        now: the same as they are.
        pv_uuid: the label's to be.
        expected: what vgcfgrestore is given behind the label.
    """
    if before == now:
        return AreaState(stage=0, clean=True)
    labels = [label for label in find_labels(now) if label.crc_ok and label.sector_ok]
    if not labels or labels[0].pv_uuid != pv_uuid:
        return AreaState(stage=0, clean=False)
    for area in labels[0].metadata_areas:
        text = committed_text(now[area.offset_bytes : area.end_bytes])
        if text is None:
            return AreaState(stage=0, clean=False)
        try:
            found = TextParser().parse(text)
        except FormatError:
            return _foreign(message("the restored text cannot be read"))
        if not is_restored(found, expected):
            return _foreign(
                message(
                    "version {seqno} is in use there, which no line of this plan wrote",
                    seqno=found.seqno,
                ),
                found.seqno,
            )
    return AreaState(stage=1, clean=True, seqno=expected.seqno + 1)


def _lengths(before: bytes, now: bytes, new: MdaHeader) -> Iterator[bytes]:
    for data in (before, now):
        text = committed_text(data)
        if text is not None:
            yield text
    if new.precommitted is not None:
        yield bytes(min(new.precommitted.size_bytes, len(now)))


def _foreign(problem: Message, seqno: int | None = None) -> AreaState:
    return AreaState(stage=None, clean=False, problem=problem, seqno=seqno)


def _stage(
    old: MdaHeader, new: MdaHeader, now: bytes, expected: Sequence[VolumeGroup]
) -> tuple[int | None, VolumeGroup | None]:
    text = committed_text(now)
    if text is None:
        return None, None
    try:
        found = TextParser().parse(text)
    except FormatError:
        return None, None
    if new.committed == old.committed:
        return 0, found
    for stage, vg in enumerate(expected, 1):
        if is_restored(found, vg):
            return stage, found
    return None, found


def is_restored(found: VolumeGroup, given: VolumeGroup) -> bool:
    """Whether `found` is what vgcfgrestore makes of `given`: the same, with the next seqno."""
    return (
        found.seqno == given.seqno + 1
        and found.name == given.name
        and found.uuid == given.uuid
        and not found.problems
        and _without(found.section, frozenset({"seqno"}))
        == _without(given.section, frozenset({"seqno"}))
        and list(map(_pv_key, found.pvs)) == list(map(_pv_key, given.pvs))
        and {lv.uuid: lv.section for lv in found.lvs} == {lv.uuid: lv.section for lv in given.lvs}
        and len(found.lvs) == len(given.lvs)
    )


def _pv_key(pv: PhysicalVolume) -> tuple[str, Section]:
    """LVM writes the device's name of today beside what it was given."""
    return pv.name, _without(pv.section, _HINTS)


def _without(section: Section, keys: frozenset[str]) -> Section:
    kept = tuple(
        child
        for child in section.children
        if not (isinstance(child, Statement) and child.key in keys)
    )
    return Section(section.name, kept)


def _strays(
    old: MdaHeader, committed: RawLocation, before: bytes, now: bytes, *, extra_bytes: int = 0
) -> bool:
    """Whether a sector differs that neither the header nor the texts since may have changed."""
    assert old.committed is not None
    ring_size = old.size_bytes - MDA_HEADER_BYTES
    first = _end(old.committed, old.size_bytes)
    last = _end(committed, old.size_bytes)
    written = (last - first) % ring_size
    for at in range(MDA_HEADER_BYTES, len(now), SECTOR_BYTES):
        sector = now[at : at + SECTOR_BYTES]
        if before[at : at + SECTOR_BYTES] == sector:
            continue
        distance = (at - first) % ring_size
        if distance < written + extra_bytes:
            continue
        # 2.02.177 fills up with zeros to its next unit.
        if distance < written + _ROUND_BYTES and not any(sector):
            continue
        return True
    return False


def _end(where: RawLocation, size_bytes: int) -> int:
    """The first sector behind a text, round the ring's end."""
    end = where.offset_bytes + where.size_bytes
    if end > size_bytes:
        end = end - size_bytes + MDA_HEADER_BYTES
    return -(-end // SECTOR_BYTES) * SECTOR_BYTES
