"""lvtui's JSON answers in the judge's terms.

`whole` and `wrapped` texts are complete; `suspect` ones are complete but not believed, and count as
damaged ones do. Only the verdict `intact` says intact and only `damaged` says overwritten: what lies
between is honest ignorance. Where versions are missing, nobody can count what was overwritten.
"""

from __future__ import annotations

import re
from datetime import datetime

from tests.lab.cases import Case
from tests.lab.judge import Info, plain

LV_ID = re.compile(rb'\nid = "([^"]+)"')
INTACT = {"intact": True, "damaged": False}


def versions(answer: Info) -> list[Info]:
    """The versions of a `lvtui.versions/1` answer."""
    out = []
    for v in answer["versions"]:
        time = v["creation_time"]
        out.append(
            {
                "disk": v["device"],
                "seqno": v["seqno"],
                "vg_name": v["vg_name"],
                "creation_time": datetime.fromisoformat(time).timestamp() if time else None,
                "offset": v["offset_bytes"],
                "length": v["length_bytes"],
                "complete": v["state"] in {"whole", "wrapped"},
                "text_sha256": v["text_sha256"],
                "copies": [(c["device"], c["offset_bytes"]) for c in v["copies"]],
            }
        )
    return out


def _segments(item: Info, case: Info) -> list[tuple[int, int, int, int]] | None:
    """(disk, offset, bytes, lv offset) of linear segments; None where one is not linear."""
    disks = {plain(d["pv_uuid"]): (i, d) for i, d in enumerate(case["disks"])}
    extent = 4 << 20
    out, at = [], 0
    for s in item["segments"]:
        if s["type"] != "linear" or plain(s["pv_uuid"]) not in disks:
            return None
        number, disk = disks[plain(s["pv_uuid"])]
        start = disk["base"] + disk["pe_start"] + s["pv_start_extent"] * extent
        out.append((number, start, s["extent_count"] * extent, at))
        at += s["extent_count"] * extent
    return out


def missing(answer: Info, case: Info) -> list[Info]:
    """The lost of a `lvtui.lost/1` answer."""
    return [
        {
            "name": item["name"],
            "uuid": item["uuid"],
            "size_bytes": item["size_bytes"],
            "segments": _segments(item, case),
            "intact": INTACT.get(item["verdict"]),
            "overwritten_bytes": None
            if item["missing_seqnos"]
            else item["overwritten_bytes"] + item["at_risk_bytes"],
            "name_label": item["name_label"],
        }
        for item in answer["lost"]
    ]


def result(case: Case, versions_answer: Info, lost_answer: Info) -> Info:
    """What the judge scores.

    Where no text of the VG is in use, everything that any of its texts holds counts as lost
    (that is the contract of `lost`), so that nothing known to the texts is a false alarm.
    """
    known: set[str] = set()
    if not lost_answer["currents"]:
        for text in case.texts().values():
            known.update(uuid.decode() for uuid in LV_ID.findall(text))
    return {
        "versions": versions(versions_answer),
        "missing": missing(lost_answer, case.truth),
        "shrunk": [item["uuid"] for item in lost_answer["shrunk"]],
        "allowed": known,
    }
