"""What became of a lost LV's data: who owned each of its extents in every version since.

"Free now" is not "intact": an extent may have been given away and freed again. Unknown is never
intact: a missing version between, or a VG without a current text, makes it at best `likely`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.lvm.history import LostVolume
from lvtui.message import Message


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
    conflicts: tuple[Conflict, ...]
    """Sorted by lv_start_extent; runs of one owner joined."""
    missing_seqnos: tuple[tuple[int, int], ...]
    """Unknown versions between last seen and now."""


def judge(lost: LostVolume) -> Verdict:
    """Judge one lost LV against every later version of its history."""
    raise NotImplementedError
