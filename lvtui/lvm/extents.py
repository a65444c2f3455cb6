"""Extents of physical volumes as ranges, and who holds them; never lists of single extents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.lvm.model import LogicalVolume, VolumeGroup


@dataclass(frozen=True, slots=True, order=True)
class PvExtents:
    """A run of extents on one PV that belongs to one LV in one version."""

    pv_uuid: str
    start_extent: int
    extent_count: int
    lv_uuid: str
    lv_name: str
    lv_start_extent: int
    """The logical extent that the run begins with; for a stripe, that of its first stripe unit."""


def placed_extents(vg: VolumeGroup, lv: LogicalVolume) -> tuple[PvExtents, ...]:
    """Where the mapped segments of an LV lie, in LV order, adjacent runs joined."""
    raise NotImplementedError


def occupied_extents(vg: VolumeGroup) -> tuple[PvExtents, ...]:
    """Every run of every LV, any segment type that names a PV included, sorted by PV and place."""
    raise NotImplementedError


def overlaps(
    mine: Iterable[PvExtents], others: Iterable[PvExtents]
) -> tuple[tuple[PvExtents, PvExtents], ...]:
    """Pairs that share extents, each cut to the shared run; a sorted sweep, O(n log n + k)."""
    raise NotImplementedError
