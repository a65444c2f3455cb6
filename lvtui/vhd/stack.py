"""The disk of volumes whose order is known: what a copy is planned with, and what its worker makes.

Both come here with the same volumes, so that a resumed copy goes on with the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from lvtui.source import ByteSource
from lvtui.vhd.chain import Candidate, Catalogue, build_chain
from lvtui.vhd.flatten import VirtualDisk, virtual_disk
from lvtui.vhd.image import open_image
from lvtui.vhd.write import VhdFile, standalone_vhd


def disk_of(volumes: Sequence[tuple[str, ByteSource]], *, partial: bool = False) -> VirtualDisk:
    """The disk of the first volume, read through the others.

    Args:
        volumes: (name, bytes) of the leaf, its parent and so on; a raw root under the name by which
            its child knows it.
        partial: make it although a parent is missing.

    Raises:
        FormatError: `LV-VHD-01` to `-04`, there is no usable image in the first. Refused: `LV-VHD-10`
            a parent is missing, `LV-VHD-11` it is encrypted.
    """
    name, source = volumes[0]
    candidates = [Candidate(name, name, source) for name, source in volumes[1:]]
    chain = build_chain(open_image(source, name=name), Catalogue(candidates))
    return virtual_disk(chain, partial=partial)


def image_of(
    volumes: Sequence[tuple[str, ByteSource]], fmt: str, *, partial: bool = False
) -> VirtualDisk | VhdFile:
    """What a copy holds: the disk itself for `raw`, for `vhd` one stand-alone VHD of it.

    Raises:
        FormatError, Refused: as `disk_of`.
    """
    disk = disk_of(volumes, partial=partial)
    if fmt == "raw":
        return disk
    name, source = volumes[0]
    return standalone_vhd(disk, open_image(source, name=name).footer)
