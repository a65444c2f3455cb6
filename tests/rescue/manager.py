"""XenServer's storage manager as far as LVM sees it: a small model of sm v3.2.12, with the truth.

Each method follows the one of sm that its docstring names (drivers/LVHDSR.py, drivers/cleanup.py),
command by command; what only xapi or the VHDs see is left out. A host may die behind any version.
"""

from __future__ import annotations

import copy
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from lvtui.lvm.model import VolumeGroup
from tests.rescue.group import Group, Lv

FULL, SMALL = 10, 2


@dataclass
class Disk:
    """A VHD."""

    vdi: str
    lv: str
    """LV uuid: the VHD stays in it, whatever its name."""
    parent: Disk | None = None
    hidden: bool = False
    empty: bool = True
    broken: bool = False
    """Its tail footer was zeroed: every check fails."""

    @property
    def name(self) -> str:
        return f"VHD-{self.vdi}"


@dataclass(frozen=True)
class Truth:
    """What became of an LV."""

    fate: str
    into: str | None
    content_in: str | None


@dataclass(frozen=True)
class Saved:
    """What a restore brings back."""

    vg: VolumeGroup
    lvs: dict[str, Lv]
    disks: list[Disk]
    moved: dict[tuple[str, str], tuple[str, str]]
    gone: set[str]


@dataclass
class Manager:
    """One SR and what its storage manager does to it."""

    chance: random.Random
    thin: bool = False
    group: Group = field(init=False)
    disks: list[Disk] = field(default_factory=list)
    fates: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    """LV uuid → (fate, LV uuid that it was merged into)."""
    moved: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(LV uuid, VDI) of what is still there although its data was moved → its fate to come."""
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """LV uuid of what was deleted → LV uuids of its ancestors then, nearest first."""
    clones: dict[str, tuple[str, str]] = field(default_factory=dict)
    leaves: dict[str, str] = field(default_factory=dict)
    """What stands inside the journals: VDI → (base, clone) and VDI → parent."""
    meanwhile: bool = False
    """Whether other calls come while the collector copies."""

    def __post_init__(self) -> None:
        self.group = Group(self.chance)
        self.group.create("MGT", 1)

    # What the tree says

    def children(self, disk: Disk) -> list[Disk]:
        return [one for one in self.disks if one.parent is disk]

    def leaves_shown(self) -> list[Disk]:
        return [one for one in self.disks if not one.hidden and not self.children(one)]

    def disk(self, vdi: str) -> Disk | None:
        return next((one for one in self.disks if one.vdi == vdi), None)

    def _chain(self, disk: Disk) -> tuple[str, ...]:
        found = []
        parent = disk.parent
        while parent is not None:
            found.append(parent.lv)
            parent = parent.parent
        return tuple(found)

    def truth(self) -> dict[str, Truth]:
        """Of every LV that is gone."""
        here = {lv.uuid for lv in self.group.lvs.values()}
        journals = {lv.uuid for vg in self.group.vgs for lv in vg.lvs if "journaler" in lv.tags}
        found = {uuid: Truth("temporary", None, None) for uuid in journals - here}
        for lv, (fate, into) in self.fates.items():
            end = into
            while end is not None and end not in here:
                end = self.fates[end][1]
            if lv not in here:
                found[lv] = Truth(fate, into, end)
        return found

    # Somebody at the keyboard

    def saved(self) -> Saved:
        """A copy of the metadata, as vgcfgbackup makes it."""
        disks, moved = copy.deepcopy((self.disks, self.moved))
        return Saved(self.group.vgs[-1], dict(self.group.lvs), disks, moved, set(self.fates))

    def restore(self, saved: Saved) -> None:
        """vgcfgrestore: LVs come back, others go, and the merges since are half undone."""
        ever = {lv.uuid for vg in self.group.vgs for lv in vg.lvs if "journaler" not in lv.tags}
        self.disks, self.moved = copy.deepcopy((saved.disks, saved.moved))
        self.group.restore(saved.vg, saved.lvs)
        here = {lv.uuid for lv in saved.lvs.values()}
        for lv in ever:
            since = lv in self.fates and lv not in saved.gone
            merged_since = since and self.fates[lv][0] != "deleted"
            if lv in here:
                self.fates.pop(lv, None)
            elif merged_since or lv not in self.fates:
                self.fates[lv] = ("unknown", None)

    def _new_vdi(self) -> str:
        return str(uuid.UUID(int=self.chance.getrandbits(128)))

    def _extents(self, disk: Disk) -> int:
        return self.group.lvs[disk.name].extents

    def _full(self) -> int:
        return SMALL if self.thin else FULL

    # SM calls

    def vdi_create(self) -> None:
        vdi = self._new_vdi()
        name = f"VHD-{vdi}"
        disk = Disk(vdi, "")
        try:
            disk.lv = self.group.create(name, self._full()).uuid
        finally:
            disk.lv = disk.lv or self.group.lvs[name].uuid
            self.disks.append(disk)

    def vdi_delete(self, disk: Disk) -> None:
        """LVHDVDI.delete; before 7.0 it only hid the disk and left it to the collector."""
        disk.hidden = True
        if self.chance.random() < 0.85:
            self._remove(disk)

    def vdi_resize(self, disk: Disk) -> None:
        self._inflate(disk, self._extents(disk) + self.chance.randint(1, 4))

    def attach_detach(self, disk: Disk) -> None:
        """A thin SR's disk is full while attached; a thick one's always."""
        if self.thin:
            self._inflate(disk, FULL)
            disk.empty = disk.empty and self.chance.random() < 0.4
            self.group.resize(disk.name, SMALL if disk.empty else self.chance.randint(2, FULL))
        disk.empty = disk.empty and self.chance.random() < 0.4

    def vdi_snapshot(self, disk: Disk, *, single: bool = False) -> None:
        """LVHDVDI._snapshot, for snapshots and clones."""
        orig, base_vdi = disk.vdi, self._new_vdi()
        clone_vdi = "" if single else self._new_vdi()
        self.clones[orig] = base_vdi, clone_vdi
        journal = self.group.journal("clone", orig)
        old = disk.name
        disk.vdi = base_vdi
        self.group.rename(old, disk.name)
        self.group.resize(disk.name, min(self._extents(disk), self.chance.randint(SMALL, 4)))
        self._child(disk, orig, self._full())
        if clone_vdi:
            self._child(disk, clone_vdi, self.chance.choice((SMALL, self._full())))
        disk.hidden = True
        self.group.set_writable(disk.name, to=False)
        self.group.remove(journal)
        if not self.children(disk):
            self._remove(disk)

    def backup(self, disk: Disk) -> None:
        """What a nightly backup does: a snapshot, and the one of last night goes."""
        vdi = disk.vdi
        last = self.disk(self.clones[vdi][1]) if vdi in self.clones else None
        disk.empty = disk.empty and self.chance.random() < 0.2
        self.vdi_snapshot(disk)
        if last is not None and not last.hidden and not self.children(last):
            self.vdi_delete(last)

    def _child(self, base: Disk, vdi: str, extents: int) -> None:
        parent = base
        while parent.empty and parent.parent is not None:
            parent = parent.parent
        child = Disk(vdi, "", parent=parent)
        self.disks.append(child)
        try:
            child.lv = self.group.create(child.name, extents).uuid
        finally:
            child.lv = child.lv or self.group.lvs[child.name].uuid

    def _inflate(self, disk: Disk, extents: int) -> None:
        """lvhdutil.inflate."""
        if extents > self._extents(disk):
            journal = self.group.journal("inflate", disk.vdi, self._extents(disk) * 4194304)
            self.group.resize(disk.name, extents)
            self.group.remove(journal)

    def _remove(self, disk: Disk) -> None:
        assert not self.children(disk)
        self.disks.remove(disk)
        if (disk.lv, disk.vdi) not in self.moved:
            self.chains[disk.lv] = self._chain(disk)
        self.fates[disk.lv] = self.moved.get((disk.lv, disk.vdi), ("deleted", None))
        self.group.remove(disk.name)

    # After a crash

    def attach(self) -> None:
        """LVHDSR._undoAllJournals."""
        for journal in self.group.journals("inflate"):
            self._undo_inflate(journal)
        for journal in self.group.journals("clone"):
            self._handle_clone(journal)
        for journal in self.group.journals("leaf"):
            self._handle_leaf(journal)

    def _undo_inflate(self, journal: str) -> None:
        _, vdi, value = journal.split("_")
        disk = self.disk(vdi)
        if disk is not None:
            readonly = not self.group.lvs[disk.name].writable
            self.group.set_writable(disk.name, to=True)
            before = int(value) // 4194304
            if before == self._extents(disk):
                disk.broken = self.chance.random() < 0.5
            self.group.resize(disk.name, before)
            if readonly:
                self.group.set_writable(disk.name, to=False)
        self.group.remove(journal)

    def _handle_clone(self, journal: str) -> None:
        """LVHDSR._handleInterruptedCloneOp."""
        orig = journal.split("_")[1]
        base_vdi, clone_vdi = self.clones[orig]
        base = self.disk(base_vdi)
        if base is not None:
            child, clone = self.disk(orig), self.disk(clone_vdi) if clone_vdi else None
            is_whole = child is not None and (clone is not None or not clone_vdi)
            if is_whole and self.chance.random() < 0.6:
                base.hidden = True
                self.group.set_writable(base.name, to=False)
            else:
                self._undo_clone(base, orig, child, clone)
        self.group.remove(journal)

    def _undo_clone(self, base: Disk, orig: str, child: Disk | None, clone: Disk | None) -> None:
        self.group.set_writable(base.name, to=True)
        base.hidden = False
        for one in (clone, child):
            if one is not None:
                self._remove(one)
                del self.chains[one.lv]  # it held nothing
        self._inflate(base, self._full())
        old, base.vdi = base.name, orig
        self.group.rename(old, base.name)

    def _handle_leaf(self, journal: str) -> None:
        """cleanup.py _handleInterruptedCoalesceLeaf."""
        vdi = journal.split("_")[1]
        parent_vdi = self.leaves[vdi]
        old = self.disk(f"OLD_{vdi}")
        parent = self.disk(parent_vdi)
        if parent is not None or old is not None:
            if parent is None:
                parent = self.disk(vdi)
                assert parent is not None
                before, parent.vdi = parent.name, parent_vdi
                self.group.rename(before, parent.name)
            if old is not None:
                before, old.vdi = old.name, vdi
                self.group.rename(before, old.name)
            child = self.disk(vdi)
            assert child is not None
            child.parent = parent
            child.hidden, parent.hidden = False, True
            self.group.resize(parent.name, max(SMALL, self._extents(parent) - 1))
            self._inflate(child, FULL)
            self.group.set_writable(parent.name, to=False)
        else:
            heir = self.disk(vdi)
            assert heir is not None
            self._inflate(heir, FULL)
        self.group.remove(journal)

    # The collector

    def collect(self) -> None:
        """cleanup.py _gc: stale signs, garbage, coalesce, leaf-coalesce, until nothing is left."""
        for journal in self.group.journals("coalesce"):
            self.group.remove(journal)
        for journal in self.group.journals("leaf"):
            self._handle_leaf(journal)
        failed: set[str] = set()
        for _ in range(self.chance.randint(1, 12)):
            for garbage in [one for one in self.disks if self._is_garbage(one)]:
                self._prune(garbage)
            self._stale_relinks()
            disk = self._next_coalesce(failed)
            if disk is not None:
                if not self._coalesce(disk):
                    failed.add(disk.lv)
                continue
            leaf = self._next_leaf(failed)
            if leaf is None:
                return
            if not self._leaf_coalesce(leaf):
                failed.add(leaf.lv)

    def _is_garbage(self, disk: Disk) -> bool:
        return (
            disk.hidden and not self.children(disk) and f"relink_{disk.vdi}_1" not in self.group.lvs
        )

    def _prune(self, disk: Disk | None) -> None:
        while disk is not None and self._is_garbage(disk):
            self._remove(disk)
            disk = disk.parent

    def _stale_relinks(self) -> None:
        for journal in self.group.journals("relink"):
            if self.disk(journal.split("_")[1]) is None:
                self.group.remove(journal)

    def _next_coalesce(self, failed: set[str]) -> Disk | None:
        for journal in self.group.journals("relink"):
            disk = self.disk(journal.split("_")[1])
            if disk is not None and disk.lv not in failed:
                return disk
        found = [
            one
            for one in self.disks
            if one.hidden
            and one.parent is not None
            and len(self.children(one.parent)) == 1
            and self.children(one)
            and one.lv not in failed
        ]
        return self.chance.choice(found) if found else None

    def _coalesce(self, disk: Disk) -> bool:
        parent = disk.parent
        assert parent is not None
        relink = f"relink_{disk.vdi}_1"
        if relink not in self.group.lvs:
            journal = self.group.journal("coalesce", disk.vdi)
            self.group.set_writable(parent.name, to=True)
            if disk.broken or parent.broken:
                self.group.set_writable(parent.name, to=False)
                return False  # the journal stays, as sm leaves it
            if self.chance.random() < 0.5:
                self._inflate(parent, self._extents(parent) + 1)
            if self.meanwhile and self.chance.random() < 0.5:
                self._other_call()
            parent.empty = parent.empty and disk.empty
            self.group.set_writable(parent.name, to=False)
            self.group.remove(journal)
            self.moved[disk.lv, disk.vdi] = ("coalesced", parent.lv)
            self.group.journal("relink", disk.vdi)
        fails = self.chance.random() < 0.1
        for child in self.children(disk):
            readonly = not self.group.lvs[child.name].writable
            self.group.set_writable(child.name, to=True)
            if not fails:
                child.parent = parent
            if readonly:
                self.group.set_writable(child.name, to=False)
        if fails:
            return False
        self.group.remove(relink)
        self._remove(disk)
        return True

    def _other_call(self) -> None:
        """A call that comes while the collector copies and holds no lock; it leaves the pair alone."""
        shown = self.leaves_shown()
        if not shown:
            self.vdi_create()
            return
        calls = (self.vdi_snapshot, self.attach_detach, self.vdi_resize, self.vdi_delete)
        self.chance.choice(calls)(self.chance.choice(shown))

    def _next_leaf(self, failed: set[str]) -> Disk | None:
        found = [
            one
            for one in self.leaves_shown()
            if one.parent is not None
            and len(self.children(one.parent)) == 1
            and one.lv not in failed
            and not one.broken
            and not one.parent.broken
        ]
        return self.chance.choice(found) if found else None

    def _leaf_coalesce(self, leaf: Disk) -> bool:
        """cleanup.py _coalesceLeaf, _doCoalesceLeaf."""
        if self.chance.random() < 0.2:
            self.vdi_snapshot(leaf, single=True)
            base = leaf  # it is the base copy now
            alone = base in self.disks and base.parent and len(self.children(base.parent)) == 1
            return bool(alone) and self._coalesce(base)
        parent, vdi = leaf.parent, leaf.vdi
        assert parent is not None
        self.leaves[vdi] = parent.vdi
        journal = self.group.journal("leaf", vdi)
        self.group.set_writable(parent.name, to=True)
        self.group.resize(leaf.name, min(self._extents(leaf), self.chance.randint(2, 4)))
        if self.chance.random() < 0.3:
            self._inflate(parent, self._extents(parent) + 1)
        parent.hidden = False
        if self.chance.random() < 0.1:  # it takes too long: undone at once
            self._handle_leaf(journal)
            return False
        old, leaf.vdi = leaf.name, f"OLD_{vdi}"
        self.group.rename(old, leaf.name)
        old, parent.vdi = parent.name, vdi
        self.moved[leaf.lv, leaf.vdi] = ("leaf-coalesced", parent.lv)
        self.group.rename(old, parent.name)
        leaf.hidden, leaf.parent, parent.empty = True, None, parent.empty and leaf.empty
        short = self.chance.random() < 0.15
        if short:
            self._remove(leaf)
        self.group.remove(journal)
        self._inflate(parent, FULL)
        if not short:
            self._remove(leaf)
        return True


def live(seed: int, *, calls: int = 40, restores: bool = False) -> Manager:
    """A life: an administrator and backups at random, the collector after some calls, crashes."""
    saved: Saved | None = None
    chance = random.Random(seed)
    manager = Manager(chance, thin=chance.random() < 0.5, meanwhile=chance.random() < 0.3)
    crashes = chance.choice((0.0, 0.05, 0.2))
    for _ in range(calls):
        steps = chance.randint(0, 12) if chance.random() < crashes else None
        with manager.group.mortal(steps):
            _one_call(manager, chance)
        if steps is not None:
            manager.attach()
        if restores and chance.random() < 0.1:
            if saved is not None and chance.random() < 0.5:
                manager.restore(saved)
            saved = manager.saved()
    return manager


def _one_call(manager: Manager, chance: random.Random) -> None:
    shown = manager.leaves_shown()
    if len(shown) < 2:
        manager.vdi_create()
        return
    call = chance.choices(
        ("collect", "create", "backup", "snapshot", "delete", "attach", "resize"),
        (6, 1, 9, 3, 3, 3, 1),
    )[0]
    disk = chance.choice(shown)
    calls: dict[str, Callable[[], None]] = {
        "collect": manager.collect,
        "create": manager.vdi_create,
        "backup": lambda: manager.backup(disk),
        "snapshot": lambda: manager.vdi_snapshot(disk),
        "delete": lambda: manager.vdi_delete(disk),
        "attach": lambda: manager.attach_detach(disk),
        "resize": lambda: manager.vdi_resize(disk),
    }
    calls[call]()
