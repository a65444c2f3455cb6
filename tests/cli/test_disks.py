"""`check` and `extract --format vhd|raw` as an operator runs them, on the demo's disk."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lvtui.flow.practice import prepare_demo

Run = subprocess.CompletedProcess[str]
TRUTH = Path(__file__).parents[1] / "data" / "demo" / "truth.json"


@cache
def part(name: str) -> dict[str, Any]:
    """One of the parts of the demo's story."""
    found: dict[str, Any] = json.loads(TRUTH.read_text())["parts"][name]
    return found


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    source = prepare_demo(tmp_path_factory.mktemp("state")).source
    assert source is not None
    return source


def lvtui(*args: str) -> Run:
    return subprocess.run(
        [sys.executable, "-m", "lvtui", *args],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env=dict(os.environ),
        timeout=120,
    )


def answer(run: Run) -> dict[str, Any]:
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        pytest.param("recommended", 0, "dynamic", id="whole"),
        pytest.param("child", 0, "differencing", id="through-a-lost-parent"),
        pytest.param("orphan", 4, "differencing", id="parent-missing"),
        pytest.param("at-risk", 0, "dynamic", id="reuse-hit-none-of-its-blocks"),
        pytest.param("lost-parent", 4, None, id="overwritten-from-its-first-byte"),
    ],
)
def test_check_answers_with_the_contracts_object_and_exit_code(
    image: str, name: str, code: int, kind: str | None
) -> None:
    lost = part(name)
    run = lvtui("check", image, lost["name"], "--json")
    said = answer(run)

    assert run.returncode == code
    assert said["schema"] == "lvtui.check/1"
    assert said["lv"] == lost["name"]
    assert {"vhd", "chain", "findings", "damaged_virtual_ranges"} <= said.keys()
    if kind is not None:
        assert said["vhd"]["type"] == kind
        assert said["vhd"]["virtual_size_bytes"] == lost["virtual_size_bytes"]
    for finding in said["findings"]:
        assert finding.keys() == {"code", "severity", "offset_bytes", "message"}
    if code == 0:
        assert len(said["chain"]) == len(lost["chain"])
        assert said["damaged_virtual_ranges"] == []


def test_check_tells_the_guests_file_system_in_words(image: str) -> None:
    run = lvtui("check", image, part("recommended")["name"])

    assert "web01 root" in run.stdout
    assert 'GPT; ext4 "root"' in run.stdout
    assert "nothing speaks against it" in run.stdout


def test_a_present_volume_is_checked_and_an_unknown_one_is_a_usage_error(image: str) -> None:
    present = json.loads(TRUTH.read_text())["present"]
    disk = next(name for name in present if name.startswith("VHD-"))

    assert lvtui("check", image, disk).returncode == 0
    assert lvtui("check", image, "VHD-nobody").returncode == 2


def test_lost_tells_names_and_the_vhd_of_each_disk(image: str) -> None:
    by_name = {lost["name"]: lost for lost in answer(lvtui("lost", image, "--json"))["lost"]}
    child = by_name[part("child")["name"]]

    assert (child["name_label"], child["name_source"]) == ("dev02 root", "mgt")
    assert child["vhd"].keys() == {
        "type", "virtual_size_bytes", "hidden", "parent_vdi_uuid", "footer", "allocated_blocks",
        "damaged_blocks",
    }  # fmt: skip
    assert child["vhd"]["parent_vdi_uuid"] == part("parent")["name"].removeprefix("VHD-")
    assert by_name[part("orphan")["name"]]["verdict"] == "no-parent"


@pytest.mark.parametrize("name", ["recommended", "child", "parent"])
def test_raw_and_vhd_hold_the_truths_disk(image: str, name: str, tmp_path: Path) -> None:
    lost = part(name)
    raw, vhd, back = tmp_path / "d.raw", tmp_path / "d.vhd", tmp_path / "back"
    args = ("extract", image, lost["name"], "--json", "--case", str(tmp_path / "case"))

    first = lvtui(*args, "--format", "raw", "--to", str(raw))
    second = lvtui(*args, "--format", "vhd", "--to", str(vhd))
    argv = ["qemu-img", "convert", "-f", "vpc", "-O", "raw", str(vhd), str(back)]
    subprocess.run(argv, check=True)

    assert (first.returncode, second.returncode) == (0, 0)
    assert answer(first)["destination_sha256"] == sha256_of(raw) == lost["virtual_sha256"]
    assert sha256_of(back) == lost["virtual_sha256"]
    assert raw.stat().st_blocks * 512 < lost["virtual_size_bytes"]
    assert vhd.read_bytes()[-512:][85] == 0  # hidden


@pytest.mark.skipif(shutil.which("vhdiinfo") is None, reason="vhdiinfo is not installed")
def test_vhdiinfo_reads_size_and_type_of_what_was_written(image: str, tmp_path: Path) -> None:
    lost, to = part("child"), tmp_path / "d.vhd"
    case = ("--case", str(tmp_path / "case"))
    lvtui("extract", image, lost["name"], "--format", "vhd", "--to", str(to), *case)

    said = subprocess.run(["vhdiinfo", str(to)], capture_output=True, text=True, check=True).stdout

    assert re.search(r"Disk type\s*: Dynamic", said)
    assert f"({lost['virtual_size_bytes']} bytes)" in said


def test_a_missing_parent_is_a_refusal_that_writes_nothing(image: str, tmp_path: Path) -> None:
    to = tmp_path / "d.raw"
    run = lvtui(
        "extract", image, part("orphan")["name"], "--format", "raw", "--to", str(to), "--json",
        "--case", str(tmp_path / "case"),
    )  # fmt: skip

    assert run.returncode == 4
    assert "VHD-706c034c" in run.stderr
    assert list(tmp_path.glob("d.raw*")) == []


def test_a_partial_copy_marks_what_the_missing_parent_held(image: str, tmp_path: Path) -> None:
    lost, to = part("orphan"), tmp_path / "d.raw"
    run = lvtui(
        "extract", image, lost["name"], "--format", "raw", "--partial", "--to", str(to), "--json",
        "--case", str(tmp_path / "case"),
    )  # fmt: skip
    said = answer(run)
    gaps = [(start, start + length) for start, length in said["unreadable_ranges"]]
    check = answer(lvtui("check", image, lost["name"], "--json"))["damaged_virtual_ranges"]

    assert run.returncode == 6
    assert to.stat().st_size == lost["virtual_size_bytes"]
    assert gaps == [(start, start + length) for start, length in check]
    data = to.read_bytes()
    assert all(not any(data[start:end]) for start, end in gaps)
    assert any(data)


def test_an_interrupted_copy_of_a_disk_goes_on_to_the_same_bytes(
    image: str, tmp_path: Path
) -> None:
    lost, to = part("recommended"), tmp_path / "d.vhd"
    args = ("extract", image, lost["name"], "--format", "vhd", "--to", str(to))
    case = ("--case", str(tmp_path / "case"))
    with subprocess.Popen(
        [sys.executable, "-m", "lvtui", *args, *case, "--rate", "20000000"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        while "running" not in line:
            line = running.stderr.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    there = to.exists()

    again = lvtui(*args, *case, "--rate", "500000000", "--json")
    fresh = lvtui("extract", image, lost["name"], "--format", "vhd", "--json", "--to",
                  str(tmp_path / "other.vhd"), "--case", str(tmp_path / "other"))  # fmt: skip

    assert (running.returncode, there) == (130, False)
    assert again.returncode == 0
    assert answer(again)["destination_sha256"] == answer(fresh)["destination_sha256"]


@pytest.mark.parametrize("role", ["journal"])
def test_what_is_no_disk_is_refused_in_other_formats_than_lv(
    image: str, tmp_path: Path, role: str
) -> None:
    lost = next(
        one for one in answer(lvtui("lost", image, "--json"))["lost"] if one["role"] == role
    )
    run = lvtui(
        "extract", image, lost["uuid"], "--format", "vhd", "--to", str(tmp_path / "x"), "--case",
        str(tmp_path / "case"),
    )  # fmt: skip

    assert run.returncode == 4
    assert "--format lv" in run.stderr
