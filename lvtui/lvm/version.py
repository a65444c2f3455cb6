"""The values of a volume group's history: its versions, and what is missing between them.

Versions are keyed by text and VG uuid, never by seqno: seqnos repeat after a vgcfgrestore, two hosts
can write two branches, a VG can be renamed or recreated. Only the types; `history` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Origin
from lvtui.message import Message

if TYPE_CHECKING:  # a list of versions has no model
    from lvtui.lvm.held import OtherGroup, Timeline
    from lvtui.lvm.model import VolumeGroup


class Version(NamedTuple):
    """One distinct text of one VG uuid, with every place that holds it; a tuple as its copies are."""

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
