"""Where PVs begin on a source, by the quick way: at its start, in its partitions, in an MD member.

Reads a few sectors of each. What the whole device holds elsewhere is `deep`'s to find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lvtui.guest.partitions import Partition, PartitionTable, find_tables
from lvtui.lvm.areas import HEAD_BYTES, find_areas, guess_area
from lvtui.lvm.carve import CopyState, MetadataCopy, carve_range
from lvtui.lvm.label import LABEL_SCAN_SECTORS, PvLabel, find_labels
from lvtui.lvm.locate import PvSite, Region, TextPlace, pv_sizes
from lvtui.lvm.mda import MetadataArea
from lvtui.lvm.mdraid import find_md
from lvtui.message import Message, message
from lvtui.source import ByteSource, WindowSource
from lvtui.units import SECTOR_BYTES

REGIONS_MAX = 512
_NESTING_MAX = 3
"""A partition of the disk, an MD member in it, a partition table in that."""


def find_regions(source: ByteSource) -> tuple[tuple[Region, ...], tuple[Message, ...]]:
    """What LVM may have seen as a device, the source itself first; and what must be said of it."""
    regions = [Region(base_bytes=0, length_bytes=source.size_bytes)]
    warnings: list[Message] = []
    seen = {(0, source.size_bytes)}
    level = list(regions)
    for _ in range(_NESTING_MAX):
        inner: list[Region] = []
        for region in level:
            for found in _inside(source, region, warnings):
                place = (found.base_bytes, found.length_bytes)
                if place not in seen and len(regions) + len(inner) < REGIONS_MAX:
                    seen.add(place)
                    inner.append(found)
        regions += inner
        level = inner
    return tuple(regions), tuple(warnings)


def _inside(source: ByteSource, outer: Region, warnings: list[Message]) -> Iterator[Region]:
    window = WindowSource(source, outer.base_bytes, outer.length_bytes)
    member = find_md(window)
    if member is not None:
        if not member.holds_all:
            warnings.append(
                message(
                    "this is a member of an MD array of level {level}: it holds only a part of the "
                    "data. Assemble the array read-only (mdadm --assemble --readonly) and give "
                    "/dev/mdN instead.",
                    level=member.level,
                )
            )
        yield Region(
            base_bytes=outer.base_bytes + member.data_offset_bytes,
            length_bytes=member.data_size_bytes,
            where=message(
                "the data of an MD member (superblock {version}, events {events})",
                version=member.version,
                events=member.events,
            ),
            events=member.events,
        )
    for table in find_tables(window):
        for partition in table.partitions:
            yield Region(
                base_bytes=outer.base_bytes + partition.start_bytes,
                length_bytes=partition.size_bytes,
                where=_partition_words(table, partition),
                events=outer.events,
            )


def _partition_words(table: PartitionTable, partition: Partition) -> Message:
    if table.is_backup:
        return message(
            "partition {number} (of the {kind} at the disk's end; the first one is damaged)",
            number=partition.number,
            kind=table.kind.value,
        )
    return message(
        "partition {number} ({kind}, sectors of {sector} bytes)",
        number=partition.number,
        kind=table.kind.value,
        sector=table.sector_bytes,
    )


def quick_sites(
    source: ByteSource, device_index: int, regions: Sequence[Region]
) -> tuple[PvSite, ...]:
    """PVs at the beginning of regions; texts without label and header are looked for at last."""
    # The data of a mirror's half begin where the half does: the inner one of the two counts.
    by_base = {region.base_bytes: region for region in regions}
    sites = [
        site
        for region in by_base.values()
        if (site := site_at(source, device_index, region)) is not None
    ]
    if not any(site.areas or site.has_good_label for site in sites):
        guessed = _guessed(source, device_index, regions)
        if guessed is not None:
            sites = [site for site in sites if site.region != guessed.region]
            sites.append(guessed)
    return numbered(_without_former(sites))


def site_at(source: ByteSource, device_index: int, region: Region) -> PvSite | None:
    """The PV that begins where the region does; None where neither label nor header say so."""
    window = WindowSource(source, region.base_bytes, region.length_bytes)
    label = best_label(window)
    areas = find_areas(label, window, device_index, guess=False)
    if label is None and not areas:
        return None
    return PvSite(
        device=device_index,
        region=region,
        label=label,
        areas=tuple(_shifted(area, region) for area in areas),
    )


def guessed_site(
    source: ByteSource, device_index: int, region: Region, *, sized: bool
) -> PvSite | None:
    """The PV of which only texts are left."""
    window = WindowSource(source, region.base_bytes, region.length_bytes)
    area = guess_area(window, device_index, sized=sized)
    if area is None:
        return None
    return PvSite(
        device=device_index,
        region=region,
        label=best_label(window),
        areas=(_shifted(area, region),),
        is_certain=sized,
    )


def _guessed(source: ByteSource, device_index: int, regions: Sequence[Region]) -> PvSite | None:
    for region in regions:
        site = guessed_site(source, device_index, region, sized=True)
        if site is not None:
            return site
    return guessed_site(source, device_index, regions[0], sized=False)


def _without_former(sites: list[PvSite]) -> list[PvSite]:
    """A PV on the whole of a disk that has one in a partition now is an earlier owner's.

    LVM does not look at a partitioned disk itself. Its texts stay, its pointers do not count.
    """
    inner = any(site.base_bytes > 0 and site.has_good_label and site.areas for site in sites)
    return [
        site._replace(areas=tuple(replace(area, header=None) for area in site.areas))
        if inner and site.base_bytes == 0
        else site
        for site in sites
    ]


def numbered(sites: Sequence[PvSite]) -> tuple[PvSite, ...]:
    """The sites with areas numbered through; an area that overlaps one before it is dropped."""
    out: list[PvSite] = []
    kept: list[MetadataArea] = []
    for site in sites:
        own: list[MetadataArea] = []
        for area in site.areas:
            if not any(_overlap(area, other) for other in kept):
                area = replace(area, index=len(kept))  # noqa: PLW2901 - the numbered one
                kept.append(area)
                own.append(area)
        out.append(site._replace(areas=tuple(own)))
    return tuple(out)


def _overlap(one: MetadataArea, other: MetadataArea) -> bool:
    return (
        one.offset_bytes < other.offset_bytes + other.size_bytes
        and other.offset_bytes < one.offset_bytes + one.size_bytes
    )


def remnants(
    source: ByteSource, device_index: int, sites: Sequence[PvSite]
) -> tuple[MetadataCopy, ...]:
    """Texts of a former, longer area behind the one that a PV has now.

    A text counts if it describes a PV of this size whose data begin behind the text: a guest's texts,
    which may stand there too, describe another one.
    """
    from lvtui.lvm.sift import TEXT_NEEDLE  # noqa: PLC0415 - a list of versions does without

    found: list[MetadataCopy] = []
    for site in sites:
        start = max((a.offset_bytes + a.size_bytes for a in site.areas), default=0)
        length = site.base_bytes + HEAD_BYTES - start
        if not site.areas or length <= 0 or not site.region.is_device:
            continue
        piece = source.pread(start, min(length, site.region.end_bytes - start))
        if TEXT_NEEDLE not in piece.data or start % SECTOR_BYTES:
            continue
        for copy in carve_range(
            piece.data, device=device_index, offset_bytes=start, gaps=piece.gaps
        ):
            place = TextPlace(
                offset_bytes=copy.offset_bytes,
                text=copy.text,
                seqno=copy.index.seqno,
                is_whole=copy.state is not CopyState.TORN,
            )
            if any(
                size_bytes == site.region.length_bytes
                and copy.offset_bytes < site.base_bytes + pe_start_bytes
                for pe_start_bytes, size_bytes in pv_sizes([place])
            ):
                found.append(copy)
    return tuple(found)


def _shifted(area: MetadataArea, region: Region) -> MetadataArea:
    return replace(area, offset_bytes=area.offset_bytes + region.base_bytes)


def best_label(source: ByteSource) -> PvLabel | None:
    """The label that LVM would take, else the first that is left."""
    labels = find_labels(source.pread(0, LABEL_SCAN_SECTORS * SECTOR_BYTES).data)
    return labels[0] if labels else None
