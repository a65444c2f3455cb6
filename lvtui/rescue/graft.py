"""Which lost volumes may come back, under which name first, and what they are called at last.

In an SR a restored LV first has a name that neither scan nor collector looks at (facts/xenserver.md
2.1): the collector would take a hidden leaf away within seconds. Outside an SR it has its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lvtui.lvm.merge import Conflict, Graft, Naming
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.message import message
from lvtui.xen.names import VolumeRole, neutral_name, parse_group, volume_in

_DISKS = frozenset({VolumeRole.VHD, VolumeRole.RAW, VolumeRole.QCOW2})
_NAMES_TRIED_MAX = 100
_HIDDEN = "hidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comeback:
    """A lost volume on its way back."""

    lv: LogicalVolume
    origin: VolumeGroup
    role: VolumeRole
    first_name: str
    """Under which it is restored."""
    is_parent: bool
    """A base copy: read-only, stays hidden."""

    @property
    def graft(self) -> Graft:
        """For the merge."""
        return Graft(lv=self.lv, origin=self.origin, name=self.first_name)

    @property
    def final(self) -> Naming:
        """Its last name; a raw base copy gets back the tag that hides it."""
        hidden = self.is_parent and self.role is VolumeRole.RAW
        return Naming(lv_uuid=self.lv.uuid, name=self.lv.name, tags=(_HIDDEN,) if hidden else ())


def comebacks(
    current: VolumeGroup, wanted: Sequence[tuple[LogicalVolume, VolumeGroup]]
) -> tuple[Comeback, ...]:
    """How each wanted LV comes back; the order is kept."""
    taken = {lv.name for lv in current.lvs}
    in_sr = parse_group(current.name).is_lvm_sr
    found: list[Comeback] = []
    for lv, origin in wanted:
        name = volume_in(current.name, lv.name, lv.tags)
        first_name = _free(lv, taken, name.vdi_uuid if in_sr else None)
        taken.add(first_name)
        found.append(
            Comeback(
                lv=lv,
                origin=origin,
                role=name.role,
                first_name=first_name,
                is_parent=in_sr and "WRITE" not in lv.status,
            )
        )
    return tuple(found)


def _free(lv: LogicalVolume, taken: Iterable[str], vdi_uuid: str | None) -> str:
    names = set(taken)
    if vdi_uuid is not None:
        tried = [neutral_name(vdi_uuid, number) for number in range(1, _NAMES_TRIED_MAX)]
    else:
        tried = [lv.name] + [f"{lv.name}-lvtui{number}" for number in range(1, _NAMES_TRIED_MAX)]
    return next((name for name in tried if name not in names), tried[0])


def role_conflicts(current: VolumeGroup, back: Iterable[Comeback]) -> tuple[Conflict, ...]:
    """Volumes of the storage manager that do harm when they come back."""
    if not parse_group(current.name).is_lvm_sr:
        return ()
    return tuple(
        Conflict(
            code="LV-GRF-01",
            message=message(
                "{lv} is no disk ({role}): the storage manager would act on it. It is not restored.",
                lv=one.lv.name,
                role=one.role.value,
            ),
        )
        for one in back
        if one.role not in _DISKS
    )


def renamed(back: Comeback) -> bool:
    """Whether it comes back under another name than it had."""
    return back.first_name != back.lv.name
