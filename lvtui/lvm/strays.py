"""Texts whose group's id is damaged: they would make a group of their own that never was.

An id of LVM is random, so that two that agree in most of their characters are one. The texts before
or behind it in its ring, of the version before or after, tell whose it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from lvtui.lvm.carve import CrcState, MetadataCopy


def homes(copies: Sequence[MetadataCopy]) -> dict[str, str]:
    """Damaged VG uuid → the uuid that its neighbours in the ring have."""
    counts = Counter(copy.index.vg_uuid for copy in copies)
    if len(counts) < 2:
        return {}
    told = [copy for copy in copies if copy.index.vg_uuid is not None]
    told.sort(key=lambda copy: (copy.device, -1 if copy.area is None else copy.area))
    found: dict[str, str] = {}
    for one, other in pairwise(told):
        if one.index.vg_uuid == other.index.vg_uuid:
            continue
        stray, home = sorted((one, other), key=lambda copy: counts[copy.index.vg_uuid])
        if _is_stray(stray, home) and counts[stray.index.vg_uuid] < counts[home.index.vg_uuid]:
            found[str(stray.index.vg_uuid)] = str(home.index.vg_uuid)
    return found


def _is_stray(stray: MetadataCopy, home: MetadataCopy) -> bool:
    from lvtui.lvm.steps import is_alike  # noqa: PLC0415 - of all lists only one with strays

    own, theirs = stray.index, home.index
    return (
        stray.crc is not CrcState.OK
        and (stray.device, stray.area) == (home.device, home.area)
        and abs((own.seqno or 0) - (theirs.seqno or 0)) == 1
        and is_alike(own.vg_uuid or "", theirs.vg_uuid or "")
    )
