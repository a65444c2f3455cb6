"""Which LVs were one VDI's disk, one after another, under its name.

A snapshot gives the VDI a new LV and its old one another name; a leaf-coalesce gives it its parent's.
So the VDI is found by the name, the bytes by the LV uuid; an operator looks for one row, the latest.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.lvm.version import History, Version
from lvtui.rescue.journals import past_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """An LV that bore a VDI's name, and when."""

    lv_uuid: str
    first: Version
    last: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class VdiRow:
    """One VDI and the LVs that were its disk."""

    vdi_uuid: str
    bearings: tuple[Bearing, ...]
    """Oldest first; an LV stands twice if another one bore the name in between."""

    @property
    def lv_uuid(self) -> str:
        """The LV that is the row: the latest of them."""
        return self.bearings[-1].lv_uuid

    @property
    def earlier(self) -> tuple[str, ...]:
        """The other LVs, oldest first."""
        found = dict.fromkeys(bearing.lv_uuid for bearing in self.bearings)
        found.pop(self.lv_uuid)
        return tuple(found)


def vdi_rows(history: History) -> tuple[VdiRow, ...]:
    """Every VDI that any known version names, in the order of its first version."""
    past = past_of(history)
    rows = []
    for vdi, stages in sorted(past.disks.items(), key=lambda item: item[1][0].first):
        runs: list[tuple[str, int, int]] = []
        for stage in stages:
            if runs and runs[-1][0] == stage.lv.uuid:
                runs[-1] = (stage.lv.uuid, runs[-1][1], stage.last)
            else:
                runs.append((stage.lv.uuid, stage.first, stage.last))
        bearings = tuple(
            Bearing(lv_uuid=uuid, first=past.known[first], last=past.known[last])
            for uuid, first, last in runs
        )
        rows.append(VdiRow(vdi_uuid=vdi, bearings=bearings))
    return tuple(rows)
