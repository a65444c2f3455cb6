"""SOURCE as it is typed: one path, or several by commas."""

from __future__ import annotations

from lvtui.errors import UserError
from lvtui.host.paths import exists

NOTHING_FOUND = (
    "No LVM label, metadata area or metadata text was found on {spec} (looked at the first 4 sectors "
    "and at every place where LVM puts a metadata area, also of its partitions). Nothing was changed. "
    "Was the head of the disk overwritten? Search the whole of it, or look for /etc/lvm/archive."
)
"""LV-SRC-12, where only the quick way was gone."""


def parse_spec(spec: str) -> tuple[str, ...]:
    """The paths of SOURCE; a comma in an existing path is part of it.

    Raises:
        UserError: an empty path, or the same path twice.
    """
    if exists(spec):
        return (spec,)
    paths = tuple(spec.split(","))
    if not all(paths):
        raise UserError(
            "LV-SRC-10",
            "SOURCE {spec} has an empty path. Give paths joined by single commas.",
            spec=spec,
        )
    if len(set(paths)) != len(paths):
        raise UserError(
            "LV-SRC-14", "SOURCE {spec} names the same path twice. Give each PV once.", spec=spec
        )
    return paths
