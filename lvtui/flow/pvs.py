"""Which source holds which PV: its label says so, or nothing else is left that could.

A source without a label, one left over, is taken for the one PV that no label names, if it has exactly
the size that the text gives that PV. That is a conclusion, not a fact: what rests on it is at best
`likely`, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lvtui.lvm.history import History
from lvtui.lvm.label import PvLabel
from lvtui.lvm.model import PhysicalVolume
from lvtui.units import SECTOR_BYTES
from lvtui.values import dataclass


class Labelled(Protocol):
    """What finding PVs needs to know of a source."""

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        ...

    @property
    def label(self) -> PvLabel | None:
        """The label that was found on it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PvPlaces:
    """Where the PVs are."""

    sources: tuple[tuple[str, int], ...]
    """PV uuid → index of the source that holds it."""
    assumed: frozenset[str] = frozenset()
    """PVs among them that no label names."""

    def source_of(self, pv_uuid: str) -> int | None:
        """Index of the source that holds a PV."""
        return next((index for uuid, index in self.sources if uuid == pv_uuid), None)


def place_pvs(histories: Sequence[History], sources: Sequence[Labelled]) -> PvPlaces:
    """By label; then the one source left over for the one PV left over."""
    by_label: dict[str, int] = {}
    for index, source in enumerate(sources):
        if source.label:
            by_label.setdefault(source.label.pv_uuid, index)
    left = [index for index, source in enumerate(sources) if source.label is None]
    wanted = {
        pv.uuid: pv
        for history in histories
        for pv in _newest_pvs(history)
        if pv.uuid not in by_label
    }
    if len(left) == 1 and len(wanted) == 1:
        (pv,) = wanted.values()
        size_sectors, rest_bytes = divmod(sources[left[0]].size_bytes, SECTOR_BYTES)
        if pv.dev_size_sectors == size_sectors and not rest_bytes:
            return PvPlaces(
                sources=(*by_label.items(), (pv.uuid, left[0])), assumed=frozenset({pv.uuid})
            )
    return PvPlaces(sources=tuple(by_label.items()))


def _newest_pvs(history: History) -> tuple[PhysicalVolume, ...]:
    newest = history.current or next((v for v in reversed(history.versions) if v.usable), None)
    return newest.vg.pvs if newest and newest.vg else ()
