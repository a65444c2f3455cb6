"""Scores what a tool found against the ground truth of a case.

A result is a dict; every key may be missing, which means that the tool does not answer that question:

    versions   [{disk, seqno, vg_name, creation_time, offset, length, complete, text_sha256,
                 copies: [(disk, offset)]}]
    missing    [{name, uuid, size_bytes, segments: [(disk, offset, bytes, lv_offset)],
                 intact: true|false|null, overwritten_bytes, name_label}]
    shrunk     [uuid]: LVs that are there, but had more extents in an older text
    allowed    [uuid]: LVs that may be called missing though they are not, where no text is in use
    extracted  [{uuid, path}]
    vhds       [{name, virtual_sha256}]
    chains     [[leaf, parent, …]]

`WANTED` names the figures that must hold; the others inform.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

Info = dict[str, Any]

WANTED: dict[str, float] = {
    "v_recall": 1,
    "v_false": 0,
    "v_damaged_as_whole": 0,
    "v_dup": 0,
    "v_offset_bad": 0,
    "v_length_bad": 0,
    "v_time_bad": 0,
    "c_recall": 1,
    "c_false": 0,
    "t_recall": 1,
    "m_recall": 1,
    "m_false": 0,
    "m_twice": 0,
    "m_size_bad": 0,
    "m_segments_bad": 0,
    "m_says_intact_but_overwritten": 0,
    "m_overwritten_low": 0,
    "t_shrunk_missed": 0,
    "n_wrong": 0,
    "x_bad": 0,
}
"""What must hold where the figure is there at all (a ratio of nothing is None and holds)."""

NOT_YET: dict[str, set[str]] = {}
"""Per family, what is not asked yet."""


def plain(uuid: str | None) -> str:
    """A uuid without dashes."""
    return (uuid or "").replace("-", "")


def ratio(part: int, whole: int) -> float | None:
    """None where there was nothing to find."""
    return round(part / whole, 4) if whole else None


def complaints(figures: Info, wanted: dict[str, float] | None = None) -> list[str]:
    """Every wanted figure that does not hold, in words."""
    wanted = WANTED if wanted is None else wanted
    not_yet = NOT_YET.get(figures["family"], set())
    return [
        f"{key} = {figures[key]}, wanted {value}"
        for key, value in wanted.items()
        if key not in not_yet and figures.get(key) not in {None, value}
    ]


class _Versions:
    """Scores the list of versions."""

    def __init__(self, truth: list[Info]) -> None:
        self.truth = truth
        self.by_sha = {v["text_sha256"]: v for v in truth}
        self.by_place = {
            (c["disk"], v["vg_name"], v["seqno"], c["offset"]): v
            for v in truth
            for c in v["copies"]
        }
        self.count: Counter[str] = Counter()
        self.whole: set[int] = set()
        self.partial: set[int] = set()
        self.copies: set[tuple[int, int]] = set()
        self.true_copies = {
            (c["disk"], c["offset"]): v["text_sha256"]
            for v in truth
            for c in v["copies"]
            if c["on_disk"] == "complete"
        }

    def add(self, said: Info) -> None:
        sha = said.get("text_sha256")
        key = (said.get("disk", 0), said.get("vg_name"), said.get("seqno"), said.get("offset"))
        there = self.by_place.get(key)
        known = self.by_sha.get(sha) if sha else there
        if said.get("complete", True):
            self._add_whole(said, known, there)
        else:
            known = known or there or self._any_partial(said)
            if known:
                self.partial.add(known["idx"])

    def _any_partial(self, said: Info) -> Info | None:
        who = (said.get("seqno"), said.get("vg_name"))
        fits = (v for v in self.truth if (v["seqno"], v["vg_name"]) == who)
        return next((v for v in fits if v["on_disk"] == "partial"), None)

    def _add_whole(self, said: Info, known: Info | None, there: Info | None) -> None:
        self.count["claimed"] += 1
        if known is None:
            # nobody wrote this text: is it a damaged one taken for whole, or nothing at all?
            self.count["damaged" if there else "false"] += 1
            return
        if known["on_disk"] != "complete":
            self.count["damaged"] += 1
            return
        self.count["dup"] += known["idx"] in self.whole
        self.whole.add(known["idx"])
        if said.get("offset") is not None:
            self.count["offset_bad"] += there is not known
        if said.get("length") is not None:
            self.count["length_bad"] += said["length"] != known["length"] - 1  # without the NUL
        if said.get("creation_time") is not None:
            self.count["time_bad"] += int(said["creation_time"]) != known["creation_time"]
        for place in map(tuple, said.get("copies", ())):
            self.copies.add(place)
            self.count["c_false"] += self.true_copies.get(place) != known["text_sha256"]

    def figures(self) -> Info:
        complete = {v["idx"] for v in self.truth if v["on_disk"] == "complete"}
        partial = {v["idx"] for v in self.truth if v["on_disk"] == "partial"}
        bad = self.count["false"] + self.count["damaged"]
        out: Info = {
            "v_truth": len(complete),
            "v_found": len(self.whole & complete),
            "v_recall": ratio(len(self.whole & complete), len(complete)),
            "v_precision": ratio(self.count["claimed"] - bad, self.count["claimed"]),
            "v_false": self.count["false"],
            "v_damaged_as_whole": self.count["damaged"],
            "p_truth": len(partial),
            "p_found": len(self.partial & partial),
        }
        for key in ("dup", "offset_bad", "length_bad", "time_bad"):
            out["v_" + key] = self.count[key]
        if self.copies:
            found = len(self.copies & self.true_copies.keys())
            out["c_recall"] = ratio(found, len(self.true_copies))
            out["c_false"] = self.count["c_false"]
        return out


class _Lost:
    """Scores the list of lost LVs."""

    def __init__(self, truth: list[Info]) -> None:
        self.truth = {plain(lost["id"]): lost for lost in truth}
        self.expected = {
            key
            for key, lost in self.truth.items()
            if lost["missing_now"] and lost["recoverable_from_metadata"]
        }
        self.targets = {key for key in self.expected if self.truth[key]["target"]}
        self.shrunk = {
            key for key, lost in self.truth.items() if lost["target"] and not lost["missing_now"]
        }
        self.seen: set[str] = set()
        self.seen_shrunk: set[str] = set()
        self.allowed: set[str] = set()
        self.count: Counter[str] = Counter()

    def add(self, said: Info) -> None:
        key = plain(said.get("uuid"))
        self.count["twice"] += key in self.seen
        if key in self.seen:
            return
        self.seen.add(key)
        if key in self.shrunk:
            self.seen_shrunk.add(key)
            return
        if key not in self.truth:
            self.count["false"] += key not in self.allowed
            return
        lost = self.truth[key]
        if said.get("name_label"):
            self.count["n_ok"] += said["name_label"] == lost.get("mgt_name")
            self.count["n_wrong"] += said["name_label"] != lost.get("label")
        if lost["last_text_complete"]:  # only then is the last state known from the disk
            self._exact(said, lost)
        self.count["unknown"] += said.get("intact") is None
        overwritten = said.get("overwritten_bytes")
        if overwritten is not None and not lost["intact"]:
            enough = (lost["overwritten_bytes"] <= overwritten) or (
                overwritten == lost["overlap_bytes_now"]
            )
            self.count["overwritten_low"] += not enough

    def _exact(self, said: Info, lost: Info) -> None:
        self.count["size_bad"] += said.get("size_bytes") != lost["size_bytes"]
        if said.get("segments") is not None:
            wanted = [
                (s["disk"], s["offset"], s["bytes"], s["lv_offset"]) for s in lost["segments"]
            ]
            self.count["segments_bad"] += joined(said["segments"]) != joined(wanted)
        if said.get("intact") is not None:
            self.count["lie"] += said["intact"] and not lost["intact"]
            self.count["shy"] += not said["intact"] and lost["intact"]

    def figures(self) -> Info:
        named = [key for key in self.expected if self.truth[key].get("mgt_name")]
        return {
            "t_truth": len(self.targets),
            "t_found": len(self.seen & self.targets),
            "t_recall": ratio(len(self.seen & self.targets), len(self.targets)),
            "t_shrunk_missed": len(self.shrunk - self.seen_shrunk),
            "m_truth": len(self.expected),
            "m_found": len(self.seen & self.expected),
            "m_recall": ratio(len(self.seen & self.expected), len(self.expected)),
            "m_false": self.count["false"],
            "m_twice": self.count["twice"],
            "m_size_bad": self.count["size_bad"],
            "m_segments_bad": self.count["segments_bad"],
            "m_says_intact_but_overwritten": self.count["lie"],
            "m_says_damaged_but_intact": self.count["shy"],
            "m_intact_unknown": self.count["unknown"],
            "m_overwritten_low": self.count["overwritten_low"],
            "n_truth": len(named),
            "n_ok": self.count["n_ok"],
            "n_wrong": self.count["n_wrong"],
        }


def joined(segments: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Segments in logical order, neighbours that continue each other joined."""
    out: list[tuple[int, int, int, int]] = []
    for disk, offset, length, at in sorted(segments, key=lambda s: s[3]):
        if out:
            last_disk, last_offset, last_length, last_at = out[-1]
            if (last_disk, last_offset + last_length, last_at + last_length) == (disk, offset, at):
                out[-1] = (disk, last_offset, last_length + length, last_at)
                continue
        out.append((disk, offset, length, at))
    return out


def _chunks(path: Path) -> tuple[str, list[str]]:
    """sha256 of a file and the truth's digest of each 64 KiB."""
    whole, out = hashlib.sha256(), []
    with path.open("rb") as f:
        while chunk := f.read(65536):
            whole.update(chunk)
            fours = [
                hashlib.blake2b(chunk[i : i + 4096], digest_size=8).digest()
                for i in range(0, len(chunk), 4096)
            ]
            out.append(hashlib.blake2b(b"".join(fours), digest_size=8).hexdigest())
    return whole.hexdigest(), out


def _extracted_right(path: Path, lost: Info) -> bool:
    """The truth's bytes, or exactly what is left of them on the disk and nothing else wrong."""
    sha, chunks = _chunks(path)
    if sha == lost["sha256"]:
        return True
    truth = lost["chunk64k"]
    damaged: set[int] = set()
    for offset, length in lost["overwritten_ranges"]:
        damaged.update(range(offset // 65536, (offset + length - 1) // 65536 + 1))
    differ = {i for i, (a, b) in enumerate(zip(truth, chunks, strict=False)) if a != b}
    return len(truth) == len(chunks) and bool(damaged) and differ == damaged


def score(case: Info, result: Info) -> Info:
    """The figures of one result.

    Args:
        case: the content of case.json.
        result: as in the module's docstring; paths in it are absolute.
    """
    figures: Info = {"family": case["family"], "seed": case["seed"]}
    if result.get("versions") is not None:
        versions = _Versions(case["versions"])
        for said in result["versions"]:
            versions.add(said)
        figures.update(versions.figures())
    if result.get("missing") is not None:
        lost = _Lost(case["lost"])
        lost.allowed.update(map(plain, result.get("allowed", ())))
        lost.seen_shrunk.update(map(plain, result.get("shrunk", ())))
        for said in result["missing"]:
            lost.add(said)
        figures.update(lost.figures())
    if result.get("extracted") is not None:
        known = {plain(item["id"]): item for item in case["lost"]}
        right = [
            plain(said["uuid"]) in known
            and Path(said["path"]).exists()
            and _extracted_right(Path(said["path"]), known[plain(said["uuid"])])
            for said in result["extracted"]
        ]
        figures.update(x_same=sum(right), x_bad=len(right) - sum(right))
    if result.get("vhds") is not None:
        vhds = {
            item["name"]: item["vhd"]["virtual_sha256"]
            for item in case["lost"]
            if item.get("vhd") and item["target"]
        }
        same = [vhds.get(said["name"]) == said["virtual_sha256"] for said in result["vhds"]]
        figures.update(vhd_ok=sum(same), vhd_bad=len(same) - sum(same), vhd_truth=len(vhds))
    if result.get("chains") is not None:
        wanted = {tuple(names) for names in case["chains"] if len(names) > 1}
        said_chains = {tuple(names) for names in result["chains"]}
        figures.update(chain_ok=len(wanted & said_chains), chain_truth=len(wanted))
    return figures
