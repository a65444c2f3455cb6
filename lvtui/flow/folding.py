"""What a list of lost volumes keeps in its last line: what is not lost, only gone.

A volume that the collector merged into one that is here has its data there; a journal never held any.
One whose target is gone as well stays among the lost: its own extents may be all that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lvtui.message import Message, message

if TYPE_CHECKING:  # a list of versions does without the judges
    from lvtui.flow.judging import LostReport


def fold(
    reports: Sequence[LostReport],
) -> tuple[tuple[LostReport, ...], tuple[LostReport, ...], Message | None]:
    """What is shown, what one line stands for, and that line; None where there is nothing to fold."""
    shown = tuple(report for report in reports if not _is_folded(report))
    folded = tuple(report for report in reports if _is_folded(report))
    merged = sum(report.is_merged for report in folded)
    return shown, folded, _line(merged, len(folded) - merged)


def _is_folded(report: LostReport) -> bool:
    lives_on = report.fate is not None and report.fate.content_in is not None
    return report.is_temporary or lives_on


def _line(merged: int, temporary: int) -> Message | None:
    if merged and temporary:
        return message(
            "{all:count} more: {merged:count} merged into disks that are here, "
            "{journals:count} journals and the like",
            all=merged + temporary,
            merged=merged,
            journals=temporary,
        )
    if merged:
        return message("{merged:count} more, merged into disks that are here", merged=merged)
    if temporary:
        return message("{journals:count} more: journals and the like", journals=temporary)
    return None
