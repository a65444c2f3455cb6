"""The deep scan: a whole device searched for labels, area headers and texts at any sector.

One sweep over the device tells where something may be; what is there is read again with O_DIRECT and
checked. From labels and headers the beginnings of PVs follow, from texts without either what can be
concluded (`lvm/locate.py`). Memory is flat but for the texts that are found, and those are bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from lvtui.errors import Cancelled
from lvtui.flow.sites import guessed_site, numbered, site_at
from lvtui.host.device import SourceDevice
from lvtui.host.sweep import Window, sweep
from lvtui.lvm.carve import CopyState, MetadataCopy, carve_range
from lvtui.lvm.label import find_labels
from lvtui.lvm.locate import (
    PvSite,
    Region,
    TextPlace,
    base_by_header,
    base_by_label,
    base_by_texts,
)
from lvtui.lvm.mda import MDA_HEADER_BYTES, parse_mda_header
from lvtui.lvm.sift import TEXT_NEEDLE, sift
from lvtui.message import Message, message
from lvtui.source import ByteRange
from lvtui.units import SECTOR_BYTES, KiB, MiB

SITES_MAX = 64
"""Of one device; a disk can hold a label in every sector."""
TEXTS_BYTES_MAX = 256 * MiB
COPIES_MAX = 100_000
LEAD_BYTES = 6 * MiB
"""What is read in front of a text's end: no text is longer than half of an area."""
ZONE_BYTES_MAX = 32 * MiB
_TRAIL_BYTES = 16 * KiB
_REPORT_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepProgress:
    """How far the search of all devices is."""

    path: str
    """What is read now."""
    done_bytes: int
    """Of all devices; holes of an image count as done."""
    all_bytes: int
    texts: int
    """Metadata texts found so far."""
    places: int
    """Labels and area headers found so far."""
    rate_bytes_per_s: float
    """Since the start, holes left out."""

    @property
    def eta_seconds(self) -> float | None:
        """What is left at this rate; None before there is one."""
        if self.rate_bytes_per_s <= 0:
            return None
        return (self.all_bytes - self.done_bytes) / self.rate_bytes_per_s


OnDeepProgress = Callable[[DeepProgress], bool]
"""Returns whether to go on; called some ten times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepFound:
    """What a whole device holds."""

    sites: tuple[PvSite, ...]
    copies: tuple[MetadataCopy, ...]
    """Texts outside every area of the sites."""
    warnings: tuple[Message, ...]


class DeepScan:
    """The search of the devices of one SOURCE, one after another."""

    def __init__(self, devices: Sequence[SourceDevice], on_progress: OnDeepProgress) -> None:
        self._devices = devices
        self._on_progress = on_progress
        self._all_bytes = sum(device.size_bytes for device in devices)
        self._before_bytes = 0
        self._read_bytes = 0
        self._started = self._reported = time.monotonic()
        self._texts = self._places = 0

    def search(
        self, index: int, regions: tuple[Region, ...], quick: tuple[PvSite, ...]
    ) -> DeepFound:
        """Search one device; `quick` is what is known of it already.

        Raises:
            Cancelled: the callback returned False. SourceReadError: the device is gone.
        """
        device = self._devices[index]
        finds = _Finds(device, index)
        for window in sweep(device):
            finds.take(window)
            self._texts, self._places = len(finds.copies), len(finds.bases)
            self._read_bytes += window.end - window.start
            self._tell(device, window.end_bytes)
        finds.end()
        self._before_bytes += device.size_bytes
        self._texts = len(finds.copies)
        self._tell(device, 0, at_once=True)
        return _conclude(device, index, regions, quick, finds)

    def _tell(self, device: SourceDevice, done_bytes: int, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if now - self._reported < _REPORT_SECONDS and not at_once:
            return
        self._reported = now
        progress = DeepProgress(
            path=device.path,
            done_bytes=self._before_bytes + done_bytes,
            all_bytes=self._all_bytes,
            texts=self._texts,
            places=self._places,
            rate_bytes_per_s=self._read_bytes / max(now - self._started, 1e-6),
        )
        if not self._on_progress(progress):
            raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")


@dataclass(slots=True)
class _Finds:
    """What the sweep met so far on one device."""

    device: SourceDevice
    index: int
    bases: dict[int, None] = field(default_factory=dict)
    """Beginnings of PVs by labels and headers, in order of place."""
    copies: dict[int, MetadataCopy] = field(default_factory=dict)
    """By offset."""
    texts: dict[bytes, bytes] = field(default_factory=dict)
    """Equal texts are kept once."""
    kept_bytes: int = 0
    overflow: bool = False
    first: int | None = None
    """Where the first text of the open zone ends, about."""
    last: int = 0

    def take(self, window: Window) -> None:
        found = sift(window.data, window.start, window.end)
        shift = window.offset_bytes - window.start
        for at in found.labels:
            self._label(shift + at)
        for at in found.headers:
            self._header(shift + at)
        for at in found.texts:
            self._text_end(shift + at)

    def _label(self, offset_bytes: int) -> None:
        for label in find_labels(self.device.pread(offset_bytes, SECTOR_BYTES).data):
            self._base(base_by_label(offset_bytes, label))

    def _header(self, offset_bytes: int) -> None:
        header = parse_mda_header(self.device.pread(offset_bytes, MDA_HEADER_BYTES).data)
        if header is not None:
            self._base(base_by_header(offset_bytes, header))

    def _base(self, base_bytes: int | None) -> None:
        if base_bytes is not None and len(self.bases) < SITES_MAX:
            self.bases.setdefault(base_bytes)

    def _text_end(self, offset_bytes: int) -> None:
        if self.first is not None and (
            offset_bytes - self.last > LEAD_BYTES or offset_bytes - self.first > ZONE_BYTES_MAX
        ):
            self.end()
        if self.first is None:
            self.first = offset_bytes
        self.last = offset_bytes

    def end(self) -> None:
        """Carve the open zone."""
        if self.first is None or self.overflow:
            return
        start = max(0, self.first - LEAD_BYTES) // SECTOR_BYTES * SECTOR_BYTES
        piece = self.device.pread(start, self.last + len(TEXT_NEEDLE) + _TRAIL_BYTES - start)
        self.first = None
        for copy in carve_range(piece.data, device=self.index, offset_bytes=start, gaps=piece.gaps):
            known = self.copies.get(copy.offset_bytes)
            if known is not None and known.state is not CopyState.TORN:
                continue
            text = self.texts.setdefault(copy.text, copy.text)
            self.kept_bytes += len(text) if text is copy.text else 0
            if self.kept_bytes > TEXTS_BYTES_MAX or len(self.copies) >= COPIES_MAX:
                self.overflow = True
                return
            self.copies[copy.offset_bytes] = copy._replace(text=text)


def _conclude(
    device: SourceDevice,
    index: int,
    regions: tuple[Region, ...],
    quick: tuple[PvSite, ...],
    finds: _Finds,
) -> DeepFound:
    """PVs by their labels and headers, then by the texts that are in none of their areas."""
    known = {
        site.base_bytes for site in quick if site.is_certain and (site.areas or site.has_good_label)
    }
    sites = [site for site in quick if site.base_bytes in known]
    for base_bytes in finds.bases:
        if base_bytes not in known:
            site = site_at(device, index, _region(base_bytes, regions, device.size_bytes))
            if site is not None:
                sites.append(site)
    texts = list(_whole_apart(finds.copies))
    groups: dict[str | None, list[MetadataCopy]] = {}
    for copy in _outside(texts, sites):
        groups.setdefault(copy.index.vg_uuid, []).append(copy)
    for group in list(groups.values())[:SITES_MAX]:
        base = base_by_texts([_place(copy) for copy in group], regions, device.size_bytes)
        if base is not None and base not in {site.base_bytes for site in sites}:
            region = _region(base, regions, device.size_bytes)
            site = guessed_site(device, index, region, sized=False)
            if site is not None:
                sites.append(site._replace(is_certain=True))
    if not any(site.areas for site in sites):
        sites = list(quick)
    sites.sort(key=lambda site: site.base_bytes)
    final = numbered(sites)
    warnings: tuple[Message, ...] = ()
    if finds.overflow:
        warnings = (
            message(
                "{path} holds more metadata texts than are kept ({size:bytes}): the search stopped "
                "collecting there",
                path=device.path,
                size=TEXTS_BYTES_MAX,
            ),
        )
    return DeepFound(sites=final, copies=tuple(_outside(texts, final)), warnings=warnings)


def _region(base_bytes: int, regions: Sequence[Region], size_bytes: int) -> Region:
    for region in reversed(regions):
        if region.base_bytes == base_bytes:
            return region
    return Region(
        base_bytes=base_bytes, length_bytes=size_bytes - base_bytes, is_device=base_bytes == 0
    )


def _whole_apart(copies: dict[int, MetadataCopy]) -> Iterator[MetadataCopy]:
    """By offset, without the torn pieces of texts that another zone has whole."""
    behind = 0
    for offset_bytes in sorted(copies):
        copy = copies[offset_bytes]
        end = offset_bytes + copy.length_bytes
        if copy.state is CopyState.TORN and offset_bytes < behind:
            continue
        if copy.state is not CopyState.TORN:
            behind = max(behind, end)
        yield copy


def _outside(copies: Sequence[MetadataCopy], sites: Sequence[PvSite]) -> Iterator[MetadataCopy]:
    """Those that lie in no area."""
    areas = [ByteRange(area.offset_bytes, area.size_bytes) for site in sites for area in site.areas]
    for copy in copies:
        if not any(area.offset_bytes <= copy.offset_bytes < area.end_bytes for area in areas):
            yield copy


def _place(copy: MetadataCopy) -> TextPlace:
    return TextPlace(
        offset_bytes=copy.offset_bytes,
        text=copy.text,
        seqno=copy.index.seqno,
        is_whole=copy.state is not CopyState.TORN,
    )
