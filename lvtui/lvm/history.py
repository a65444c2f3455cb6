"""The versions of each volume group in their true order, and what was lost between them.

Versions are keyed by text and VG uuid, never by seqno: seqnos repeat after a vgcfgrestore, two hosts
can write two branches, a VG can be renamed or recreated. Order: the ring's own order from the write
head backwards where a ring tells, then seqno and creation time.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Origin
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.message import Message


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
    def usable(self) -> bool:
        """Whether a plan or a verdict may rest on it."""
        return self.vg is not None and self.state in {CopyState.WHOLE, CopyState.WRAPPED}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LostVolume:
    """An LV of older versions that the current one does not have (or has smaller)."""

    lv: LogicalVolume
    """As `last_seen` has it (for a shrunk one: as it was at its largest)."""
    history: History
    last_seen: Version
    first_missing: Version | None
    shrunk: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions."""

    op: str
    """`added`, `removed` or `changed`."""
    path: str
    """`logical_volumes/<name>` or `logical_volumes/<name>/segment1/extent_count`, …"""
    before: str | None
    after: str | None


def build_histories(copies: tuple[MetadataCopy, ...], *, parse: bool = True) -> tuple[History, ...]:
    """Group, de-duplicate and order carved copies; with `parse`, parse every whole text once.

    The history in use (with a current version) comes first, then by newest creation time.
    """
    raise NotImplementedError


def lost_volumes(history: History) -> tuple[LostVolume, ...]:
    """LVs by uuid that some usable version has and the current does not; newest loss first.

    Without a current version every LV of any text is lost (commands.md). A renamed LV is not lost.
    """
    raise NotImplementedError


def shrunk_volumes(history: History) -> tuple[LostVolume, ...]:
    """LVs that the current version has with fewer or other extents than an older one."""
    raise NotImplementedError


def diff(before: VolumeGroup, after: VolumeGroup) -> tuple[Change, ...]:
    """What changed, matched by uuid; a rename is one `changed` of the name."""
    raise NotImplementedError
