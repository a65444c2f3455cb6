"""Way C's own writes: the footers of a restored leaf without `hidden`, on the PVs beneath it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lvtui.lvm.mapping import MappedRange
from lvtui.message import message
from lvtui.plan.recipes.writes import ByteWrite
from lvtui.rescue.unhide import FooterWrite


def unhide(
    name: str,
    ranges: Sequence[MappedRange],
    footers: Iterable[FooterWrite],
    devices: Mapping[str, tuple[str, str]],
) -> Iterator[ByteWrite]:
    """The writes of one volume.

    Args:
        name: the volume's.
        ranges: where it lies.
        footers: what to write in it; a footer is a sector, so it lies on one PV.
        devices: PV uuid → (path, identity).
    """
    for footer in footers:
        run = next(
            run
            for run in ranges
            if run.lv_offset_bytes <= footer.offset_bytes < run.lv_offset_bytes + run.length_bytes
        )
        path, identity = devices[run.pv_uuid]
        if footer.place == "head":
            purpose = message("{name}: clear hidden in the footer at its start", name=name)
        else:
            purpose = message("{name}: the footer at its end, as at its start", name=name)
        yield ByteWrite(
            path=path,
            device_identity=identity,
            offset_bytes=run.pv_offset_bytes + footer.offset_bytes - run.lv_offset_bytes,
            old=footer.old,
            new=footer.new,
            stem=f"{name}-{footer.place}",
            purpose=purpose,
        )
