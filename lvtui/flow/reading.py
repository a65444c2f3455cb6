"""Reading of SOURCE: what each path is, which PVs begin on it, every text in their areas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lvtui.errors import Cancelled
from lvtui.flow.deep import DeepScan, OnDeepProgress
from lvtui.flow.sites import find_regions, quick_sites, remnants
from lvtui.host.device import SourceDevice
from lvtui.host.probe import block_device
from lvtui.lvm.carve import CopyState, MetadataCopy, carve_source
from lvtui.lvm.label import PvLabel
from lvtui.lvm.locate import PvSite, Region, chosen_label
from lvtui.lvm.mda import MetadataArea
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
    sites: tuple[PvSite, ...]
    """PVs that begin on it, by offset; none inside another one unless it was searched whole."""
    regions: tuple[Region, ...]
    """What LVM may have seen as a device on it, the path itself first."""
    warnings: tuple[Message, ...]
    gaps: tuple[ByteRange, ...]
    """Unreadable ranges in what was read."""
    block: BlockDevice | None
    """sysfs facts; None for an image file."""

    @property
    def label(self) -> PvLabel | None:
        """The label that LVM would take, else the best that is left."""
        return chosen_label(self.sites)

    @property
    def areas(self) -> tuple[MetadataArea, ...]:
        """Every metadata area on it; offsets count from its start."""
        return tuple(area for site in self.sites for area in site.areas)


def read_sources(
    devices: Sequence[SourceDevice], progress: Progress | None
) -> tuple[tuple[SourceFacts, ...], tuple[MetadataCopy, ...]]:
    """Labels, areas and every text of each device, by the quick way.

    Raises:
        Cancelled: `progress` returned False.
    """
    facts: list[SourceFacts] = []
    scattered: list[MetadataCopy] = []
    for index, device in enumerate(devices):
        regions, warnings = find_regions(device)
        sites = quick_sites(device, index, regions)
        facts.append(_facts(device, sites, regions, warnings))
        scattered.extend(remnants(device, index, sites))
    return tuple(facts), _carve(devices, facts, tuple(scattered), progress)


def needs_search(facts: Sequence[SourceFacts], copies: Sequence[MetadataCopy]) -> bool:
    """Whether no whole text was found where one must be: PVs without metadata areas have none."""
    certain = {
        (index, area.index)
        for index, source in enumerate(facts)
        for site in source.sites
        if site.is_certain
        for area in site.areas
    }
    if any(c.state is not CopyState.TORN and (c.device, c.area) in certain for c in copies):
        return False
    return not all(
        source.sites and all(site.has_good_label and not site.areas for site in source.sites)
        for source in facts
    )


def read_whole(
    devices: Sequence[SourceDevice],
    quick: Sequence[SourceFacts],
    deep: OnDeepProgress,
    progress: Progress | None,
) -> tuple[tuple[SourceFacts, ...], tuple[MetadataCopy, ...]]:
    """The same after a search of each device from end to end.

    Raises:
        Cancelled: `deep` or `progress` returned False.
    """
    scan = DeepScan(devices, deep)
    facts: list[SourceFacts] = []
    scattered: list[MetadataCopy] = []
    for index, (device, known) in enumerate(zip(devices, quick, strict=True)):
        found = scan.search(index, known.regions, known.sites)
        scattered.extend(found.copies)
        warnings = (*known.warnings, *found.warnings)
        facts.append(_facts(device, found.sites, known.regions, warnings))
    return tuple(facts), _carve(devices, facts, tuple(scattered), progress)


def _facts(
    device: SourceDevice,
    sites: tuple[PvSite, ...],
    regions: tuple[Region, ...],
    warnings: tuple[Message, ...],
) -> SourceFacts:
    return SourceFacts(
        path=device.path,
        size_bytes=device.size_bytes,
        identity=device.identity,
        sites=sites,
        regions=regions,
        warnings=warnings,
        gaps=device.gaps,
        block=block_device(device.path),
    )


def _carve(
    devices: Sequence[SourceDevice],
    facts: list[SourceFacts],
    scattered: tuple[MetadataCopy, ...],
    progress: Progress | None,
) -> tuple[MetadataCopy, ...]:
    """Every text in the areas, behind them those outside; the facts learn of the gaps met."""
    copies: list[MetadataCopy] = []
    all_bytes = sum(area.size_bytes for source in facts for area in source.areas)
    done_bytes = 0
    for index, device in enumerate(devices):
        areas = facts[index].areas

        def step(area_done_bytes: int, base_bytes: int = done_bytes) -> bool:
            return progress is None or progress(
                base_bytes + area_done_bytes, all_bytes, len(copies)
            )

        own_bytes = sum(area.size_bytes for area in areas)
        if step(0):
            copies.extend(carve_source(device, areas, index, progress=step))
        if not step(own_bytes):
            raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")
        done_bytes += own_bytes
        facts[index] = replace(facts[index], gaps=device.gaps)
    return (*copies, *scattered)
