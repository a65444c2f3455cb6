"""A disk whose history XenServer's own storage manager wrote (tests/data/sm-life)."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lvtui.flow.checking import check_volume
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.judging import LostReport
from lvtui.flow.second_proof import Reader, open_shelf
from lvtui.vhd.flatten import virtual_disk
from tests.lab.flatten import sha256_of

DATA = Path(__file__).parents[1] / "data" / "sm-life"
Info = dict[str, Any]


@cache
def truth() -> Info:
    found: Info = json.loads(lzma.decompress((DATA / "truth.json.xz").read_bytes()))
    return found


SAFE = [vdi for vdi in truth()["deleted_vdis"] if vdi["recoverable"] and not vdi["parent_touched"]]


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The image, sparse."""
    path = tmp_path_factory.mktemp("sm-life") / "disk0.img"
    zeros = bytes(1 << 20)
    with lzma.open(DATA / "disk0.img.xz") as packed, path.open("wb") as out:
        while chunk := packed.read(1 << 20):
            if chunk == zeros[: len(chunk)]:
                out.seek(len(chunk), os.SEEK_CUR)
            else:
                out.write(chunk)
        out.truncate(truth()["disk"]["bytes"])
    yield path
    shutil.rmtree(path.parent)


@pytest.fixture(scope="module")
def found(disk: Path) -> Discovery:
    return discover(str(disk))


def reports(found: Discovery) -> dict[str, LostReport]:
    return {report.lost.lv.uuid: report for report in found.lost}


def test_the_name_of_every_deleted_disk_whose_record_stands_is_right(found: Discovery) -> None:
    by_lv = reports(found)
    told = {
        vdi["vdi"]: label.text if (label := by_lv[vdi["lv"]].label) is not None else None
        for vdi in truth()["deleted_vdis"]
    }

    assert told == {
        vdi["vdi"]: vdi["mgt"]["name_label"] if vdi["mgt"]["record"] else None
        for vdi in truth()["deleted_vdis"]
    }


def test_no_disk_whose_parent_was_touched_since_is_called_intact(found: Discovery) -> None:
    by_lv = reports(found)
    intact = {
        vdi["vdi"]: vdi["parent_touched"]
        for vdi in truth()["deleted_vdis"]
        if by_lv[vdi["lv"]].verdict.word == "intact"
    }

    assert set(intact.values()) == {False}
    assert set(intact) <= {vdi["vdi"] for vdi in truth()["deleted_vdis"] if vdi["recoverable"]}


def test_what_was_never_given_away_is_intact_through_its_whole_chain(found: Discovery) -> None:
    by_lv = reports(found)
    untouched = [vdi for vdi in SAFE if not by_lv[vdi["lv"]].verdict.at_risk_bytes]

    assert len(untouched) == 4
    for vdi in untouched:
        report = by_lv[vdi["lv"]]
        assert report.verdict.word == "intact"
        assert report.vhd is not None
        assert report.vhd.virtual_size_bytes == vdi["virtual_size"]
        assert [link.lv_uuid for link in report.vhd.chain] == [
            one["lv"] for one in vdi["chain"][1:]
        ]
        assert report.vhd.damaged_blocks == 0


def lvtui(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lvtui", *args],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )


@pytest.mark.parametrize("vdi", [pytest.param(vdi, id=vdi["vdi"][:8]) for vdi in SAFE])
def test_each_safe_disk_is_extracted_to_the_truths_sha256(
    disk: Path, tmp_path: Path, vdi: Info
) -> None:
    raw, vhd, back = tmp_path / "disk.raw", tmp_path / "disk.vhd", tmp_path / "back.raw"
    common = (str(disk), vdi["vdi"], "--json", "--case")

    first = lvtui("extract", *common, str(tmp_path / "case-1"), "--format", "raw", "--to", str(raw))
    second = lvtui(
        "extract", *common, str(tmp_path / "case-2"), "--format", "vhd", "--to", str(vhd)
    )
    argv = ["qemu-img", "convert", "-f", "vpc", "-O", "raw", str(vhd), str(back)]
    subprocess.run(argv, check=True)

    assert {first.returncode, second.returncode} <= {0, 6}
    assert json.loads(first.stdout)["unreadable_ranges"] == []
    assert raw.stat().st_size == vdi["virtual_size"]
    assert json.loads(first.stdout)["destination_sha256"] == vdi["sha256"]
    assert hashlib.sha256(back.read_bytes()).hexdigest() == vdi["sha256"]


def test_all_disks_that_are_there_are_sound_and_read_through_their_chains(
    found: Discovery,
) -> None:
    live = truth()["live_vdis"]
    checks = {vdi["vdi"]: check_volume(found, vdi["lv"], bitmaps=True) for vdi in live}

    assert {vdi: check.exit_code for vdi, check in checks.items()} == dict.fromkeys(checks, 0)
    with open_shelf([str(found.spec)], found.histories, found.places, found.lost) as shelf:
        reader = Reader(shelf)
        told = {
            vdi["vdi"]: sha256_of(virtual_disk(reader.disk_in(shelf.placed(vdi["lv"])).chain))
            for vdi in live
        }

    assert told == {vdi["vdi"]: vdi["sha256"] for vdi in live}
