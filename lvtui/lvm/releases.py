"""What each LVM2 release does differently, as a table with its sources; what its messages mean.

Run here: 2.02.84, 2.02.177, 2.02.180, 2.03.16. 2.02.130 was not run: by source it counts as .84.
Sources: facts named by release were taken on real bytes ("run"), or read at the tag ("source").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.message import Message, message

Release = tuple[int, int, int]

_VERSION = re.compile(r"LVM version:\s+(\d{1,3})\.(\d{1,3})\.(\d{1,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirk:
    """One difference and the releases that have it."""

    name: str
    since: Release
    before: Release | None
    """The first release without it again; None: all since."""
    what: Message
    source: str

    def holds(self, release: Release) -> bool:
        """Whether a release has it."""
        return self.since <= release and (self.before is None or release < self.before)


_FIRST: Release = (2, 2, 0)
_MODERN: Release = (2, 3, 0)

QUIRKS = (
    Quirk(
        name="read-only-setting-answers-0",
        since=_FIRST,
        before=_MODERN,
        what=message(
            "with metadata_read_only = 1 vgcfgrestore and lvremove do nothing and answer 0"
        ),
        source="run on 2.02.84, .177, .180; v2_02_180 tools/lvmcmdline.c:2909",
    ),
    Quirk(
        name="read-only-setting-ignored-by-restore",
        since=_MODERN,
        before=None,
        what=message("vgcfgrestore writes although metadata_read_only = 1"),
        source="run on 2.03.16",
    ),
    Quirk(
        name="queries-repair",
        since=_FIRST,
        before=_MODERN,
        what=message("lvs, vgs and others write where the PVs of a group disagree"),
        source="run on 2.02.84, .177, .180",
    ),
    Quirk(
        name="duplicate-uuid-accepted",
        since=_FIRST,
        before=(2, 2, 177),
        what=message("two LVs of one uuid are written, with exit code 0"),
        source="run on 2.02.84 (written) and .177 (refused); in between not run",
    ),
    Quirk(
        name="asks-when-active",
        since=(2, 2, 178),
        before=None,
        what=message("vgcfgrestore asks before it goes on with active LVs; --yes answers"),
        source="v2_02_180 tools/vgcfgrestore.c; absent in v2_02_177",
    ),
    Quirk(
        name="devices-file",
        since=(2, 3, 12),
        before=None,
        what=message("a devices file may hide a disk from every filter"),
        source="lvm2 2.03.12 WHATS_NEW",
    ),
    Quirk(
        name="global-filter",
        since=(2, 2, 98),
        before=None,
        what=message("devices/global_filter exists beside devices/filter"),
        source="lvm2 2.02.98 WHATS_NEW",
    ),
    Quirk(
        name="lvmetad",
        since=(2, 2, 93),
        before=_MODERN,
        what=message("lvmetad may answer from its cache after bytes were changed beside LVM"),
        source="lvm2 2.02.93 WHATS_NEW; removed in 2.03.00",
    ),
    Quirk(
        name="text-on-4096",
        since=(2, 2, 177),
        before=(2, 2, 178),
        what=message("texts begin at multiples of 4096 and are not split at the ring's end"),
        source="run on 2.02.177",
    ),
)


def parse_release(said: str) -> Release | None:
    """From `lvm version`."""
    found = _VERSION.search(said)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def has_quirk(release: Release | None, name: str) -> bool:
    """Whether a release has a quirk; an unknown release has every one."""
    (quirk,) = (one for one in QUIRKS if one.name == name)
    return release is None or quirk.holds(release)


def quirks_of(release: Release | None) -> tuple[Quirk, ...]:
    """All that a release has."""
    return tuple(quirk for quirk in QUIRKS if release is None or quirk.holds(release))


_MEANINGS: tuple[tuple[str, Message], ...] = (
    (
        r"Command not permitted while global/metadata_read_only is set",
        message("LVM's configuration forbids changes (metadata_read_only); nothing was written"),
    ),
    (
        r"Operation prohibited while global/metadata_read_only is set",
        message("LVM's configuration forbids changes (metadata_read_only); nothing was written"),
    ),
    (
        r"marked as missing|Couldn't find device with uuid|Couldn't find all physical volumes",
        message("LVM does not see every PV of the group"),
    ),
    (
        r"No metadata areas to write to|bad metadata header on|Checksum error on",
        message("LVM finds no metadata area that it can write"),
    ),
    (r"Restore aborted", message("LVM asked because of active volumes and was not answered")),
    (
        r"PV segments corrupted|LV segments corrupted|alloc_count mismatch|Inconsistent length",
        message("extents would have two owners"),
    ),
    (r"Duplicate LV id", message("two volumes would have one id")),
    (r"does not contain volume group", message("the text is of another group")),
    (r"missing contents field|Parse error at byte", message("the text is not whole")),
    (r"Unknown status flag", message("the text has a status that this release does not know")),
    (r"volumes? groups? with thin volumes|option --force to restore", message("thin volumes")),
    (r"Segment with extent \d+ in PV .* not found", message("extents beyond the PV's end")),
    (
        r"segment_count and actual number of segments disagree|should begin at LE",
        message("the segments of a volume do not fit together"),
    ),
    (r"Couldn't find volume '", message("a segment names a PV that the text does not have")),
    (
        r"Ignoring duplicate config value",
        message("two volumes have one name: LVM would keep the last one only"),
    ),
    (
        r"Unrecognised segment type",
        message("the text has a segment type that this release does not know"),
    ),
    (
        r"Inconsistent metadata found|scan of VG|Scan of VG",
        message("the PVs of the group disagree about its metadata"),
    ),
    (
        r"Can't get lock|Can't lock|Failed to lock|already in use|lock failed",
        message("another LVM command holds the group"),
    ),
)


def meanings(said: Iterable[bytes]) -> tuple[Message, ...]:
    """What a tool's output means, each meaning once; nothing for what is only noise."""
    text = "\n".join(part.decode("utf-8", "replace") for part in said)
    found = [meaning for pattern, meaning in _MEANINGS if re.search(pattern, text)]
    return tuple(dict.fromkeys(found))
