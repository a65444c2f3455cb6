"""The values of who held which extents when, and of what is lost: what only a judge needs.

Apart from `version`, because a list of versions must not load them. Only the types; `timeline`,
`neighbours` and `loss` make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lvtui.lvm.cells import Cells
    from lvtui.lvm.model import LogicalVolume
    from lvtui.lvm.version import History, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One placement of one LV, kept through consecutive known versions."""

    lv: LogicalVolume
    """As the last of these versions has it."""
    first: int
    """Position in `Timeline.known`."""
    last: int
    runs: tuple[HeldRun, ...]

    @property
    def placed(self) -> bool:
        """Whether all of the LV's segments lie on PVs that its text knows."""
        return sum(run.extent_count for run in self.runs) >= self.lv.extent_count


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run on a PV in sectors, so that versions of different extent_size compare."""

    pv_uuid: str
    start_sectors: int
    end_sectors: int
    start_extent: int
    extent_count: int
    lv_start_extent: int


class PvTimeline(NamedTuple):
    """Every run of every placement on one PV, by start; columns, because all of them are searched."""

    starts: tuple[int, ...]
    greatest_ends: tuple[int, ...]
    """The greatest end of the runs up to each."""
    rows: tuple[tuple[int, int, int, int], ...]
    """(start_sectors, end_sectors, last position, index of held)."""
    cells: Cells | None
    """Where there are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Versions that are not known, between two known ones that follow each other."""

    after: int
    """Position of the known version before it; -1 before the first."""
    missing_seqnos: tuple[int, int] | None
    """None when the numbers do not tell: a text that is torn or contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Who held which extents when, over the usable versions of one history; `timeline` makes it."""

    versions: tuple[Version, ...]
    """What it was made from."""
    known: tuple[Version, ...]
    """The usable ones, oldest first: what positions count."""
    uncommitted: tuple[Version, ...]
    """Those that were written and never put in use."""
    seqnos: tuple[int, ...]
    """By position; 0 where a text has none."""
    positions: dict[str, int]
    """Version id → position."""
    gaps: tuple[Gap, ...]
    branches: tuple[tuple[int, int], ...]
    """(first, restored): at position `restored` the history went back to before `first`."""
    held: tuple[Held, ...]
    """By first position."""
    by_uuid: dict[str, tuple[Held, ...]]
    by_pv: dict[str, PvTimeline]
    """By PV uuid."""
    doubly: dict[str, tuple[tuple[str, int, int], ...]]
    """LV uuid → (uuid of an LV that one text puts on the same extents, first, last position)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherGroup:
    """Another group on the same place."""

    history: History
    """Its own `others` are not filled in."""
    pv_uuids: tuple[tuple[str, str], ...]
    """(PV uuid of this group, PV uuid of the other) of PVs that are one and the same place."""
    latest_times: tuple[int, ...]
    """Per known version of the other: the greatest creation_time up to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostVolume:
    """An LV of older versions that the current one does not have (or has smaller)."""

    lv: LogicalVolume
    """As `last_seen` has it (for a shrunk one: as it was at its largest)."""
    history: History
    last_seen: Version
    first_missing: Version | None
    shrunk: bool = False
