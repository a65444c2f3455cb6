"""Which PV lies where: its label says so, the operator, or nothing else is left that could.

A source without a label, one left over, is taken for the one PV that no label names, if it, or a
partition of it, has exactly the size that the text gives that PV. That is a conclusion, not a fact:
what rests on it is at best `likely`, and says why. So is what an operator names by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lvtui.flow.named import NamedPv
from lvtui.lvm.carve import CrcState, MetadataCopy, Origin, Slot
from lvtui.lvm.clones import clone_of
from lvtui.lvm.history import History
from lvtui.lvm.locate import PvSite, Region
from lvtui.lvm.model import PhysicalVolume
from lvtui.message import Message, message
from lvtui.source import ByteSource, WindowSource
from lvtui.units import SECTOR_BYTES


class Sited(Protocol):
    """What finding PVs needs to know of a source."""

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    @property
    def size_bytes(self) -> int:
        """How large it is."""
        ...

    @property
    def sites(self) -> tuple[PvSite, ...]:
        """PVs that begin on it."""
        ...

    @property
    def regions(self) -> tuple[Region, ...]:
        """What LVM may have seen as a device, the source itself first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PvPlace:
    """Where a PV begins."""

    device: int
    """Index of the source that holds it."""
    base_bytes: int = 0
    """Where it begins there."""
    assumed: Message | None = None
    """Why this place is taken for it although no label says so; None: the label does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PvPlaces:
    """Where the PVs are."""

    places: tuple[tuple[str, PvPlace], ...]
    """By PV uuid."""
    copies: tuple[tuple[str, PvPlace], ...] = ()
    """Other places with a label of the same PV: mirror halves, clones; older, or as new."""

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """PV uuid → index of the source that holds it."""
        return tuple((uuid, place.device) for uuid, place in self.places)

    @property
    def assumed(self) -> frozenset[str]:
        """PVs that no label names."""
        return frozenset(uuid for uuid, place in self.places if place.assumed is not None)

    def place_of(self, pv_uuid: str) -> PvPlace | None:
        """Where a PV begins."""
        return next((place for uuid, place in self.places if uuid == pv_uuid), None)

    def source_of(self, pv_uuid: str) -> int | None:
        """Index of the source that holds a PV."""
        place = self.place_of(pv_uuid)
        return None if place is None else place.device

    def readers(self, devices: Sequence[ByteSource]) -> dict[str, ByteSource]:
        """Each PV as a source of its own, for `lvtui.lvm.mapping.VolumeSource`."""
        return {
            uuid: (
                WindowSource(device, place.base_bytes, device.size_bytes - place.base_bytes)
                if place.base_bytes
                else device
            )
            for uuid, place in self.places
            for device in [devices[place.device]]
        }


def place_pvs(
    histories: Sequence[History],
    sources: Sequence[Sited],
    *,
    copies: Sequence[MetadataCopy] = (),
    named: Sequence[NamedPv] = (),
) -> PvPlaces:
    """By label; by hand; then the one source left over for the one PV left over.

    Of several places with one PV's label the newest counts: by the metadata in use, by the events
    of an MD mirror, else the first.
    """
    labelled = _by_label(sources, _committed_seqnos(copies))
    found = {uuid: places[0] for uuid, places in labelled.items()}
    others = [(uuid, place) for uuid, places in labelled.items() for place in places[1:]]
    found.update(_by_hand(sources, named))
    for uuid, place in _cloned(histories, found):
        found.setdefault(uuid, place)
    for uuid, place in _former(histories, sources, copies):
        found.setdefault(uuid, place)
    taken = {place.device for place in found.values()}
    left = [
        index
        for index, source in enumerate(sources)
        if index not in taken and not any(site.label for site in source.sites)
    ]
    wanted = {
        pv.uuid: pv for history in histories for pv in newest_pvs(history) if pv.uuid not in found
    }
    if len(left) == 1 and wanted:
        found.update(_left_over(wanted, left[0], sources[left[0]]))
    return PvPlaces(places=tuple(found.items()), copies=tuple(others))


def _cloned(
    histories: Sequence[History], found: Mapping[str, PvPlace]
) -> Iterator[tuple[str, PvPlace]]:
    """PVs that have a new id since a vgimportclone: the same ring, the same LVs at the same places."""
    for history in histories:
        clone = clone_of(history)
        for own, theirs in clone.pv_uuids if clone is not None else ():
            if theirs in found:
                yield own, found[theirs]


def _committed_seqnos(copies: Sequence[MetadataCopy]) -> dict[tuple[int, int | None], int]:
    """(device, area) → seqno of the text that its header points to."""
    return {
        (copy.device, copy.area): copy.index.seqno or 0
        for copy in copies
        if copy.slot is Slot.COMMITTED and copy.crc is CrcState.OK
    }


def _by_label(
    sources: Sequence[Sited], seqnos: Mapping[tuple[int, int | None], int]
) -> dict[str, list[PvPlace]]:
    """The places of each PV, the newest first."""
    ranked: dict[str, list[tuple[tuple[bool, int, int], PvPlace]]] = {}
    for index, source in enumerate(sources):
        for site in source.sites:
            if site.label is None:
                continue
            seqno = max((seqnos.get((index, area.index), 0) for area in site.areas), default=0)
            rank = (not site.has_good_label, -seqno, -(site.region.events or 0))
            place = PvPlace(device=index, base_bytes=site.base_bytes)
            ranked.setdefault(site.label.pv_uuid, []).append((rank, place))
    return {
        uuid: [place for _, place in sorted(places, key=lambda one: one[0])]
        for uuid, places in ranked.items()
    }


def _by_hand(sources: Sequence[Sited], named: Sequence[NamedPv]) -> dict[str, PvPlace]:
    places: dict[str, PvPlace] = {}
    for pv in named:
        index = next(n for n, source in enumerate(sources) if source.path == pv.path)
        sites = sources[index].sites
        own = [s for s in sites if s.label and s.label.pv_uuid == pv.pv_uuid]
        base_bytes = pv.base_bytes
        if base_bytes is None:
            base_bytes = (own or list(sites))[0].base_bytes if sites else 0
        is_labelled = any(site.base_bytes == base_bytes for site in own)
        places[pv.pv_uuid] = PvPlace(
            device=index,
            base_bytes=base_bytes,
            assumed=None
            if is_labelled
            else message(
                "PV {pv} was named by hand: byte {base} of {path}; no label there says so",
                pv=pv.pv_uuid,
                base=base_bytes,
                path=pv.path,
            ),
        )
    return places


def _former(
    histories: Sequence[History], sources: Sequence[Sited], copies: Sequence[MetadataCopy]
) -> list[tuple[str, PvPlace]]:
    """PVs of earlier owners: their texts lie in the area of a PV that now has another label."""
    groups: dict[tuple[int, int | None], set[str]] = {}
    scattered: dict[tuple[int, str], int] = {}
    for copy in copies:
        if copy.index.vg_uuid is not None and copy.origin is Origin.RING:
            groups.setdefault((copy.device, copy.area), set()).add(copy.index.vg_uuid)
        elif copy.index.vg_uuid is not None and copy.origin is Origin.SCAN:
            scattered[copy.device, copy.index.vg_uuid] = copy.offset_bytes
    found: list[tuple[str, PvPlace]] = []
    for history in histories:
        # A group's own PVs are what their labels say: one of them is no former place of another.
        own = {pv.uuid for pv in newest_pvs(history)}
        for pv in newest_pvs(history):
            fits = [
                PvPlace(device=index, base_bytes=site.base_bytes, assumed=_was_there(pv, source))
                for index, source in enumerate(sources)
                for site in source.sites
                if site.label is not None
                and site.label.pv_uuid not in own
                and (
                    any(history.vg_uuid in groups.get((index, a.index), ()) for a in site.areas)
                    or site.base_bytes
                    < scattered.get((index, history.vg_uuid or ""), 0)
                    < site.base_bytes + pv.pe_start_sectors * SECTOR_BYTES
                )
                and site.region.length_bytes == (pv.dev_size_sectors or 0) * SECTOR_BYTES
            ]
            if len(fits) == 1:
                found.append((pv.uuid, fits[0]))
    return found


def _was_there(pv: PhysicalVolume, source: Sited) -> Message:
    return message(
        "{path} has the label of another PV now; it is taken for the former PV {pv}, whose "
        "metadata it holds and whose size it has",
        pv=pv.uuid,
        path=source.path,
    )


def _left_over(
    wanted: Mapping[str, PhysicalVolume], index: int, source: Sited
) -> dict[str, PvPlace]:
    """The PV that the source must be; nothing where its size does not tell, or tells of several."""
    fits = {
        (pv.uuid, base_bytes) for pv in wanted.values() for base_bytes in _bases_for(pv, source)
    }
    has_ring = any(site.areas for site in source.sites)
    if len(fits) != 1 or (len(wanted) > 1 and not has_ring):
        return {}
    ((uuid, base_bytes),) = fits
    if base_bytes:
        reason = message(
            "no label names PV {pv}; it is taken to begin at byte {base} of {path}: the only source "
            "without a label, and what the metadata say fits nowhere else on it",
            pv=uuid,
            base=base_bytes,
            path=source.path,
        )
    else:
        reason = message(
            "no label names PV {pv}; {path} is taken for it: the only source without a label, for "
            "the only PV without a source, and of its size",
            pv=uuid,
            path=source.path,
        )
    return {uuid: PvPlace(device=index, base_bytes=base_bytes, assumed=reason)}


def _bases_for(pv: PhysicalVolume, source: Sited) -> set[int]:
    """Where on the source the PV can begin: its own area's place, else a region of its size."""
    size_bytes = (pv.dev_size_sectors or 0) * SECTOR_BYTES
    if not size_bytes:
        return set()
    exact = {r.base_bytes for r in source.regions if r.length_bytes == size_bytes}
    by_area = {
        site.base_bytes
        for site in source.sites
        if site.areas
        and (
            site.base_bytes in exact
            if site.region.is_device
            else site.base_bytes + size_bytes <= source.size_bytes
        )
    }
    return by_area or exact


def newest_pvs(history: History) -> tuple[PhysicalVolume, ...]:
    """The PVs of the text in use, else of the newest usable one."""
    newest = history.current or next((v for v in reversed(history.versions) if v.usable), None)
    return newest.vg.pvs if newest and newest.vg else ()
