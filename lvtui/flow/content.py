"""What was read inside a lost volume, as values: its disk, the chain below it, its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.message import Message


class Where(StrEnum):
    """Where an ancestor of a disk was found."""

    PRESENT = "present"
    """In the group as it is now."""
    LOST = "lost"
    """Lost as well: it must come back with its child."""
    OLDER = "older"
    """Only where an older version has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One ancestor, nearest first in `VhdContent.chain`."""

    lv_uuid: str
    name: str
    """As the LV is called, or was when last seen."""
    vdi_uuid: str | None
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class VhdContent:
    """The VHD in a volume."""

    type: str
    """`dynamic`, `differencing`, `fixed`, or `none`: no VHD was found where one should be."""
    virtual_size_bytes: int | None
    hidden: bool
    parent_vdi_uuid: str | None
    """Of the parent that was found, else as the image names it."""
    footer: str
    """`ok`, `head-only`, `tail-only` or `bad`."""
    allocated_blocks: int
    damaged_blocks: int
    """2 MiB blocks of the disk that are lost or doubtful, through the whole chain."""
    chain: tuple[Link, ...] = ()
    missing_parent: str | None = None
    """What the chain broke at, in words; None: it is whole."""
    problem: Message | None = None
    """Why there is no VHD, or why its disk cannot be made of it; None: it can."""

    @property
    def can_flatten(self) -> bool:
        """Whether an image of the disk can be made without gaps."""
        return self.type != "none" and self.problem is None and self.missing_parent is None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLabel:
    """What an operator calls the disk."""

    text: str
    source: str
    """`mgt` or `xapi`."""
    deleted: bool = False
    """Whether the record is marked as deleted."""
    snapshot_of: str | None = None
    """VDI uuid of the disk that it is a snapshot of."""
    description: str = ""
