"""A volume group as LVM's text describes it, as frozen values.

Objects are interned by their text: the same bytes of an LV in two versions are the same
`LogicalVolume` object, so that comparing versions by identity first is correct and fast.
`section` keeps every statement, known or not, in order: unknown keys survive a round trip.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.message import Message

Scalar = int | float | str


class Word(str):
    """A string that stood without quotes."""

    __slots__ = ()


Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """`key = value`."""

    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class Section:
    """`name { statements, sections }`; `children` keeps both in the order of the text."""

    name: str
    children: tuple[Statement | Section, ...]

    def get(self, key: str) -> Value | None:
        """The value of `key`; the last one wins, as in LVM."""
        found: Value | None = None
        for child in self.children:
            if isinstance(child, Statement) and child.key == key:
                found = child.value
        return found

    def sections(self) -> tuple[Section, ...]:
        """The nested sections, in order."""
        return tuple(child for child in self.children if isinstance(child, Section))


@dataclass(frozen=True, slots=True)
class StripeArea:
    """One stripe of a segment: extents of a PV, by its local name in this text."""

    pv_name: str
    """`pv0`, `pv1`: positional, not stable between versions; map by id through the VG."""
    start_extent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A run of logical extents."""

    start_extent: int
    extent_count: int
    type: str
    """As written: `striped`, `mirror`, `thin`, …; may carry `+FLAG`."""
    stripe_size_sectors: int | None
    stripes: tuple[StripeArea, ...]
    """Empty for every type but `striped`."""
    section: Section
    problems: tuple[Message, ...] = ()
    """Contradictions seen in this segment alone."""

    @property
    def is_mapped(self) -> bool:
        """Whether lvtui can map it to PV bytes: linear or striped."""
        return bool(self.stripes)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalVolume:
    """A logical volume."""

    name: str
    uuid: str
    """Dashed; an LV is identified by it, never by its name. Empty where the text has none."""
    status: tuple[str, ...]
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    creation_time: int | None
    creation_host: str | None
    segments: tuple[Segment, ...]
    section: Section
    problems: tuple[Message, ...] = ()
    """Contradictions seen in this LV alone, its segments' among them."""

    @property
    def extent_count(self) -> int:
        """Size in extents of its VG."""
        return sum(segment.extent_count for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalVolume:
    """A physical volume as the text knows it."""

    name: str
    """`pv0`: local to the text."""
    uuid: str
    device_hint: str | None
    status: tuple[str, ...]
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    dev_size_sectors: int | None
    pe_start_sectors: int
    pe_count: int
    section: Section
    problems: tuple[Message, ...] = ()
    """Contradictions seen in this PV alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeGroup:
    """One version of a volume group's metadata."""

    name: str
    uuid: str
    seqno: int
    extent_size_sectors: int
    status: tuple[str, ...]
    flags: tuple[str, ...]
    tags: tuple[str, ...]
    system_id: str | None
    pvs: tuple[PhysicalVolume, ...]
    lvs: tuple[LogicalVolume, ...]
    creation_time: int | None
    creation_host: str | None
    description: str | None
    section: Section
    """The VG's own statements and other blocks, without physical_volumes and logical_volumes."""
    trailer: tuple[Statement, ...]
    """contents, version, description, creation_host, creation_time, in order; empty when pasted."""
    generated_by: str | None = None
    """`LVM2 version 2.03.16(2) (2022-05-18): Wed Nov 25 …`, from the comment before the trailer."""
    host_comment: str | None = None
    """Behind creation_host: kernel and architecture of the host that wrote the text."""
    time_comment: str | None = None
    """Behind creation_time: the same moment by that host's zone."""
    problems: tuple[Message, ...] = ()
    """Contradictions of the text with itself, those of its PVs and LVs among them."""

    def pv(self, name: str) -> PhysicalVolume | None:
        """The PV of a local name."""
        return next((pv for pv in self.pvs if pv.name == name), None)

    def lv(self, uuid: str) -> LogicalVolume | None:
        """The LV of a uuid."""
        return next((lv for lv in self.lvs if lv.uuid == uuid), None)

    @property
    def extent_bytes(self) -> int:
        """Size of an extent in bytes."""
        return self.extent_size_sectors * 512
