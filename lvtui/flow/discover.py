"""Discovery: from SOURCE to devices, versions, lost volumes and verdicts. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from lvtui.errors import NoMetadataError, UserError
from lvtui.flow.deep import OnDeepProgress
from lvtui.flow.judging import LostReport, judge_histories, pv_warnings
from lvtui.flow.named import NamedPv
from lvtui.flow.nested import NOTHING_INSIDE, Inside, find_inside
from lvtui.flow.pvs import PvPlaces, place_pvs
from lvtui.flow.reading import Progress, SourceFacts, needs_search, read_sources, read_whole
from lvtui.flow.second_proof import look_inside
from lvtui.flow.spec import NOTHING_FOUND, parse_spec
from lvtui.flow.standing import standing_warnings
from lvtui.flow.texts import read_texts, strangers
from lvtui.flow.whereabouts import place_warnings
from lvtui.host.device import SourceDevice
from lvtui.lvm.amount import DISTINCT_BYTES_MAX, find_excess
from lvtui.lvm.carve import CopyState, MetadataCopy
from lvtui.lvm.history import History, Version, build_histories
from lvtui.lvm.text import TextParser
from lvtui.message import Message
from lvtui.xen.names import parse_group


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
    inside: Inside = NOTHING_INSIDE
    """Groups that belong to guests, in PVs inside volumes: the last of `histories`."""
    texts: tuple[str, ...] = ()
    """Files beside SOURCE whose texts joined it."""

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


_NOTHING_ANYWHERE = (
    "No LVM label, metadata area or metadata text was found on {spec}: all of it ({size:bytes}) was "
    "searched. Nothing was changed. Is it the right disk? Look for /etc/lvm/archive of its host."
)


def discover(
    spec: str,
    *,
    quick: bool = False,
    progress: Progress | None = None,
    named: tuple[NamedPv, ...] = (),
    deep: OnDeepProgress | None = None,
    whole: bool = False,
    texts: tuple[str, ...] = (),
    limit: bool = True,
) -> Discovery:
    """Read SOURCE and judge everything on it.

    With `quick` nothing is parsed: histories have versions without a model, `lost` is empty.
    `named` says where PVs are that no label names; their paths join SOURCE's.
    With `deep` the devices are searched from end to end where the quick way finds no text (with
    `whole` whatever it finds), and it is told how far that is; a quick one never is.
    `texts` are paths of backup files, folders of them, tarballs: their texts join the versions.
    Without `limit` a group may have any amount of distinct text.

    Raises:
        UserError: no such path, too much text. SourceReadError: a directory, 0 bytes, an I/O error
        on everything.
        NoMetadataError: no label, area or text at all. Cancelled: `progress` returned False.
        FormatError: a file that `texts` names itself is no metadata text.
    """
    parser = TextParser()
    beside = read_texts(texts, parser)
    with ExitStack() as stack:
        paths = dict.fromkeys((*parse_spec(spec), *(pv.path for pv in named)))
        devices = [stack.enter_context(SourceDevice(path)) for path in paths]
        facts, copies = read_sources(devices, progress)
        # A file with the texts answers what a search of hours would: that is for --deep then.
        wanted = whole or (not beside.copies and needs_search(facts, copies))
        searched = deep is not None and not quick and wanted
        if searched and deep is not None:
            facts, copies = read_whole(devices, facts, deep, progress)
        copies += beside.copies
    if not copies and not any(source.sites for source in facts):
        raise NoMetadataError(
            "LV-SRC-12",
            _NOTHING_ANYWHERE if searched else NOTHING_FOUND,
            spec=spec,
            size=sum(source.size_bytes for source in facts),
        )
    if limit and not quick:
        _refuse_excess(spec, copies)
    histories = build_histories(copies, parse=not quick, parser=parser, progress=progress)
    places = place_pvs(histories, facts, copies=copies, named=named)
    inside = find_inside(histories, facts, places)
    histories = tuple(sorted(histories, key=inside.is_inside))
    lost, shrunk = ((), ()) if quick else judge_histories(histories, places, facts)
    lost, shrunk = look_inside(paths, histories, places, lost, shrunk)
    return Discovery(
        spec=spec,
        sources=facts,
        copies=copies,
        histories=histories,
        lost=tuple(inside.judged(report) for report in lost),
        shrunk=tuple(inside.judged(report) for report in shrunk),
        warnings=()
        if quick
        else (
            *beside.warnings,
            *(strangers(histories) if texts else ()),
            *_warnings(histories, facts, places, inside),
            *standing_warnings(histories, facts, copies),
        ),
        places=places,
        inside=inside,
        texts=texts,
    )


def _refuse_excess(spec: str, copies: Sequence[MetadataCopy]) -> None:
    excess = find_excess(copies)
    if excess is not None:
        raise UserError(
            "LV-SRC-15",
            "{spec} holds {size:bytes} of different metadata texts of group {vg}; a real group has "
            "less than {most:bytes}. It would take long and much memory: --no-limit reads it all the "
            "same.",
            spec=spec,
            size=excess.distinct_bytes,
            vg=excess.vg_name,
            most=DISTINCT_BYTES_MAX,
        )


def _warnings(
    histories: tuple[History, ...],
    sources: tuple[SourceFacts, ...],
    places: PvPlaces,
    inside: Inside,
) -> tuple[Message, ...]:
    own = tuple(history for history in histories if not inside.is_inside(history))
    return (
        *(warning for source in sources for warning in source.warnings),
        *place_warnings(sources, places, inside.by_pv),
        *pv_warnings(own, places),
        *inside.warnings(),
    )


def find_lost(discovery: Discovery, name: str, *, at: str | None = None) -> LostReport:
    """A lost or shrunk LV by name, uuid or unique prefix of either (LV or VDI).

    Raises:
        UserError: none or several match (they are named), or version `at` does not have it.
    """
    matches = matching_names(discovery.lost + discovery.shrunk, name)
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


def matching_names(reports: tuple[LostReport, ...], name: str) -> list[LostReport]:
    """The reports that a name means; a VDI's uuid means its disk, not its journals."""
    exact = [r for r in reports if name in {r.lost.lv.name, r.lost.lv.uuid}]
    of_vdi = [r for r in reports if name == r.vdi_uuid and r.name.holds_disk]
    plain = name.replace("-", "")
    begin = [
        r
        for r in reports
        if name
        and (
            r.lost.lv.name.startswith(name)
            or (plain and r.lost.lv.uuid.replace("-", "").startswith(plain))
            or (r.vdi_uuid or "").startswith(name)
        )
    ]
    return (
        exact
        or [r for r in of_vdi if not r.is_merged]
        or of_vdi
        or [r for r in begin if r.name.holds_disk and not r.is_merged]
        or begin
    )


def _report_at(discovery: Discovery, report: LostReport, at: str) -> LostReport:
    """The same LV as version `at` has it."""
    version = find_version(discovery, at)
    if version.state is CopyState.SUSPECT:
        raise UserError(
            "LV-VOL-06",
            "Version {id} contradicts itself or its neighbours: {why}. Nothing is read by it; the last "
            "version of {name} that can be believed is {last}.",
            id=version.id,
            why=str(version.reason or "?"),
            name=report.lost.lv.name,
            last=report.lost.last_seen.id,
        )
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
    found = next(r for r in reports if r.lost.lv.uuid == report.lost.lv.uuid)
    return discovery.inside.judged(found)


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
