"""From logical volume to bytes on physical volumes, and device-mapper's table lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.source import ByteSource, Piece


@dataclass(frozen=True, slots=True, order=True)
class MappedRange:
    """A run of LV bytes and where it lies."""

    lv_offset_bytes: int
    length_bytes: int
    pv_uuid: str
    pv_offset_bytes: int
    """Absolute on the PV: (pe_start + extent * extent_size) * 512, pe_start from the text."""


def map_volume(vg: VolumeGroup, lv: LogicalVolume) -> tuple[MappedRange, ...]:
    """The LV's bytes in LV order; stripes interleaved by stripe_size; adjacent runs joined.

    Raises:
        FormatError: `LV-MAP-01` a segment type that cannot be mapped (its name is in the message),
            `LV-MAP-02` segments that are not contiguous, `LV-MAP-03` a PV that the text lacks.
    """
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """A lost LV as a ByteSource, read through its extents (`lvtui.source.ByteSource`)."""

    ranges: tuple[MappedRange, ...]
    pvs: Mapping[str, ByteSource]
    """PV uuid → the PV's bytes. A PV that is absent, or shorter than a range, reads as a gap."""

    @property
    def size_bytes(self) -> int:
        """Size of the LV."""
        return self.ranges[-1].lv_offset_bytes + self.ranges[-1].length_bytes if self.ranges else 0

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read through the map; gaps are in LV coordinates."""
        raise NotImplementedError


def dm_table(vg: VolumeGroup, lv: LogicalVolume, devices: Mapping[str, str]) -> tuple[str, ...]:
    """`<start> <length> linear <device> <offset>` lines in sectors; `devices` by PV uuid."""
    raise NotImplementedError
