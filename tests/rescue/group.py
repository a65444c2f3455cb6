"""A volume group for simulated histories: every command writes a version, a host may die after any."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lvtui.lvm.model import LogicalVolume, Section, Segment, StripeArea, VolumeGroup

SR = "5b1a42ce-21db-43d1-ad6e-014a1f21a04b"
_EMPTY = Section("x", ())


class Died(Exception):
    """The host went down behind a version."""


@dataclass(frozen=True)
class Lv:
    """What LVM knows of an LV."""

    uuid: str
    name: str
    extents: int
    writable: bool = True
    tags: tuple[str, ...] = ()


@dataclass
class Group:
    """The commands that sm gives, and the versions that they leave."""

    chance: random.Random
    lvs: dict[str, Lv] = field(default_factory=dict)
    """By name."""
    seqno: int = 0
    vgs: list[VolumeGroup] = field(default_factory=list)
    dies_in: int | None = None
    """So many versions later."""
    deaths: int = 0
    _numbers: int = 0
    _made: dict[Lv, LogicalVolume] = field(default_factory=dict)

    def create(self, name: str, extents: int, *tags: str) -> Lv:
        """lvcreate."""
        self._numbers += 1
        lv = Lv(f"uuid-{self._numbers:06d}", name, extents, tags=tags)
        self.lvs[name] = lv
        self._commit()
        return lv

    def remove(self, name: str) -> None:
        """lvremove."""
        del self.lvs[name]
        self._commit()

    def rename(self, old: str, new: str) -> None:
        """lvrename."""
        assert new not in self.lvs
        self.lvs[new] = replace(self.lvs.pop(old), name=new)
        self._commit()

    def resize(self, name: str, extents: int) -> None:
        """lvresize; without a change LVM writes nothing."""
        self._change(name, replace(self.lvs[name], extents=extents))

    def set_writable(self, name: str, *, to: bool) -> None:
        """lvchange -p."""
        self._change(name, replace(self.lvs[name], writable=to))

    def _change(self, name: str, to: Lv) -> None:
        if self.lvs[name] != to:
            self.lvs[name] = to
            self._commit()

    def journal(self, kind: str, vdi: str, value: object = 1) -> str:
        """Make a journal."""
        name = f"{kind}_{vdi}_{value}"
        self.create(name, 1, "journaler")
        return name

    def journals(self, kind: str) -> list[str]:
        """Names of the journals of a kind that stand."""
        return [name for name in self.lvs if name.startswith(f"{kind}_")]

    @contextmanager
    def mortal(self, steps: int | None) -> Iterator[None]:
        """The host dies so many versions from here, if the work takes that long."""
        self.dies_in = steps
        try:
            yield
        except Died:
            self.deaths += 1
        finally:
            self.dies_in = None

    def restore(self, vg: VolumeGroup, lvs: dict[str, Lv]) -> None:
        """vgcfgrestore: the next seqno is that of the file, plus one."""
        self.seqno = vg.seqno
        self.lvs = dict(lvs)
        self._commit()

    def _commit(self) -> None:
        self.seqno += 1
        self.vgs.append(
            VolumeGroup(
                name=f"VG_XenStorage-{SR}",
                uuid="RNhJN6-yAJE-QMlW-42Z8-wRnt-eRtx-dFBDsb",
                seqno=self.seqno,
                extent_size_sectors=8192,
                status=("RESIZEABLE", "READ", "WRITE"),
                flags=(),
                tags=(),
                system_id=None,
                pvs=(),
                lvs=tuple(self._lv(lv) for lv in self.lvs.values()),
                creation_time=None,
                creation_host=None,
                description=None,
                section=_EMPTY,
                trailer=(),
            )
        )
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                raise Died

    def _lv(self, lv: Lv) -> LogicalVolume:
        if lv not in self._made:
            segment = Segment(
                start_extent=0,
                extent_count=lv.extents,
                type="striped",
                stripe_size_sectors=None,
                stripes=(StripeArea("pv0", 0),),
                section=_EMPTY,
            )
            self._made[lv] = LogicalVolume(
                name=lv.name,
                uuid=lv.uuid,
                status=("READ", "WRITE", "VISIBLE") if lv.writable else ("READ", "VISIBLE"),
                flags=(),
                tags=lv.tags,
                creation_time=None,
                creation_host=None,
                segments=(segment,),
                section=_EMPTY,
            )
        return self._made[lv]
