"""The lab's truth, confirmed by others: LVM's own pvck, and a parser that shares nothing with lvtui."""

from __future__ import annotations

import hashlib
import re
import subprocess

import pytest

from tests.lab import cases, lvmtext, toolbox

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

PVCK_LINE = re.compile(
    r"^\s*metadata at (\d+) length (\d+) crc [0-9a-f]+ vg (\S+) seqno (\d+) id (\S+)", re.MULTILINE
)


@pytest.mark.parametrize("family", ["simple", "chain", "resized", "manyversions", "biglv"])
def test_pvck_sees_the_texts_that_the_truth_calls_complete(family: str) -> None:
    case = cases.case(family, 1)
    expected = {
        (c["mda_start"] + c["mda_offset"], v["length"], v["vg_name"], v["seqno"], v["vg_id"])
        for v in case.truth["versions"]
        for c in v["copies"]
        if c["on_disk"] == "complete" and not c["wrapped"]  # not every release joins that one
    }

    argv = ["pvck", "--dump", "metadata_search", str(case.disks[0])]
    said = subprocess.run(argv, capture_output=True, text=True, check=True, env=toolbox.tool_env())
    found = {
        (int(at), int(length), vg, int(seqno), vg_id)
        for at, length, vg, seqno, vg_id in PVCK_LINE.findall(said.stdout)
    }

    assert expected
    assert expected - found == set()


@pytest.mark.parametrize("family", ["twopv", "vgrename", "reused"])
def test_every_text_says_what_the_truth_says_of_it(family: str) -> None:
    case = cases.case(family, 1)

    for index, text in case.texts().items():
        version = case.truth["versions"][index]
        name, vg, tree = lvmtext.vg_of(text.decode())
        stripped = text.rstrip(b"\0 \t\r\n")
        said = (name, vg["id"], vg["seqno"], tree["creation_time"])
        expected = tuple(version[k] for k in ("vg_name", "vg_id", "seqno", "creation_time"))

        assert said == expected
        assert hashlib.sha256(stripped).hexdigest() == version["text_sha256"]


@pytest.mark.parametrize("family", ["fragmented", "twopv", "resized"])
def test_segments_of_the_lost_are_those_of_their_last_text(family: str) -> None:
    case = cases.case(family, 1)
    texts = case.texts()

    for lost in case.truth["lost"]:
        _, vg, _ = lvmtext.vg_of(texts[lost["last_idx"]].decode())
        name = next(n for n, lv in vg["logical_volumes"].items() if lv["id"] == lost["id"])
        expected = [(s["pv"], s["start"], s["count"]) for s in lost["pe_segments"]]

        assert lvmtext.segments(vg, name) == expected
        assert sum(s["bytes"] for s in lost["segments"]) == lost["size_bytes"]
