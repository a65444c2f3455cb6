"""Discovery: from SOURCE to devices, versions, lost volumes and verdicts. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lvtui.lvm.carve import MetadataCopy
from lvtui.lvm.history import History, LostVolume
from lvtui.lvm.label import PvLabel
from lvtui.lvm.mapping import MappedRange
from lvtui.lvm.mda import MetadataArea
from lvtui.lvm.verdict import Verdict
from lvtui.message import Message
from lvtui.plan.facts import BlockDevice, DeviceIdentity
from lvtui.source import ByteRange

Progress = Callable[[int, int, int], bool]
"""(bytes done, bytes in all, versions so far) → whether to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """One path of SOURCE as it was read."""

    path: str
    size_bytes: int
    identity: DeviceIdentity
    label: PvLabel | None
    """The label that LVM would take, else the best that is left."""
    areas: tuple[MetadataArea, ...]
    gaps: tuple[ByteRange, ...]
    """Unreadable ranges in what was read."""
    block: BlockDevice | None
    """sysfs facts; None for an image file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostReport:
    """A lost volume with everything that is known of it."""

    lost: LostVolume
    verdict: Verdict
    ranges: tuple[MappedRange, ...]
    """Empty when it cannot be mapped; the verdict says why."""
    role: str
    """`vhd`, `raw`, `mgt`, … in an SR (commands.md), else `other`."""
    vdi_uuid: str | None

    @property
    def size_bytes(self) -> int:
        """Size of the LV in bytes."""
        return self.lost.lv.extent_count * self.verdict.extent_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Everything that SOURCE tells."""

    spec: str
    sources: tuple[SourceFacts, ...]
    copies: tuple[MetadataCopy, ...]
    histories: tuple[History, ...]
    """The one in use first."""
    lost: tuple[LostReport, ...]
    """Of all histories, those that an operator looks for first."""
    shrunk: tuple[LostReport, ...]
    warnings: tuple[Message, ...]
    """The trim helper seen, PVs missing, areas disagreeing, unreadable metadata, …"""

    @property
    def history(self) -> History | None:
        """The history in use, else the newest."""
        return self.histories[0] if self.histories else None

    @property
    def is_sr(self) -> bool:
        """Whether the VG in use is a XenServer SR (`VG_XenStorage-<uuid>`)."""
        history = self.history
        return bool(history and history.vg_name and history.vg_name.startswith("VG_XenStorage-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One line of `lvtui scan` and of the Device page."""

    path: str
    size_bytes: int
    disk: str
    """Model and short serial; the file name for an image."""
    holds: str
    """`SR "…"`, `VG <name>`, `dom0 system`, `nothing known`, …"""
    pv_uuid: str | None
    vg_name: str | None
    vg_uuid: str | None
    sr_uuid: str | None
    versions: int
    current_seqno: int | None
    label: str
    """`ok`, `bad` or `none`."""
    lost: int
    error: Message | None
    """Why it cannot be chosen."""


def parse_spec(spec: str) -> tuple[str, ...]:
    """The paths of SOURCE; a comma in an existing path is part of it."""
    raise NotImplementedError


def scan_devices(
    paths: tuple[str, ...] = (), *, progress: Callable[[str], bool] | None = None
) -> tuple[DeviceRow, ...]:
    """The devices of this host (or the given paths) with what is on them; reads label areas only."""
    raise NotImplementedError


def discover(spec: str, *, quick: bool = False, progress: Progress | None = None) -> Discovery:
    """Read SOURCE and judge everything on it.

    With `quick` nothing is parsed: histories have versions without a model, `lost` is empty.

    Raises:
        UserError: no such path. SourceReadError: a directory, 0 bytes, an I/O error on everything.
        NoMetadataError: no label, area or text at all. Cancelled: `progress` returned False.
    """
    raise NotImplementedError


def find_lost(discovery: Discovery, name: str, *, at: str | None = None) -> LostReport:
    """A lost LV by name, uuid or unique prefix of either (LV or VDI).

    Raises:
        UserError: none or several match (they are named).
    """
    raise NotImplementedError
