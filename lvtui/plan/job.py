"""A copy job as a value: what `job.json` holds. Storable, comparable, no callables.

The worker imports this and must stay light: no pyparsing, no textual.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.plan.facts import CopyResult, DeviceIdentity
from lvtui.source import ByteRange

JOB_SCHEMA = "lvtui.job/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSource:
    """One PV to read from."""

    path: str
    pv_uuid: str | None
    identity: DeviceIdentity
    metadata_areas: tuple[ByteRange, ...]
    """Areas whose header is read again at each checkpoint."""
    base_bytes: int = 0
    """Where the PV begins on the path (a partition inside a whole disk)."""
    committed: tuple[str, ...] = ()
    """Of each area: which text was in use when the copy was planned; empty where that is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPiece:
    """A run of the image and where its bytes come from."""

    out_offset_bytes: int
    length_bytes: int
    source: int | None
    """Index into `JobSpec.sources`; None: nothing to read it from, a gap, filled and named."""
    source_offset_bytes: int
    """Absolute on the source's path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLayer:
    """A volume that an image is made of: the lost disk's own, then its parents', a raw root last."""

    name: str
    size_bytes: int
    pieces: tuple[JobPiece, ...]
    """Of the volume; as `JobSpec.pieces`."""
    lost: tuple[ByteRange, ...] = ()
    """Ranges of it that belong to others now: never read, gaps in what is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """What to copy where."""

    lv_name: str
    lv_uuid: str
    vg_uuid: str | None
    version_id: str
    format: str
    """`lv` (the LV byte for byte), `vhd` or `raw`."""
    size_bytes: int
    sources: tuple[JobSource, ...]
    pieces: tuple[JobPiece, ...]
    """Contiguous and ascending in the image; they cover it. None where it is made of `layers`."""
    to: str
    """Absolute path of the image; it is `<to>.part` until verified."""
    overwritten: tuple[ByteRange, ...] = ()
    """Ranges of the image that another LV owns now: copied as they are, exit 6."""
    at_risk: tuple[ByteRange, ...] = ()
    """Ranges of the image that were given away and freed since."""
    rate_bytes_per_s: int | None = None
    layers: tuple[JobLayer, ...] = ()
    """For `vhd` and `raw`: the disk's volumes, leaf first."""
    partial: bool = False
    """Whether the disk is made although a parent is missing: what that held is a gap."""
    texts: tuple[str, ...] = ()
    """Absolute paths of the files beside the sources whose texts the plan used."""
    currents: tuple[str, ...] = ()
    """text_sha256 of the texts that were in use when the copy was planned."""
    need_bytes: int | None = None
    """What the image takes at most on a file system with holes; None: its size."""


def exit_code(spec: JobSpec, result: CopyResult) -> int:
    """0 clean, 6 finished with damage, 7 what was read back differs (commands.md)."""
    if not result.verified:
        return 7
    damaged = result.unreadable_ranges or result.overwritten or result.at_risk
    return 6 if damaged or spec.overwritten or spec.at_risk else 0
