"""What became of a lost LV's data: who owned each of its extents in every version since.

"Free now" is not "intact": an extent may have been given away and freed again. Unknown is never
intact: a missing version between, or a VG without a current text, makes it at best `likely`.
"Since" is every version in which the LV was not there to protect its data: those after it was last
seen, those from which a restore brought it back, and a branch that a restore or a second host left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lvtui.lvm.doubts import doubts, relevant_gaps, replaced_pvs, risks, unmapped
from lvtui.lvm.extents import total, union, without
from lvtui.lvm.held import Gap, LostVolume, Timeline
from lvtui.lvm.loss import TRIM_SUFFIX, find_trim_helper
from lvtui.lvm.neighbours import foreign_shares, metadata_over
from lvtui.lvm.owners import Share, own_runs, reference_position, shares, unprotected
from lvtui.lvm.timeline import timeline_of
from lvtui.message import Message, message

__all__ = ["Conflict", "Verdict", "VerdictWord", "find_trim_helper", "judge"]

_OWNED_NOW = "{size:bytes} of it belong to {owner} now"
_OWNED_ONCE = "{size:bytes} of it belonged to {owner} for a time and were freed again"
_FOREIGN_NOW = "{size:bytes} of it belong to {owner} of another group on this disk now"
_FOREIGN_ONCE = "{size:bytes} of it belonged to {owner} of another group on this disk for a time"
_OWNERS_NAMED = 8
"""More owners than these are counted, not named, in the reasons; the conflicts list them all."""


class VerdictWord(StrEnum):
    """Worst first; the wizard's words are these in capitals."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    NO_PARENT = "no-parent"
    AT_RISK = "at-risk"
    LIKELY = "likely"
    INTACT = "intact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A run of the lost LV's extents that another LV held since."""

    lv_start_extent: int
    """For an LV of several stripes: where the stripe's segment begins, plus the run's offset."""
    extent_count: int
    owner: str
    """Name of the other LV."""
    owner_uuid: str
    since_seqno: int
    now: bool
    """Whether the current version still gives it away: overwritten; else at risk."""
    pv_uuid: str
    pv_start_extent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict and everything it rests on."""

    word: VerdictWord
    reasons: tuple[Message, ...]
    """All that applies, worst first."""
    extent_bytes: int
    overwritten_bytes: int
    at_risk_bytes: int
    shares: tuple[Share, ...] = ()
    """What others held of it since, by place."""
    missing_seqnos: tuple[tuple[int, int], ...] = ()
    """Unknown versions between last seen and now."""

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Sorted by lv_start_extent; runs of one owner joined. Made anew each time: few ask."""
        return _conflicts(self.shares)


def judge(lost: LostVolume) -> Verdict:
    """Judge one lost LV against every later version of its history."""
    timeline = timeline_of(lost.history)
    vg = lost.last_seen.vg
    extent_bytes = 0 if vg is None else vg.extent_bytes
    since = unprotected(timeline, lost)
    gaps = relevant_gaps(timeline, lost, since)
    refused = unmapped(lost)
    aliases = replaced_pvs(timeline, lost)
    own = shares(timeline, lost, since, aliases, now=reference_position(timeline, lost))
    foreign = tuple(share for other in lost.history.others for share in foreign_shares(lost, other))
    taken = own + foreign
    own_now, own_once = _by_now(own)
    foreign_now, foreign_once = _by_now(foreign)
    overwritten = union(share.place for share in own_now + foreign_now)
    at_risk = without(union([share.place for share in own_once + foreign_once]), overwritten)
    found: dict[VerdictWord, list[Message]] = {
        VerdictWord.UNSUPPORTED: [] if refused is None else [refused],
        VerdictWord.DAMAGED: [
            *_owners(own_now, extent_bytes, _OWNED_NOW),
            *_owners(foreign_now, extent_bytes, _FOREIGN_NOW),
        ],
        VerdictWord.AT_RISK: [
            *_discarded(taken, extent_bytes),
            *_owners(own_once, extent_bytes, _OWNED_ONCE),
            *_owners(foreign_once, extent_bytes, _FOREIGN_ONCE),
            *metadata_over(lost),
            *risks(timeline, lost),
        ],
        VerdictWord.LIKELY: list(doubts(timeline, lost, gaps, aliases)),
        VerdictWord.INTACT: [
            message("every version since is known, and none gave any of its extents away")
        ],
    }
    word = next(word for word, reasons in found.items() if reasons)
    found[VerdictWord.INTACT] = found[VerdictWord.INTACT] if word is VerdictWord.INTACT else []
    return Verdict(
        word=word,
        reasons=(
            *(reason for reasons in found.values() for reason in reasons),
            *_never_committed(timeline, lost),
        ),
        extent_bytes=extent_bytes,
        overwritten_bytes=total(overwritten) * extent_bytes,
        at_risk_bytes=total(at_risk) * extent_bytes,
        shares=taken,
        missing_seqnos=_missing(gaps),
    )


def _conflicts(taken: tuple[Share, ...]) -> tuple[Conflict, ...]:
    conflicts = [
        Conflict(
            lv_start_extent=share.run.lv_start_extent + share.offset_extents,
            extent_count=share.extent_count,
            owner=share.owner.name,
            owner_uuid=share.owner.uuid,
            since_seqno=share.since_seqno,
            now=share.now,
            pv_uuid=share.run.pv_uuid,
            pv_start_extent=share.run.start_extent + share.offset_extents,
        )
        for share in taken
    ]
    return tuple(sorted(conflicts, key=lambda one: (one.lv_start_extent, one.since_seqno)))


def _missing(gaps: tuple[Gap, ...]) -> tuple[tuple[int, int], ...]:
    return tuple(gap.missing_seqnos for gap in gaps if gap.missing_seqnos is not None)


def _by_now(taken: tuple[Share, ...]) -> tuple[list[Share], list[Share]]:
    """Those that are held now, and the others."""
    now = [share for share in taken if share.now]
    return now, [share for share in taken if not share.now] if now else list(taken)


def _owners(taken: list[Share], extent_bytes: int, text: str) -> list[Message]:
    extents: dict[str, int] = {}
    names: dict[str, str] = {}
    for share in taken:
        owner = share.owner
        uuid = owner.uuid
        names[uuid] = owner.name
        extents[uuid] = extents.get(uuid, 0) + share.extent_count
    reasons = [
        message(text, size=count * extent_bytes, owner=names[uuid])
        for uuid, count in list(extents.items())[:_OWNERS_NAMED]
    ]
    if len(extents) > _OWNERS_NAMED:
        more = len(extents) - _OWNERS_NAMED
        reasons.append(message("and {more:count} more volumes likewise", more=more))
    return reasons


def _discarded(taken: Iterable[Share], extent_bytes: int) -> list[Message]:
    covered = union(share.place for share in taken if share.owner.name.endswith(TRIM_SUFFIX))
    if not covered:
        return []
    return [
        message(
            "freed space was discarded by XenServer after the loss; {size:bytes} of it lay in that "
            "space and read as zeros on most storage",
            size=total(covered) * extent_bytes,
        )
    ]


def _never_committed(timeline: Timeline, lost: LostVolume) -> list[Message]:
    """A text that was never in use changed nothing; that it exists is said, no more."""
    last_seen = lost.last_seen.seqno or 0
    late = [version for version in timeline.uncommitted if (version.seqno or 0) > last_seen]
    if not late or not own_runs(lost):
        return []
    text = "version {seqno} was written but never put in use; it is not counted"
    return [message(text, seqno=late[-1].seqno or 0)]
