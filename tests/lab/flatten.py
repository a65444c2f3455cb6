"""What lies inside lost volumes, in the judge's terms: the flattened disks and the chains."""

from __future__ import annotations

import hashlib

from lvtui.errors import FormatError, Refused
from lvtui.flow.discover import Discovery
from lvtui.flow.second_proof import Reader, open_shelf
from lvtui.source import ByteSource
from lvtui.vhd.flatten import virtual_disk

CHUNK = 1 << 20


def sha256_of(source: ByteSource) -> str | None:
    """Of all bytes; None where one cannot be read."""
    digest = hashlib.sha256()
    for at in range(0, source.size_bytes, CHUNK):
        piece = source.pread(at, CHUNK)
        if piece.gaps:
            return None
        digest.update(piece.data)
    return digest.hexdigest()


def insides(discovery: Discovery) -> tuple[dict[str, str | None], list[list[str]]]:
    """(LV uuid → sha256 of its disk, chains by name) of every lost volume with a VHD."""
    disks: dict[str, str | None] = {}
    chains: list[list[str]] = []
    paths = [source.path for source in discovery.sources]
    with open_shelf(paths, discovery.histories, discovery.places, discovery.lost) as shelf:
        reader = Reader(shelf)
        for report in discovery.lost:
            if report.vhd is None or report.vhd.type == "none":
                continue
            try:
                opened = reader.disk_in(shelf.of_report(report))
                disks[report.lost.lv.uuid] = sha256_of(virtual_disk(opened.chain))
            except (FormatError, Refused):
                continue
            chains.append([one.lv.name for one in opened.volumes])
    return disks, chains
