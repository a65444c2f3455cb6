"""What must be said of the places where PVs were found: where each begins, copies, short devices."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from lvtui.flow.pvs import PvPlaces, Sited
from lvtui.lvm.locate import Region
from lvtui.message import Message, message


def place_warnings(
    sources: Sequence[Sited], places: PvPlaces, nested: Container[str] = ()
) -> tuple[Message, ...]:
    """One sentence a PV that does not begin where its source does, and for each second copy.

    Nothing of `nested` ones, which are a guest's and said elsewhere.
    """
    found: dict[Message, None] = {}
    for uuid, place in places.places:
        source = sources[place.device]
        if place.base_bytes and uuid not in nested:
            found.setdefault(_begins(uuid, place.base_bytes, source))
    for uuid, copy in places.copies:
        chosen = places.place_of(uuid)
        if chosen is not None:
            found.setdefault(
                message(
                    "PV {pv} is there twice: byte {base} of {path} is read, byte {other_base} of "
                    "{other} is left aside (the half of a mirror, or a clone). Write to none of them.",
                    pv=uuid,
                    base=chosen.base_bytes,
                    path=sources[chosen.device].path,
                    other_base=copy.base_bytes,
                    other=sources[copy.device].path,
                )
            )
    return tuple(found)


def _begins(pv_uuid: str, base_bytes: int, source: Sited) -> Message:
    start = next(
        (r for r in source.regions if r.base_bytes == base_bytes and r.where is not None), None
    )
    if start is not None and start.where is not None:
        return message(
            "PV {pv} begins at byte {base} of {path}: {where}",
            pv=pv_uuid,
            base=base_bytes,
            path=source.path,
            where=str(start.where),
        )
    around = next(_around(base_bytes, source), None)
    if around is not None and around.where is not None:
        return message(
            "PV {pv} begins at byte {base} of {path}, where no partition begins; {where} covers it "
            "now: was the partition table written anew? Copy first, change nothing on the disk.",
            pv=pv_uuid,
            base=base_bytes,
            path=source.path,
            where=str(around.where),
        )
    return message(
        "PV {pv} begins at byte {base} of {path}, where no partition begins",
        pv=pv_uuid,
        base=base_bytes,
        path=source.path,
    )


def _around(base_bytes: int, source: Sited) -> Iterator[Region]:
    """Regions that cover a place, the smallest first."""
    covering = [r for r in source.regions if r.where and r.base_bytes < base_bytes < r.end_bytes]
    yield from sorted(covering, key=lambda region: region.length_bytes)
