"""How much metadata text there is: a bound for what an honest group never has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lvtui.lvm.carve import CopyState, MetadataCopy
from lvtui.units import MiB

DISTINCT_BYTES_MAX = 32 * MiB
"""A ring of XenServer holds 11 MiB, and all PVs of a group hold the same texts."""


class Excess(NamedTuple):
    """A group with more text than one has."""

    vg_name: str
    distinct_bytes: int


def find_excess(copies: Sequence[MetadataCopy]) -> Excess | None:
    """The group with the most distinct whole text, if that is more than the bound."""
    if sum(copy.length_bytes for copy in copies) <= DISTINCT_BYTES_MAX:
        return None
    texts: dict[str, dict[str, int]] = {}
    names: dict[str, str] = {}
    for copy in copies:
        vg_uuid = copy.index.vg_uuid
        if vg_uuid is not None and copy.state is not CopyState.TORN:
            texts.setdefault(vg_uuid, {})[copy.text_sha256] = copy.length_bytes
            names[vg_uuid] = copy.index.vg_name or "?"
    amounts = {vg_uuid: sum(found.values()) for vg_uuid, found in texts.items()}
    most = max(amounts, key=amounts.__getitem__, default=None)
    if most is None or amounts[most] <= DISTINCT_BYTES_MAX:
        return None
    return Excess(names[most], amounts[most])
