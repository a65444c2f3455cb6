"""The versions of SOURCE by structure alone: `lvtui versions --quick`. Reads only.

The same places are carved and the same texts found as by `discover`; nothing is parsed or judged, and
nothing is loaded for it. A quick list that is as slow as the whole would be none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from lvtui.errors import Cancelled, NoMetadataError
from lvtui.flow.sites import find_regions, quick_sites
from lvtui.flow.spec import NOTHING_FOUND
from lvtui.host.device import SourceDevice
from lvtui.lvm.carve import MetadataCopy, carve_source
from lvtui.lvm.collect import list_histories
from lvtui.lvm.label import PvLabel
from lvtui.lvm.locate import PvSite, chosen_label
from lvtui.lvm.version import History
from lvtui.message import Message
from lvtui.units import MiB

Progress = Callable[[int, int, int], bool]
"""(bytes done, bytes in all, versions so far) → whether to go on."""

READ_BYTES = 16 * MiB
"""More than XenServer's areas have: what is read at once need not be joined."""


class SurveyedSource(NamedTuple):
    """One path of SOURCE."""

    path: str
    size_bytes: int
    label: PvLabel | None


class Survey(NamedTuple):
    """What a list of versions shows."""

    sources: tuple[SurveyedSource, ...]
    histories: tuple[History, ...]
    """The one in use first."""
    warnings: tuple[Message, ...] = ()
    """Of the files beside SOURCE: which were passed over, and why."""

    @property
    def history(self) -> History | None:
        """The history in use, else the newest."""
        return self.histories[0] if self.histories else None


def survey(
    spec: str,
    paths: Iterable[str],
    progress: Progress | None = None,
    *,
    texts: tuple[str, ...] = (),
) -> Survey:
    """Read `paths`; `spec` is how the operator wrote them, `texts` as for `discover`.

    Raises:
        UserError: no such path. SourceReadError: a directory, 0 bytes, an I/O error on everything.
        NoMetadataError: no label, area or text at all. Cancelled: `progress` returned False.
    """
    sources: list[SurveyedSource] = []
    copies: list[MetadataCopy] = []
    found: list[PvSite] = []
    for index, path in enumerate(paths):
        with SourceDevice(path) as device:
            sites = quick_sites(device, index, find_regions(device)[0])
            areas = tuple(area for site in sites for area in site.areas)
            all_bytes = sum(area.size_bytes for area in areas)

            def step(done_bytes: int, all_bytes: int = all_bytes) -> bool:
                return progress is None or progress(done_bytes, all_bytes, len(copies))

            copies.extend(carve_source(device, areas, index, progress=step, read_bytes=READ_BYTES))
            if not step(all_bytes):
                raise Cancelled("LV-SRC-13", "Reading was stopped. Nothing was changed.")
            sources.append(SurveyedSource(path, device.size_bytes, chosen_label(sites)))
            found.extend(sites)
    warnings: tuple[Message, ...] = ()
    if texts:
        from lvtui.flow.texts import read_texts  # noqa: PLC0415 - parses, where files are named
        from lvtui.lvm.text import TextParser  # noqa: PLC0415

        beside = read_texts(texts, TextParser())
        copies.extend(beside.copies)
        warnings = beside.warnings
    if not copies and not found:
        raise NoMetadataError("LV-SRC-12", NOTHING_FOUND, spec=spec)
    return Survey(tuple(sources), list_histories(copies), warnings)
