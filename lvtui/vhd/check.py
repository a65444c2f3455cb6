"""Check a disk: every rule over every image of its chain, and the damage in the guest's terms.

`lvtui check` and the wizard's content page; the second, independent proof of a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lvtui.source import ByteRange
from lvtui.vhd.chain import Chain, End
from lvtui.vhd.check_bitmaps import BitmapCheck, check_bitmaps, volume_beginnings
from lvtui.vhd.check_structure import check_structure
from lvtui.vhd.check_table import check_table
from lvtui.vhd.damage import blocks_touched, damaged_ranges, unknown_ranges, visible
from lvtui.vhd.extent import joined
from lvtui.vhd.finding import Finding, Severity, error, warning
from lvtui.vhd.flatten import VirtualDisk, disk_layers
from lvtui.vhd.image import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskCheck:
    """What is known about a disk; `damaged` and `doubtful` are ranges of the virtual disk."""

    findings: tuple[Finding, ...]
    """Of the leaf, of the chain, then of its parents."""
    allocated_blocks: int
    """Of the leaf."""
    damaged: tuple[ByteRange, ...]
    """Lost: no right byte can be given."""
    doubtful: tuple[ByteRange, ...]
    """Bytes can be given and may be wrong."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing speaks against the disk: what `intact` needs from here."""
        return not (
            self.damaged
            or self.doubtful
            or any(finding.severity is Severity.ERROR for finding in self.findings)
        )

    @property
    def damaged_blocks(self) -> int:
        """2 MiB blocks that are damaged or doubtful."""
        return blocks_touched((*self.damaged, *self.doubtful))


def check_image(image: Image, *, bitmaps: bool = True) -> DiskCheck:
    """Check one image by itself; without `bitmaps` only its tables, which takes milliseconds."""
    table = check_table(image)
    deep = check_bitmaps(image) if bitmaps else BitmapCheck()
    return DiskCheck(
        findings=(*check_structure(image), *table.findings, *deep.findings),
        allocated_blocks=table.allocated_blocks,
        damaged=joined([*table.lost, *deep.lost]),
        doubtful=joined([*table.doubtful, *deep.doubtful]),
    )


def check_chain(
    chain: Chain,
    *,
    lost: Mapping[int, Sequence[ByteRange]] | None = None,
    extent_bytes: int | None = None,
    bitmaps: bool = True,
) -> DiskCheck:
    """Check a disk through its chain.

    Args:
        chain: leaf first, as `build_chain` gives it.
        lost: layer (0 = leaf) → ranges of its volume that are known to be overwritten or unreadable.
        extent_bytes: extent size of the VG; given, the starts of extents are looked at for younger
            volumes.
        bitmaps: read every bitmap.
    """
    # Built by hand: a check looks at encrypted and incomplete chains, too.
    disk = VirtualDisk(disk_layers(chain), chain.leaf.size_bytes, chain.end)
    findings: list[Finding] = []
    damaged: list[ByteRange] = []
    doubtful: list[ByteRange] = []
    allocated = 0
    for number, image in enumerate(chain.images):
        own = check_image(image, bitmaps=bitmaps)
        findings += own.findings
        if number == 0:
            allocated = own.allocated_blocks
            findings += chain.findings
        damaged += visible(disk, number, own.damaged)
        doubtful += visible(disk, number, own.doubtful)
        if extent_bytes is not None:
            begun = [
                suspect.extent
                for suspect in volume_beginnings(image.source, extent_bytes)
                if damaged_ranges(disk, {number: (suspect.signature,)})
            ]
            doubtful += damaged_ranges(disk, {number: begun}) if begun else ()
            findings += [
                warning(
                    "V12",
                    extent.offset_bytes,
                    "Another volume seems to begin here, inside the data of {name}.",
                    name=image.name,
                )
                for extent in begun[:16]
            ]
    if lost:
        overwritten = damaged_ranges(disk, lost)
        damaged += overwritten
        if overwritten:
            findings.append(
                error(
                    "V11",
                    None,
                    "{size:bytes} of the disk stood in places that were overwritten or cannot be read, "
                    "in {count:count} blocks.",
                    size=sum(item.length_bytes for item in overwritten),
                    count=blocks_touched(overwritten),
                )
            )
    if chain.end in {End.MISSING, End.NO_PARENT}:
        damaged += unknown_ranges(disk)
    all_damaged = joined(damaged)
    return DiskCheck(
        findings=tuple(findings),
        allocated_blocks=allocated,
        damaged=all_damaged,
        doubtful=joined(doubtful),
    )
