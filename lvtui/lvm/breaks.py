"""Where a history is not an unbroken line: versions that are unknown, and branches that were left."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from lvtui.lvm.carve import CopyState
from lvtui.lvm.forks import same_content
from lvtui.lvm.held import Gap
from lvtui.lvm.order import adjacent, missing_between
from lvtui.lvm.version import Version

_PARENTS = 16
"""As many texts of one seqno are compared with a text that goes back."""


def gaps(versions: tuple[Version, ...]) -> Iterator[Gap]:
    """Where something is unknown; a never-committed text is no version of the group."""
    before: Version | None = None
    position = -1
    unknown: list[Version] = []
    for version in versions:
        if version.committed is False:
            continue
        if not version.usable:
            unknown.append(version)
            continue
        if before is not None:
            missing = missing_between(before, version)
            if missing or (unknown and not _explained(before, version, unknown)):
                yield Gap(after=position, missing_seqnos=missing)
        before = version
        position += 1
        unknown.clear()
    if before is not None and unknown and not _explained(before, before, unknown):
        yield Gap(after=position, missing_seqnos=None)


def _explained(before: Version, after: Version, unknown: list[Version]) -> bool:
    """Whether pieces between two texts are no version of their own: residue, or a torn copy."""
    if any(version.state is not CopyState.TORN for version in unknown):
        return False
    if before is not after and adjacent(before, after):
        return True
    wholes = (before.copies[0].stripped, after.copies[0].stripped)
    return all(
        any(
            whole.endswith(version.copies[0].stripped) or whole.startswith(version.copies[0].text)
            for whole in wholes
        )
        for version in unknown
    )


def branches(known: tuple[Version, ...]) -> Iterator[tuple[int, int]]:
    """Where the seqno does not rise: what came after the restored version was left.

    The restored version has the seqno before, and of several the one with the same content; where
    that does not tell (an edited file, a second host), the oldest of them, which leaves the most.
    """
    by_seqno: dict[int, list[int]] = {}
    greatest: list[int] = []
    before = -1
    for position, version in enumerate(known):
        seqno = version.seqno or 0
        if position and seqno <= before:
            parents = by_seqno.get(seqno - 1, [])
            alike = (p for p in reversed(parents[-_PARENTS:]) if _is_restored(version, known[p]))
            oldest = parents[0] if parents else bisect_left(greatest, seqno) - 1
            first = next(alike, oldest) + 1
            if first < position:
                yield first, position
        by_seqno.setdefault(seqno, []).append(position)
        greatest.append(max(seqno, greatest[-1] if greatest else seqno))
        before = seqno


def _is_restored(version: Version, parent: Version) -> bool:
    return version.vg is not None and parent.vg is not None and same_content(version.vg, parent.vg)
