"""Two texts of one seqno that no restore explains: two hosts wrote the group.

After a vgcfgrestore the history goes back as well (facts: seqno of the file + 1). It is told from a
second writer by the restored text itself: it holds what the version before it in number held, or
says in its description what made it.
"""

from __future__ import annotations

from lvtui.lvm.carve import Origin
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.version import Version

_RINGS = {Origin.RING, Origin.SCAN}


def find_forks(versions: tuple[Version, ...]) -> tuple[tuple[Version, Version], ...]:
    """One pair for each place where the history goes back without a restore, oldest first."""
    forks = []
    newest: dict[int, Version] = {}
    before: int | None = None
    for version in versions:
        seqno = version.seqno
        if seqno is None or version.origin not in _RINGS or version.committed is False:
            continue
        if not version.whole:
            continue
        other = newest.get(seqno)
        goes_back = before is not None and seqno <= before
        if other is not None and goes_back and not _restored(version, newest.get(seqno - 1)):
            forks.append((other, version))
        newest[seqno] = version
        before = seqno
    return tuple(forks)


def _restored(version: Version, parent: Version | None) -> bool:
    if "vgcfgrestore" in (version.copies[0].index.description or ""):
        return True
    if version.vg is None:
        return True  # not parsed: nothing can be said
    if parent is None or parent.vg is None:
        return False
    return same_content(version.vg, parent.vg)


def same_content(one: VolumeGroup, other: VolumeGroup) -> bool:
    """All that a vgcfgrestore brings back, without what a commit itself changes."""
    if (one.extent_size_sectors, one.pvs) != (other.extent_size_sectors, other.pvs):
        return False
    others = {lv.uuid: lv for lv in other.lvs}
    return len(one.lvs) == len(others) and all(
        (same := others.get(lv.uuid)) is lv
        or (same is not None and (same.name, same.segments) == (lv.name, lv.segments))
        for lv in one.lvs
    )
