"""Scenes that look like a loss or a merge and are the other, one by one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

import pytest

from lvtui.rescue.merged import Fate, GoneBy, fates
from tests.rescue.manager import Disk, Manager
from tests.rescue.told import history_of

_T = TypeVar("_T")


class Steady(random.Random):
    """Chance that takes the usual course: writes happen, nothing fails, deletions are at once."""

    def random(self) -> float:
        return 0.5

    def choice(self, seq: Sequence[_T]) -> _T:  # type: ignore[override] # the first of them
        return seq[0]

    def randint(self, a: int, b: int) -> int:
        return max(a, min(b, 3))


def _manager() -> Manager:
    return Manager(Steady(7))


def _chain(manager: Manager) -> tuple[Disk, Disk, Disk, Disk]:
    """Base B of base X of disk V, and X's snapshot S: X can be merged into B once nothing hinders."""
    manager.vdi_create()
    (base,) = manager.disks
    manager.attach_detach(base)
    vdi = base.vdi
    manager.backup(base)
    middle = manager.disk(vdi)
    assert middle is not None
    manager.attach_detach(middle)
    manager.backup(middle)
    leaf, shot = manager.disk(vdi), manager.disk(manager.clones[vdi][1])
    assert leaf is not None
    assert shot is not None
    assert (base, middle, middle) == (middle.parent, leaf.parent, shot.parent)
    return base, middle, leaf, shot


def _merge_until_relinked(manager: Manager, middle: Disk) -> None:
    """The host dies when the data has moved: coalesce_, writable, read-only, no journal, relink_."""
    with manager.group.mortal(4):
        manager.collect()
    assert f"relink_{middle.vdi}_1" in manager.group.lvs


def _fates(manager: Manager, out: Iterable[int] = ()) -> dict[str, Fate]:
    gone = set(out)
    return dict(fates(history_of([v for n, v in enumerate(manager.group.vgs) if n not in gone])))


def _positions(manager: Manager, name: str) -> list[int]:
    """Versions that hold an LV of this name."""
    held = manager.group.vgs
    return [n for n, vg in enumerate(held) if any(lv.name == name for lv in vg.lvs)]


def test_a_base_copy_between_two_others_is_merged_into_the_lower_one() -> None:
    manager = _manager()
    base, middle, _, _ = _chain(manager)

    manager.collect()

    found = _fates(manager)[middle.lv]
    assert (found.gone_by, found.into, found.content_in) == (GoneBy.COALESCED, base.lv, base.lv)


def test_a_merge_that_fails_in_every_run_leaves_journals_and_no_merge() -> None:
    manager = _manager()
    base, middle, leaf, shot = _chain(manager)
    base.broken = True
    for _ in range(3):
        manager.collect()
    assert middle in manager.disks

    manager.vdi_delete(shot)
    manager.vdi_delete(leaf)
    manager.collect()

    assert len(_positions(manager, f"coalesce_{middle.vdi}_1")) > 3
    assert {one.gone_by for one in _fates(manager).values()} == {GoneBy.DELETED, GoneBy.TEMPORARY}


@pytest.mark.parametrize("steps", range(5))
def test_a_merge_cut_short_by_a_crash_and_never_done_is_a_deletion(steps: int) -> None:
    manager = _manager()
    _, middle, leaf, shot = _chain(manager)
    with manager.group.mortal(steps):
        manager.collect()
    was_moved = (middle.lv, middle.vdi) in manager.moved
    manager.vdi_delete(shot)
    manager.vdi_delete(leaf)
    manager.attach()
    manager.collect()

    expected = GoneBy.COALESCED if was_moved else GoneBy.DELETED
    assert _fates(manager)[middle.lv].gone_by is expected


def test_a_merged_volume_that_is_still_present_has_no_fate() -> None:
    manager = _manager()
    _, middle, _, _ = _chain(manager)
    _merge_until_relinked(manager, middle)

    assert middle.lv not in _fates(manager)


def test_a_volume_once_merged_that_took_a_disks_name_is_deleted_with_that_disk() -> None:
    manager = _manager()
    _, middle, leaf, shot = _chain(manager)
    manager.vdi_delete(shot)
    _merge_until_relinked(manager, middle)
    relinked = len(manager.group.vgs) - 1
    vdi, relink = leaf.vdi, f"relink_{middle.vdi}_1"
    assert leaf.parent is middle
    assert manager._leaf_coalesce(leaf)
    heir = manager.disk(vdi)
    assert heir is middle
    heir.hidden = True
    manager._remove(heir)
    manager.group.remove(relink)

    assert _fates(manager)[middle.lv].gone_by is GoneBy.DELETED
    hidden = range(relinked + 1, len(manager.group.vgs) - 1)
    assert _fates(manager, hidden)[middle.lv].gone_by is GoneBy.UNKNOWN


def test_the_disk_is_deleted_and_its_snapshot_stays() -> None:
    manager = _manager()
    manager.vdi_create()
    (base,) = manager.disks
    manager.attach_detach(base)
    vdi = base.vdi
    manager.backup(base)
    leaf, shot = manager.disk(vdi), manager.disk(manager.clones[vdi][1])
    assert leaf is not None
    assert shot is not None
    manager.vdi_delete(leaf)
    manager.collect()

    found = _fates(manager)
    assert found[leaf.lv].gone_by is GoneBy.DELETED
    assert (found[shot.lv].gone_by, found[shot.lv].into) == (GoneBy.LEAF_COALESCED, base.lv)


def test_an_empty_leaf_that_its_snapshot_drops_held_nothing() -> None:
    manager = _manager()
    _, _, leaf, _ = _chain(manager)
    assert leaf.empty
    manager.vdi_snapshot(leaf)

    found = _fates(manager)[leaf.lv]
    assert found.gone_by is GoneBy.DELETED
    assert "it held no data of its own" in str(found.evidence[0])


@pytest.mark.parametrize("steps", range(4))
def test_children_of_a_snapshot_that_was_undone_held_nothing(steps: int) -> None:
    manager = _manager()
    manager.vdi_create()
    (disk,) = manager.disks
    manager.attach_detach(disk)
    vdi = disk.vdi
    with manager.group.mortal(steps):
        manager.vdi_snapshot(disk)
    manager.attach()

    assert manager.disk(vdi) is disk
    told = [fate for fate in _fates(manager).values() if fate.gone_by is not GoneBy.TEMPORARY]
    assert all("a snapshot that was undone" in str(fate.evidence[0]) for fate in told)
    assert len(told) == (steps == 3)


def test_a_failed_leaf_coalesce_is_undone_and_the_disk_deleted_later() -> None:
    manager = _manager()
    manager.vdi_create()
    (base,) = manager.disks
    manager.attach_detach(base)
    vdi = base.vdi
    manager.vdi_snapshot(base, single=True)
    leaf = manager.disk(vdi)
    assert leaf is not None
    for steps in range(1, 5):
        with manager.group.mortal(steps):
            manager._leaf_coalesce(leaf)
        manager.attach()
    assert manager.disk(vdi) is leaf
    manager.vdi_delete(leaf)

    assert _fates(manager)[leaf.lv].gone_by is GoneBy.DELETED
    under_way = set(_positions(manager, f"VHD-OLD_{vdi}"))
    assert under_way
    for last in under_way:  # what came after this sight of it is not known
        out = range(last + 1, len(manager.group.vgs) - 1)
        assert _fates(manager, out)[leaf.lv].gone_by in {GoneBy.UNKNOWN, GoneBy.DELETED}


def test_the_target_of_a_merge_is_its_own_parent_whatever_else_goes_on() -> None:
    manager = _manager()
    base, middle, _, _ = _chain(manager)
    manager.vdi_create()
    other = manager.disks[-1]
    manager.attach_detach(other)
    start = len(manager.group.vgs)
    journal = manager.group.journal("coalesce", middle.vdi)
    manager.group.set_writable(base.name, to=True)
    manager.vdi_snapshot(other)  # its LV becomes a base copy, read-only
    manager.group.set_writable(base.name, to=False)
    manager.group.remove(journal)
    manager.moved[middle.lv, middle.vdi] = ("coalesced", base.lv)
    manager.group.journal("relink", middle.vdi)
    manager.collect()
    names = [sorted(lv.name[:9] for lv in vg.lvs if lv.tags) for vg in manager.group.vgs]

    for first in (0, start, start + 1, start + 2):  # the rings begin ever later
        found = _fates(manager, range(first))[middle.lv]
        assert (found.gone_by, found.into) in {
            (GoneBy.COALESCED, base.lv),
            (GoneBy.UNKNOWN, None),
        }, names[first:]
    for hidden in range(start, len(names) - 2):
        found = _fates(manager, {*range(start - 1), hidden, hidden + 1})[middle.lv]
        assert found.into in {base.lv, None}


def test_an_lv_of_another_group_is_deleted_where_its_removal_is_seen() -> None:
    manager = _manager()
    manager.group.create("data", 3)
    manager.group.remove("data")

    (found,) = _fates(manager).values()
    assert found.gone_by is GoneBy.DELETED


def test_nothing_is_known_of_an_lv_that_the_last_known_version_still_has() -> None:
    manager = _manager()
    manager.vdi_create()
    history = history_of(manager.group.vgs, current=False)

    assert {fate.gone_by for fate in fates(history).values()} == {GoneBy.UNKNOWN}
