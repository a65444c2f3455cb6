"""The values of a volume group's history: versions, the group's history, what is lost from it.

Versions are keyed by text and VG uuid, never by seqno: seqnos repeat after a vgcfgrestore, two hosts
can write two branches, a VG can be renamed or recreated. Only the types; `history` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Origin
from lvtui.message import Message

if TYPE_CHECKING:  # a list of versions has no model
    from lvtui.lvm.model import LogicalVolume, VolumeGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One distinct text of one VG uuid, with every place that holds it."""

    id: str
    """Unique and stable for the same bytes: `<seqno>-<first 8 of text_sha256>` as a rule."""
    copies: tuple[MetadataCopy, ...]
    """The first one is the first whole one."""
    state: CopyState
    reason: Message | None
    """Why it is torn or suspect."""
    committed: bool | None
    """False: never committed; None: no header tells."""
    current: bool
    """The text in use now, by a header's committed pointer with a good checksum."""
    crc: CrcState
    vg: VolumeGroup | None
    """None when torn, unparsable, or not parsed (`--quick`)."""
    text_sha256: str = ""
    """Hex sha256 of the stripped text; empty in values made by hand."""

    @property
    def seqno(self) -> int | None:
        """From the index scan."""
        return self.copies[0].index.seqno

    @property
    def vg_name(self) -> str | None:
        """From the index scan."""
        return self.copies[0].index.vg_name

    @property
    def vg_uuid(self) -> str | None:
        """From the index scan."""
        return self.copies[0].index.vg_uuid

    @property
    def creation_time(self) -> int | None:
        """From the index scan, seconds since the epoch."""
        return self.copies[0].index.creation_time

    @property
    def origin(self) -> Origin:
        """Of its first copy."""
        return self.copies[0].origin

    @property
    def whole(self) -> bool:
        """Whether all of its text is there."""
        return self.state in {CopyState.WHOLE, CopyState.WRAPPED}

    @property
    def usable(self) -> bool:
        """Whether a plan or a verdict may rest on it."""
        return self.vg is not None and self.whole and self.committed is not False


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
class History:
    """The versions of one VG uuid, oldest first."""

    vg_uuid: str | None
    """None gathers torn texts whose head is gone and that could not be assigned."""
    vg_name: str | None
    """Of the current version, else of the newest."""
    versions: tuple[Version, ...]
    current: Version | None
    missing_seqnos: tuple[tuple[int, int], ...]
    """[first, last] runs between the oldest and the newest, both included."""
    forks: tuple[tuple[Version, Version], ...]
    """Pairs of distinct texts with one seqno that are not explained by a restore."""
    warnings: tuple[Message, ...] = ()
    """What an operator must know about the group as a whole."""
    timeline: Timeline | None = field(default=None, compare=False, repr=False)
    """A cache: read it through `timeline.timeline_of`."""
    others: tuple[OtherGroup, ...] = field(default=(), compare=False, repr=False)
    """Groups that have or had the same disk: an earlier or a later owner."""


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
