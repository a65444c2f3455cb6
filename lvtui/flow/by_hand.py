"""Way A by hand: `dd` lines that give the same image as the copier, on any host with coreutils."""

from __future__ import annotations

import math
import shlex

from lvtui.plan.job import JobSpec
from lvtui.units import SECTOR_BYTES, MiB

BLOCK_BYTES_MAX = 4 * MiB


def dd_lines_of(spec: JobSpec) -> tuple[str, ...]:
    """One line a run of extents, after one that makes the file in its full size.

    `bs` divides length and both offsets of its run, so that no byte count is needed.
    """
    to = shlex.quote(spec.to)
    lines = [f"truncate --size={spec.size_bytes} {to}"]
    for piece in spec.pieces:
        if piece.source is None:
            end = piece.out_offset_bytes + piece.length_bytes
            lines.append(
                f"# bytes {piece.out_offset_bytes} to {end - 1} of the image have no source: zeros"
            )
            continue
        block_bytes = math.gcd(
            piece.length_bytes, piece.source_offset_bytes, piece.out_offset_bytes
        )
        block_bytes = _at_most(block_bytes, BLOCK_BYTES_MAX)
        lines.append(
            f"dd if={shlex.quote(spec.sources[piece.source].path)} of={to} bs={block_bytes} "
            f"skip={piece.source_offset_bytes // block_bytes} "
            f"seek={piece.out_offset_bytes // block_bytes} "
            f"count={piece.length_bytes // block_bytes} conv=notrunc iflag=fullblock"
        )
    return tuple(lines)


def _at_most(block_bytes: int, most_bytes: int) -> int:
    """The largest divisor of `block_bytes` of at most `most_bytes`; runs are whole sectors."""
    sectors = block_bytes // SECTOR_BYTES if block_bytes % SECTOR_BYTES == 0 else 0
    if block_bytes <= most_bytes:
        return block_bytes
    if not sectors:
        return math.gcd(block_bytes, most_bytes)
    most = most_bytes // SECTOR_BYTES
    return SECTOR_BYTES * next(n for n in range(most, 0, -1) if sectors % n == 0)
