"""Answers from the truth itself: perfect, or with one lie. It checks the judge."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.judge import Info


def perfect(case: Info) -> Info:
    """The result of a tool that finds everything."""
    versions = []
    for v in case["versions"]:
        by_state = {c["on_disk"]: c for c in reversed(v["copies"])}
        best = by_state.get("complete") or by_state.get("partial")
        if not best:
            continue
        said = {
            "disk": best["disk"],
            "seqno": v["seqno"],
            "vg_name": v["vg_name"],
            "offset": best["offset"],
            "complete": best["on_disk"] == "complete",
        }
        if said["complete"]:
            whole = [c for c in v["copies"] if c["on_disk"] == "complete"]
            said.update(
                creation_time=v["creation_time"],
                length=v["length"] - 1,
                text_sha256=v["text_sha256"],
                copies=[(c["disk"], c["offset"]) for c in whole],
            )
        versions.append(said)
    missing = [
        {
            "name": item["name"],
            "uuid": item["id"],
            "size_bytes": item["size_bytes"],
            "segments": [
                (s["disk"], s["offset"], s["bytes"], s["lv_offset"]) for s in item["segments"]
            ],
            "intact": item["intact"],
            "overwritten_bytes": item["overwritten_bytes"],
            "name_label": item.get("mgt_name"),
        }
        for item in case["lost"]
        if item["missing_now"] and item["recoverable_from_metadata"]
    ]
    shrunk = [i["id"] for i in case["lost"] if i["target"] and not i["missing_now"]]
    return {"versions": versions, "missing": missing, "shrunk": shrunk}


def _all_intact(result: Info) -> None:
    for item in result["missing"]:
        item["intact"] = True


def _half_versions(result: Info) -> None:
    del result["versions"][::2]


def _invented_version(result: Info) -> None:
    place = {"disk": 0, "seqno": 4242, "vg_name": "x", "offset": 1}
    result["versions"].append({**place, "complete": True, "text_sha256": "00"})


def _twice(result: Info) -> None:
    result["versions"].append(dict(result["versions"][0]))


def _damaged_as_whole(result: Info) -> None:
    for item in result["versions"]:
        item["complete"] = True


def _next_sector(result: Info) -> None:
    result["versions"][0]["offset"] += 512


def _one_byte_longer(result: Info) -> None:
    result["versions"][0]["length"] += 1


def _other_copy(result: Info) -> None:
    result["versions"][0]["copies"] = [(0, 1)]


def _wrong_size(result: Info) -> None:
    for item in result["missing"]:
        item["size_bytes"] += 512


def _wrong_place(result: Info) -> None:
    for item in result["missing"]:
        disk, offset, length, at = item["segments"][0]
        item["segments"][0] = (disk, offset + 512, length, at)


def _phantom(result: Info) -> None:
    result["missing"].append({"name": "VHD-x", "uuid": "zzz", "size_bytes": 1, "intact": True})


def _lost_twice(result: Info) -> None:
    result["missing"].append(dict(result["missing"][0]))


def _shrunk_forgotten(result: Info) -> None:
    result["shrunk"].clear()


def _half_lost(result: Info) -> None:
    del result["missing"][::2]


LIES: dict[str, Callable[[Info], None]] = {
    "m_says_intact_but_overwritten": _all_intact,
    "v_recall": _half_versions,
    "v_false": _invented_version,
    "v_dup": _twice,
    "v_damaged_as_whole": _damaged_as_whole,
    "v_offset_bad": _next_sector,
    "v_length_bad": _one_byte_longer,
    "c_false": _other_copy,
    "m_size_bad": _wrong_size,
    "m_segments_bad": _wrong_place,
    "m_false": _phantom,
    "m_recall": _half_lost,
    "m_twice": _lost_twice,
    "t_shrunk_missed": _shrunk_forgotten,
}
"""Figure that must complain → the lie."""
