"""Discovery: from SOURCE to devices, versions, lost volumes and verdicts. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from lvtui.errors import Cancelled, NoMetadataError, UserError
from lvtui.flow.judging import LostReport, judge_histories, pv_warnings
from lvtui.flow.pvs import NamedPv, PvPlaces, place_pvs
from lvtui.flow.sites import find_regions, quick_sites
from lvtui.flow.whereabouts import place_warnings
from lvtui.host.device import SourceDevice
from lvtui.host.paths import exists
from lvtui.host.probe import block_device
from lvtui.lvm.carve import MetadataCopy, carve_source
from lvtui.lvm.history import History, Version, build_histories
from lvtui.lvm.label import PvLabel
from lvtui.lvm.locate import PvSite, Region
from lvtui.lvm.mda import MetadataArea
from lvtui.message import Message
from lvtui.plan.facts import BlockDevice, DeviceIdentity
from lvtui.source import ByteRange
from lvtui.xen.names import parse_group

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
        labels = sorted(
            (site for site in self.sites if site.label), key=lambda site: not site.has_good_label
        )
        return labels[0].label if labels else None

    @property
    def areas(self) -> tuple[MetadataArea, ...]:
        """Every metadata area on it; offsets count from its start."""
        return tuple(area for site in self.sites for area in site.areas)


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
    places: PvPlaces
    """Which source holds which PV."""

    @property
    def pv_sources(self) -> tuple[tuple[str, int], ...]:
        """PV uuid → index of the source that holds it."""
        return self.places.sources

    @property
    def history(self) -> History | None:
        """The history in use, else the newest."""
        return self.histories[0] if self.histories else None

    @property
    def is_sr(self) -> bool:
        """Whether the VG in use is a XenServer SR (`VG_XenStorage-<uuid>`)."""
        history = self.history
        return bool(history and parse_group(history.vg_name or "").is_lvm_sr)

    def version(self, version_id: str) -> Version | None:
        """The version of an id, in any history."""
        return next(
            (v for h in self.histories for v in h.versions if v.id == version_id),
            None,
        )


def parse_spec(spec: str) -> tuple[str, ...]:
    """The paths of SOURCE; a comma in an existing path is part of it.

    Raises:
        UserError: an empty path, or the same path twice.
    """
    if exists(spec):
        return (spec,)
    paths = tuple(spec.split(","))
    if not all(paths):
        raise UserError(
            "LV-SRC-10",
            "SOURCE {spec} has an empty path. Give paths joined by single commas.",
            spec=spec,
        )
    if len(set(paths)) != len(paths):
        raise UserError(
            "LV-SRC-14", "SOURCE {spec} names the same path twice. Give each PV once.", spec=spec
        )
    return paths


def discover(
    spec: str,
    *,
    quick: bool = False,
    progress: Progress | None = None,
    named: tuple[NamedPv, ...] = (),
) -> Discovery:
    """Read SOURCE and judge everything on it.

    With `quick` nothing is parsed: histories have versions without a model, `lost` is empty.
    `named` says where PVs are that no label names; their paths join SOURCE's.

    Raises:
        UserError: no such path. SourceReadError: a directory, 0 bytes, an I/O error on everything.
        NoMetadataError: no label, area or text at all. Cancelled: `progress` returned False.
    """
    with ExitStack() as stack:
        paths = dict.fromkeys((*parse_spec(spec), *(pv.path for pv in named)))
        devices = [stack.enter_context(SourceDevice(path)) for path in paths]
        facts, copies = _read_sources(devices, progress)
    if not copies and not any(source.sites for source in facts):
        raise NoMetadataError(
            "LV-SRC-12",
            "No LVM label, metadata area or metadata text was found on {spec} (looked at the first "
            "4 sectors and at every place where LVM puts a metadata area). Nothing was changed. "
            "Was the head of the disk overwritten, or is the PV inside a partition of this disk?",
            spec=spec,
        )
    histories = build_histories(copies, parse=not quick)
    places = place_pvs(histories, facts, copies=copies, named=named)
    lost, shrunk = ((), ()) if quick else judge_histories(histories, places, facts)
    return Discovery(
        spec=spec,
        sources=facts,
        copies=copies,
        histories=histories,
        lost=lost,
        shrunk=shrunk,
        warnings=() if quick else (*place_warnings(facts, places), *pv_warnings(histories, places)),
        places=places,
    )


def _read_sources(
    devices: Sequence[SourceDevice], progress: Progress | None
) -> tuple[tuple[SourceFacts, ...], tuple[MetadataCopy, ...]]:
    """Labels, areas and every text of each device."""
    facts: list[SourceFacts] = []
    copies: list[MetadataCopy] = []
    found: list[tuple[SourceDevice, tuple[Region, ...], tuple[Message, ...], tuple[PvSite, ...]]]
    found = []
    for index, device in enumerate(devices):
        regions, warnings = find_regions(device)
        found.append((device, regions, warnings, quick_sites(device, index, regions)))
    all_bytes = sum(area.size_bytes for *_, sites in found for s in sites for area in s.areas)
    done_bytes = 0
    for index, (device, regions, warnings, sites) in enumerate(found):
        areas = tuple(area for site in sites for area in site.areas)

        def step(area_done_bytes: int, base_bytes: int = done_bytes) -> bool:
            return progress is None or progress(
                base_bytes + area_done_bytes, all_bytes, len(copies)
            )

        if not step(0):
            raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")
        copies.extend(carve_source(device, areas, index, progress=step))
        if not step(sum(area.size_bytes for area in areas)):
            raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")
        done_bytes += sum(area.size_bytes for area in areas)
        facts.append(
            SourceFacts(
                path=device.path,
                size_bytes=device.size_bytes,
                identity=device.identity,
                sites=sites,
                regions=regions,
                warnings=warnings,
                gaps=device.gaps,
                block=block_device(device.path),
            )
        )
    return tuple(facts), tuple(copies)


def find_lost(discovery: Discovery, name: str, *, at: str | None = None) -> LostReport:
    """A lost or shrunk LV by name, uuid or unique prefix of either (LV or VDI).

    Raises:
        UserError: none or several match (they are named), or version `at` does not have it.
    """
    reports = discovery.lost + discovery.shrunk
    exact = [r for r in reports if name in {r.lost.lv.name, r.lost.lv.uuid, r.vdi_uuid}]
    plain = name.replace("-", "")
    matches = exact or [
        r
        for r in reports
        if name
        and (
            r.lost.lv.name.startswith(name)
            or (plain and r.lost.lv.uuid.replace("-", "").startswith(plain))
            or (r.vdi_uuid or "").startswith(name)
        )
    ]
    if not matches:
        raise UserError(
            "LV-VOL-01",
            "No lost LV of {spec} is called {name}. See: lvtui lost {spec}",
            name=name,
            spec=discovery.spec,
        )
    if len(matches) > 1:
        names = ", ".join(f"{r.lost.lv.name} ({r.lost.lv.uuid})" for r in matches[:4])
        raise UserError(
            "LV-VOL-02",
            "{count:count} lost LVs fit {name}: {names}. Give more of the name, or the uuid.",
            count=len(matches),
            name=name,
            names=names,
        )
    return matches[0] if at is None else _report_at(discovery, matches[0], at)


def _report_at(discovery: Discovery, report: LostReport, at: str) -> LostReport:
    """The same LV as version `at` has it."""
    version = find_version(discovery, at)
    if version.vg is None or version.vg.lv(report.lost.lv.uuid) is None:
        raise UserError(
            "LV-VOL-03",
            "Version {id} does not contain the lost volume {name}. Its last version is {last}.",
            id=version.id,
            name=report.lost.lv.name,
            last=report.lost.last_seen.id,
        )
    reports, _ = judge_histories(
        discovery.histories, discovery.places, discovery.sources, at=version
    )
    return next(r for r in reports if r.lost.lv.uuid == report.lost.lv.uuid)


def find_version(discovery: Discovery, wanted: str) -> Version:
    """A version by id, by a unique prefix of it, or by its seqno where that is unique.

    Raises:
        UserError: none or several match.
    """
    versions = [v for history in discovery.histories for v in history.versions]
    matches = (
        [v for v in versions if v.id == wanted]
        or [v for v in versions if str(v.seqno) == wanted]
        or [v for v in versions if wanted and v.id.startswith(wanted)]
    )
    if len(matches) == 1:
        return matches[0]
    raise UserError(
        "LV-VER-01",
        "{count:count} versions of {spec} fit {wanted}. See: lvtui versions {spec}",
        count=len(matches),
        spec=discovery.spec,
        wanted=wanted,
    )
