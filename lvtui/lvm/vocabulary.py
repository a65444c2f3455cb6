"""The words that LVM writes: keys, status words, flags. A word that no release has shows damage.

Not used to refuse: a new release may bring words, and then more than one text has them.
Source: lvm2 `lib/format_text/export.c`, `flags.c`, and the `text_export` of each segment type
(2.02.84 to 2.03.38).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lvtui.lvm.model import Section, Statement

_KEYS = (
    "allocation_policy ba_size ba_start block_size cache_mode cache_pool chunk_size cleaner "
    "contents cow_store create creation_host creation_host_system_id creation_time "
    "crop_metadata data data_copies data_id data_len data_offset data_sectors data_start "
    "delete descendants description dev_size device device_count device_id device_id_type "
    "device_name discards extent_count extent_size extents_moved external_origin flags format "
    "header_size id internal_hash journal_sectors journal_watermark lock_args lock_type major "
    "max_lv max_pv max_recovery_rate merge merging_store meta_dev meta_dev_size metadata "
    "metadata_copies metadata_format metadata_id metadata_len metadata_start "
    "min_recovery_rate minimum_io_size minor mirror_count mirror_log mirrors mode name origin "
    "pe_count pe_start policy pool pr profile raid0_lvs raids read_ahead recalculate "
    "region_size removal_time reshape_count segment_count seqno start_extent status "
    "stripe_count stripe_size stripes system_id tag_size tags thin_pool transaction_id type "
    "vdo_offset vdo_pool version virtual_extents writebehind writecache writecache_block_size "
    "zero_new_blocks"
)
_WELL_KNOWN_KEYS = frozenset(_KEYS.split())
_STRICT = frozenset({"VG", "PV", "LV", "striped"})
"""Where every key is known; other segment types have keys of their own by the dozen."""
_WORDS = (
    "ACTIVATION_SKIP ALLOCATABLE CACHE_USES_CACHEVOL CACHE_VOL CLUSTERED CROP_METADATA "
    "ERROR_WHEN_FULL EXPORTED FIXED_MINOR LOCKED LV_NOTSYNCED LV_RESHAPE_DATA_OFFSET "
    "METADATA_FORMAT MIRROR MIRRORED MISSING NOAUTOACTIVATE NOTSYNCED PARTIAL PRECOMMITTED "
    "PVMOVE RAID READ REBUILD RESHAPE RESIZEABLE SHARED SNAPSHOT VIRTUAL_ORIGIN VISIBLE WRITE "
    "WRITEMOSTLY WRITE_LOCKED"
)
_WELL_KNOWN_WORDS = frozenset(_WORDS.split())
_DEVICE = re.compile(r"/dev/[A-Za-z0-9/_.:+=@,-]+|\[?unknown\]?( device)?")


def strange_words(kind: str, section: Section) -> Iterator[str]:
    """Keys and words that LVM does not write.

    Args:
        kind: `VG`, `PV`, `LV`, or the type of a segment.
        section: without what is nested in it.
    """
    for child in section.children:
        if not isinstance(child, Statement):
            continue
        if kind in _STRICT and child.key not in _WELL_KNOWN_KEYS:
            yield child.key
        elif child.key in {"status", "flags"}:
            words = child.value if isinstance(child.value, tuple) else (child.value,)
            yield from (str(word) for word in words if word not in _WELL_KNOWN_WORDS)
        elif child.key == "device" and not is_device(str(child.value)):
            yield str(child.value)


def is_device(hint: str) -> bool:
    """Whether it is a path that a device may have."""
    return _DEVICE.fullmatch(hint) is not None
