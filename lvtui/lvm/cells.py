"""Runs by place and time: which of thousands reach into a range and last until a position.

Where few extents are given out again and again, all of a history's runs lie on one place: what is
sorted by place alone would be looked through anew for each lost LV.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

Row = tuple[int, int, int, int]
"""(start_sectors, end_sectors, last position, index of held)."""

_ROWS_MIN = 256
"""Fewer are looked through as fast."""
_CELLS_MAX = 64
"""Of one range; a longer one holds so much that all rows may as well be looked through."""


class Cells:
    """The rows of one PV by cells of equal size, in each by last position."""

    def __init__(self, rows: Sequence[Row]) -> None:
        covered = sum(end - start for start, end, _, _ in rows)
        # Rows lie in four cells each at most, on average.
        self._shift = (covered // (2 * len(rows))).bit_length()
        found: dict[int, list[tuple[int, int]]] = {}
        for number, (start, end, last, _) in enumerate(rows):
            for cell in range(start >> self._shift, (max(start, end - 1) >> self._shift) + 1):
                found.setdefault(cell, []).append((last, number))
        self._cells: dict[int, tuple[list[int], list[int]]] = {}
        for cell, members in found.items():
            members.sort()
            self._cells[cell] = [last for last, _ in members], [number for _, number in members]

    def numbers(self, start: int, end: int, since: int) -> list[int] | None:
        """Numbers of the rows near a range that last until `since`, descending; None: ask all."""
        first, behind = start >> self._shift, ((end - 1) >> self._shift) + 1
        if behind - first > _CELLS_MAX:
            return None
        near: set[int] = set()
        for cell in range(first, behind):
            if cell in self._cells:
                lasts, numbers = self._cells[cell]
                near.update(numbers[bisect_left(lasts, since) :])
        return sorted(near, reverse=True)


def cells_of(rows: Sequence[Row]) -> Cells | None:
    """The cells of many rows."""
    return Cells(rows) if len(rows) >= _ROWS_MIN else None
