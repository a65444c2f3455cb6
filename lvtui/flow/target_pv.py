"""A PV of the damaged group as a plan that writes sees it: its device, its areas read whole."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.flow.reading import SourceFacts
from lvtui.lvm.mda import MetadataArea
from lvtui.lvm.model import PhysicalVolume
from lvtui.plan.plan import identity_text
from lvtui.units import SECTOR_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetArea:
    """A metadata area of the group, read whole."""

    area: MetadataArea
    sha256: str
    text: bytes | None
    """The text in use there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPv:
    """A PV of the group and the device that it is."""

    pv: PhysicalVolume
    source: SourceFacts
    areas: tuple[TargetArea, ...]
    has_gaps: bool
    label_lost: bool = False
    """Whether its label is to be made again."""

    @property
    def identity(self) -> str:
        """Of its device."""
        return identity_text(self.source.identity, any_head=self.label_lost)

    @property
    def data_start_bytes(self) -> int:
        """Where the data begin, by text or label, whichever is more."""
        starts = [self.pv.pe_start_sectors * SECTOR_BYTES]
        label = self.source.label
        if label is not None and label.data_areas:
            starts.append(label.data_areas[0].offset_bytes)
        return max(starts)
