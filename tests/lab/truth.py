"""The ground truth of a finished case: which texts are still whole, and which lost data is still itself.

Schema of case.json: `versions` (every commit, with the state of each copy on disk), `lost` (every LV
that was captured: segments, sha256 when it was lost, what was overwritten since), `disks`, `chains`.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from pathlib import Path
from typing import Any

from tests.lab import lvmtext, mgtlab
from tests.lab.guests import GuestRepository
from tests.lab.repository import Volume, blocks_4k
from tests.lab.ringlog import Info, Version


def _sectors_same(now: bytes, then: bytes) -> tuple[int, int]:
    count = (len(now) + 511) // 512
    cuts = [slice(i * 512, i * 512 + 512) for i in range(count)]
    return sum(now[cut] == then[cut] for cut in cuts), count


def _on_disk(repo: GuestRepository, version: Version) -> list[bytes]:
    """Mark each copy complete, partial or gone; what stands at the damaged places now."""
    damaged = []
    for copy in version.copies:
        disk = repo.box.disks[copy["disk"]]
        at = (disk.base + copy["mda_start"], copy["mda_size"], copy["mda_offset"], copy["length"])
        with disk.img.open("rb") as f:
            now = lvmtext.mda_text(f, *at)
        if now == version.text:
            copy["on_disk"] = "complete"
            continue
        same, count = _sectors_same(now, version.text)
        copy["on_disk"] = "gone" if same == 0 else "partial"
        copy["sectors_same"] = [same, count]
        damaged.append(now)
    states = [copy["on_disk"] for copy in version.copies]
    version.info["on_disk"] = next(s for s in ("complete", "partial", "gone") if s in states)
    return damaged


def _changed_runs(now: list[bytes], then: list[bytes]) -> list[list[int]]:
    """[offset, bytes] runs of 4 KiB blocks that differ."""
    runs: list[list[int]] = []
    for i, (a, b) in enumerate(zip(now, then, strict=False)):
        if a == b:
            continue
        if runs and sum(runs[-1]) == i * 4096:
            runs[-1][1] += 4096
        else:
            runs.append([i * 4096, 4096])
    return runs


def _section_span(text: bytes, lid: str) -> slice:
    """Where the LV's own section stands in a text."""
    at = text.index(b'id = "' + lid.encode())
    start = text.rindex(b"\n", 0, text.rindex(b"{", 0, at)) + 1
    end, depth = text.index(b"{", start), 0
    while True:
        depth += {b"{": 1, b"}": -1}.get(text[end : end + 1], 0)
        end += 1
        if not depth:
            return slice(start, end)


class Truth:
    """Computes what case.json says."""

    def __init__(self, repo: GuestRepository) -> None:
        self.repo = repo
        self.versions = repo.ring.versions
        self.final = self.versions[-1]
        self.damaged = [_on_disk(repo, version) for version in self.versions]
        self.complete = [v for v in self.versions if v.info["on_disk"] == "complete"]
        vg = lvmtext.vg_of(self.final.text.decode())[1]
        self.final_lvs = vg.get("logical_volumes", {})
        self.in_use = [(r, name) for name in self.final_lvs for r in repo.ranges(name, vg)]
        self.names = self._names()

    def _names(self) -> dict[str, tuple[str, bool]]:
        with_mgt = [v for v in self.versions if b"MGT {" in v.text]
        if not with_mgt:
            return {}
        vg = lvmtext.vg_of(with_mgt[-1].text.decode())[1]
        return mgtlab.records(self.repo.read(self.repo.ranges("MGT", vg)))

    def _overlap(self, volume: Volume) -> tuple[int, list[str]]:
        """Bytes of the lost LV that LVs of the final text hold, and their names."""
        total, names = 0, set()
        for r in volume.ranges:
            for other, name in self.in_use:
                if r.disk == other.disk and not (volume.alive and name == volume.info["name"]):
                    end = min(r.offset + r.length, other.offset + other.length)
                    shared = end - max(r.offset, other.offset)
                    if shared > 0:
                        total += shared
                        names.add(name)
        return total, sorted(names)

    def _whole_section_in(self, lid: str) -> list[int]:
        """Damaged texts in which this LV's own section is still whole."""
        out = []
        for version, damaged in zip(self.versions, self.damaged, strict=True):
            if version.info["on_disk"] != "partial" or lid.encode() not in version.text:
                continue
            span = _section_span(version.text, lid)
            if any(now[span] == version.text[span] for now in damaged):
                out.append(version.idx)
        return out

    def lost(self, lid: str, volume: Volume) -> Info:
        """What became of one LV."""
        changed = _changed_runs(blocks_4k(self.repo.read(volume.ranges)), volume.blocks)
        overlap, names = self._overlap(volume)
        holders = [v.idx for v in self.complete if lid.encode() in v.text]
        named = self.names.get(str(volume.info.get("vdi_uuid")))
        blocks = volume.blocks
        return {
            **volume.info,
            "target": lid in self.repo.targets,
            "note": self.repo.targets.get(lid),
            "missing_now": lid not in {lv["id"] for lv in self.final_lvs.values()},
            "intact": not changed,
            "overwritten_bytes": sum(run[1] for run in changed),
            "overwritten_ranges": changed[:200],
            "overlap_bytes_now": overlap,
            "overlap_lvs_now": names,
            "in_complete_versions": len(holders),
            "last_complete_idx": holders[-1] if holders else None,
            "last_text_complete": volume.info["last_idx"] in holders,
            "whole_section_in_damaged": self._whole_section_in(lid),
            "recoverable_from_metadata": bool(holders),
            "mgt_name": named[0] if named else None,
            "chunk64k": [
                hashlib.blake2b(b"".join(blocks[i : i + 16]), digest_size=8).hexdigest()
                for i in range(0, len(blocks), 16)
            ],
        }

    def chain(self, lid: str) -> list[str]:
        """Names from a target up to its root."""
        names: list[str] = []
        at: str | None = lid
        while at:
            info = self.repo.volumes[at].info
            names.append(info["name"])
            at = (info.get("vhd") or {}).get("parent_lv_id")
        return names

    def case(self) -> Info:
        """The whole of case.json."""
        repo, final = self.repo, self.final.info
        lost = [
            self.lost(lid, volume)
            for lid, volume in repo.volumes.items()
            if volume.blocks and (not volume.alive or lid in repo.targets)
        ]
        versions = []
        for version in self.versions:
            info = {k: v for k, v in version.info.items() if k != "vgcfgbackup"}
            if "vgcfgbackup" in version.info:
                backup = version.info["vgcfgbackup"].encode()
                info["vgcfgbackup_sha256"] = hashlib.sha256(backup).hexdigest()
            versions.append(info)
        states = [v["on_disk"] for v in versions]
        return {
            "schema": 1,
            "family": repo.family,
            "seed": repo.seed,
            "sr_uuid": repo.sr,
            "vg_name": final["vg_name"],
            "final_idx": final["idx"],
            "final_seqno": final["seqno"],
            "notes": repo.notes,
            "disks": [
                {
                    "file": disk.img.name,
                    "dev": disk.dev,
                    "base": disk.base,
                    "size": disk.size,
                    "pv_uuid": disk.pv_uuid,
                    "mdas": disk.mdas,
                    "pe_start": disk.pe_start,
                }
                for disk in repo.box.disks
            ],
            "counts": {
                "versions": len(versions),
                "complete": states.count("complete"),
                "partial": states.count("partial"),
                "gone": states.count("gone"),
                "lost": len(lost),
                "targets": len(repo.targets),
            },
            "chains": [self.chain(lid) for lid in repo.targets],
            "lost": lost,
            "versions": versions,
        }


def deliver(repo: GuestRepository, out: Path) -> Info:
    """Write disks, case.json, versions.jsonl.xz (every text) and final.vg; the counts."""
    truth = Truth(repo)
    case = truth.case()
    out.mkdir(parents=True, exist_ok=True)
    with lzma.open(out / "versions.jsonl.xz", "wt", preset=1) as f:
        for version in truth.versions:
            line: dict[str, Any] = {**version.info, "text": version.text.decode().rstrip("\0")}
            f.write(json.dumps(line) + "\n")
    backup = truth.final.info.get("vgcfgbackup")
    (out / "final.vg").write_text(backup or truth.final.text.decode().rstrip("\0"))
    repo.box.deliver(out)
    (out / "case.json").write_text(json.dumps(case, indent=0))
    counts: Info = case["counts"]
    return counts
