"""Which group a torn text belongs to whose head, with the group's name and uuid, is gone.

Where the write head cut it, its LVs and its trailer are left: the LVs' uuids stand in its neighbours
in the ring as well, and the text behind it was written by the same group.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice

from lvtui.lvm.carve import MetadataCopy
from lvtui.lvm.order import follows

_LVM_UUID = re.compile(rb'id = "([0-9A-Za-z!#]{6}(?:-[0-9A-Za-z!#]{4}){5}-[0-9A-Za-z!#]{6})"')
_UUIDS = 32
_NEIGHBOURS = 3
"""How many texts on either side of a torn one in its ring are asked whether they know its LVs."""


class Rings:
    """The texts of known VGs by ring and place: who the neighbours of a torn text are."""

    def __init__(self, copies: Iterable[MetadataCopy]) -> None:
        self._copies: dict[tuple[int, int | None], list[MetadataCopy]] = {}
        for copy in copies:
            if copy.index.vg_uuid is not None:
                self._copies.setdefault((copy.device, copy.area), []).append(copy)
        for ring in self._copies.values():
            ring.sort(key=_offset)
        self._owners = {
            place: {copy.index.vg_uuid for copy in ring} for place, ring in self._copies.items()
        }

    def owner_of(self, torn: MetadataCopy) -> str | None:
        """The VG of a text without its head: by its LVs, by the text behind it, by its ring."""
        ring = self._copies.get((torn.device, torn.area), [])
        after = bisect_right(ring, torn.offset_bytes, key=_offset)
        uuids = [found[1] for found in islice(_LVM_UUID.finditer(torn.text), _UUIDS)]
        near = ring[after : after + _NEIGHBOURS] + ring[max(0, after - _NEIGHBOURS) : after]
        near += ring[:_NEIGHBOURS] + ring[-_NEIGHBOURS:]  # a ring has no end
        for copy in near:
            if any(uuid in copy.text for uuid in uuids):
                return copy.index.vg_uuid
        if after < len(ring) and follows(torn, ring[after].offset_bytes):
            return ring[after].index.vg_uuid
        owners = self._owners.get((torn.device, torn.area), set())
        return next(iter(owners)) if len(owners) == 1 and torn.area is not None else None


def _offset(copy: MetadataCopy) -> int:
    return copy.offset_bytes
