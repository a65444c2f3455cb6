"""Files that say once more what another text says: a backup of a version that a ring holds as well.

`/etc/lvm/archive` holds each version with the time and the reason of the next change, so its bytes are
others than the ring's. It is listed as a text of its own, and tells nothing new of who held what: it
is no commit, and no restore.
"""

from __future__ import annotations

from collections.abc import Sequence

from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.version import Version


def repeats(versions: Sequence[Version]) -> dict[str, str]:
    """Version id → id of the version with the same number and the same volumes that counts for it.

    A text that stands on a disk counts before one that stands in files only.
    """
    if not any(is_file(version) for version in versions):
        return {}
    found: dict[str, str] = {}
    by_seqno: dict[int, list[Version]] = {}
    for version in sorted(versions, key=is_file):
        if version.vg is None or not version.usable:
            continue
        same = by_seqno.setdefault(version.vg.seqno, [])
        if is_file(version):
            twin = next((one for one in same if one.vg and _is_same(one.vg, version.vg)), None)
            if twin is not None:
                found[version.id] = twin.id
                continue
        same.append(version)
    return found


def is_file(version: Version) -> bool:
    """Whether a text stands in files only."""
    return all(copy.file is not None and copy.area is None for copy in version.copies)


def _is_same(one: VolumeGroup, other: VolumeGroup) -> bool:
    """Names of devices and what a commit itself writes do not matter."""
    if one.name != other.name or one.extent_size_sectors != other.extent_size_sectors:
        return False
    pvs = [
        {(pv.uuid, pv.name): (pv.pe_start_sectors, pv.pe_count) for pv in vg.pvs}
        for vg in (one, other)
    ]
    if pvs[0] != pvs[1] or len(one.lvs) != len(other.lvs):
        return False
    others = {lv.uuid: lv for lv in other.lvs}
    return all(
        (same := others.get(lv.uuid)) is not None
        and (same.name, same.segments) == (lv.name, lv.segments)
        for lv in one.lvs
    )
