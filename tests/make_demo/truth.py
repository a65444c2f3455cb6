"""The truth about the demo's disk, from the recorded history: what a recovery must find."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.lab import vhdlab
from tests.lab.toolbox import EXTENT_BYTES
from tests.make_demo.sr import Loss, Sr, pages
from tests.make_demo.story import Story


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _owned(loss: Loss, version: dict[int, str]) -> list[int]:
    """LV extents of the lost volume that another LV has in this version."""
    own = [e for s in loss.segments for e in range(s["pv_start_extent"], sum(s.values()))]
    return [i for i, e in enumerate(own) if version.get(e, loss.lv_uuid) != loss.lv_uuid]


def lost(sr: Sr) -> list[dict[str, Any]]:
    """Every LV that was removed, in the order of its going."""
    out = []
    present = {lv["id"] for lv in sr.tree()["logical_volumes"].values()}
    for loss in sr.losses:
        if loss.lv_uuid in present:
            continue
        since = sr.owners[loss.seqno :]  # index 0 is the version with seqno 1
        now = _owned(loss, since[-1])
        ever = {extent for version in since for extent in _owned(loss, version)}
        runs = [(s["pv_start_extent"], s["extent_count"]) for s in loss.segments]
        data = b"".join(sr.box.peek(0, at, n) for at, n in sr.byte_ranges(runs))
        changed = sum(a != b for a, b in zip(pages(data), loss.pages, strict=True))
        out.append(
            {
                "name": loss.name,
                "lv_uuid": loss.lv_uuid,
                "label": loss.label,
                "size_bytes": loss.size_bytes,
                "last_seqno": loss.seqno,
                "segments": loss.segments,
                "sha256_when_lost": loss.sha256,
                "sha256_now": _sha256(data),
                "intact": changed == 0,
                "changed_bytes": changed * 4096,
                "overwritten_bytes": len(now) * EXTENT_BYTES,
                "at_risk_bytes": len(ever.difference(now)) * EXTENT_BYTES,
            }
        )
    return out


def truth(story: Story) -> dict[str, Any]:
    """All of it, as JSON."""
    sr = story.sr
    vg = sr.tree()
    parts = {}
    for part, node in story.parts.items():
        chain = [node.name]
        above = node.parent
        while above:
            chain.append(above.name)
            above = above.parent
        parts[part] = {
            "name": node.name,
            "label": node.label,
            "chain": chain,
            "virtual_size_bytes": len(node.raw),
            "virtual_sha256": _sha256(node.raw),
            "vhd_type": vhdlab.DIFFERENCING if node.parent else vhdlab.DYNAMIC,
            "files": {
                path: _sha256(data) for path, data in story.files.get(node.label, {}).items()
            },
        }
    return {
        "sr_uuid": sr.uuid,
        "vg_name": sr.vg,
        "vg_uuid": vg["id"],
        "versions": len(sr.owners),
        "seqno": vg["seqno"],
        "present": sorted(vg["logical_volumes"]),
        "parts": parts,
        "lost": lost(sr),
    }
