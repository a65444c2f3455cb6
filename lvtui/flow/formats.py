"""Which image a lost volume becomes where nobody chose, and what must come back with it."""

from __future__ import annotations

from lvtui.flow.judging import LostReport
from lvtui.lvm.verdict import VerdictWord

BEST = "best"
"""The wizard's default: `vhd` where chain and checks allow, else `lv`."""

_WHOLE_COPY_WORDS = frozenset(
    {VerdictWord.UNREADABLE, VerdictWord.UNSUPPORTED, VerdictWord.DAMAGED, VerdictWord.NO_PARENT}
)


def format_of(report: LostReport, wanted: str = BEST) -> str:
    """`lv`, `vhd` or `raw` for a volume; of a damaged one every byte that is left is copied."""
    if wanted != BEST:
        return wanted
    allows = report.vhd is not None and report.vhd.can_flatten
    return "vhd" if allows and report.verdict.word not in _WHOLE_COPY_WORDS else "lv"


def lost_parents(report: LostReport, reports: tuple[LostReport, ...]) -> tuple[LostReport, ...]:
    """The volumes of a disk's chain that are lost as well, nearest first."""
    by_uuid = {one.lost.lv.uuid: one for one in reports}
    links = report.vhd.chain if report.vhd is not None else ()
    found = (by_uuid.get(link.lv_uuid) for link in links if link.where == "lost")
    return tuple(one for one in found if one is not None and one.ranges)
