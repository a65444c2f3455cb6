"""The commands as an operator runs them: real processes, real bytes, exit codes of commands.md."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lvtui.flow.practice import prepare_demo

Run = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def image(state: Path) -> str:
    source = prepare_demo(state).source
    assert source is not None
    return source


def lvtui(*args: str, **env: str) -> Run:
    return subprocess.run(
        [sys.executable, "-m", "lvtui", *args],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **env},
        timeout=120,
    )


def answer(run: Run) -> dict[str, Any]:
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    assert run.stdout.isascii()
    return found


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(("lost", "/no/such/path"), 2, id="no-such-path"),
        pytest.param(("lost", "/etc"), 14, id="a-directory"),
        pytest.param(("lost", "/dev/null"), 14, id="a-character-device"),
        pytest.param(("lost", "/etc/passwd"), 3, id="a-text-file"),
        pytest.param(("lost",), 2, id="no-source"),
        pytest.param(("lost", "a", "b"), 2, id="too-many"),
        pytest.param(("frobnicate",), 2, id="no-such-command"),
        pytest.param(("lost", "x\x1b]0;pwn\x07"), 2, id="hostile-path"),
        pytest.param((), 2, id="wizard-without-a-terminal"),
    ],
)
def test_bad_input_is_one_sentence_and_a_documented_exit_code(
    args: tuple[str, ...], code: int
) -> None:
    run = lvtui(*args)

    # A deep scan tells of its progress above the sentence.
    *_, sentence = run.stderr.splitlines()
    assert run.returncode == code
    assert run.stdout == ""
    assert sentence.startswith("lvtui: ")
    assert run.stderr.count("[LV-") == 1
    assert "Traceback" not in run.stderr
    assert run.stderr.replace("\n", "").isprintable()


def test_an_error_with_json_is_an_object_of_its_own() -> None:
    run = lvtui("lost", "/no/such/path", "--json")
    found = answer(run)

    assert (found["schema"], found["exit"], found["changed"]) == ("lvtui.error/1", 2, False)
    assert found["code"].startswith("LV-")
    assert "/no/such/path" in found["message"]


@pytest.mark.parametrize("command", ["scan", "versions", "lost"])
def test_look_commands_print_one_line_an_item_and_the_same_as_json(
    image: str, command: str
) -> None:
    lines, found = lvtui(command, image), answer(lvtui(command, image, "--json"))

    assert lines.returncode == 0
    assert all(line.isprintable() for line in lines.stdout.splitlines())
    key = {"scan": "devices", "versions": "versions", "lost": "lost"}[command]
    assert found["schema"] == f"lvtui.{command}/1"
    assert found[key]


def test_versions_has_exactly_the_contracts_keys(image: str) -> None:
    found = answer(lvtui("versions", image, "--json"))

    assert found["source"].keys() == {
        "paths", "path", "size_bytes", "pv_uuid", "vg_name", "vg_uuid", "current_seqno",
    }  # fmt: skip
    assert found["versions"][0].keys() == {
        "id", "seqno", "vg_name", "vg_uuid", "creation_time", "creation_host", "description",
        "offset_bytes", "length_bytes", "state", "reason", "committed", "current", "crc",
        "text_sha256", "lv_count", "origin", "device", "file", "copies",
    }  # fmt: skip


def test_every_listed_offset_holds_the_text_of_that_hash(image: str) -> None:
    found = answer(lvtui("versions", image, "--json"))
    with Path(image).open("rb") as disk:
        for version in found["versions"]:
            if version["state"] != "whole":
                continue
            for copy in version["copies"]:
                disk.seek(copy["offset_bytes"])
                text = disk.read(version["length_bytes"]).rstrip(b" \t\r\n")
                assert hashlib.sha256(text).hexdigest() == version["text_sha256"]


def test_lost_has_exactly_the_contracts_keys(image: str) -> None:
    found = answer(lvtui("lost", image, "--json"))

    assert found["lost"][0].keys() == {
        "name", "uuid", "role", "vdi_uuid", "name_label", "name_source", "size_bytes", "vg_uuid",
        "segments", "last_seen", "first_missing", "verdict", "reasons", "overwritten_bytes",
        "at_risk_bytes", "conflicts", "missing_seqnos", "gone_by", "content_in", "vhd",
    }  # fmt: skip
    assert found["lost"][0]["segments"][0].keys() == {
        "type", "start_extent", "extent_count", "pv_uuid", "pv_start_extent",
    }  # fmt: skip


def test_show_gives_the_text_the_difference_and_raw_bytes(image: str) -> None:
    versions = answer(lvtui("versions", image, "--json"))["versions"]
    older, newer = versions[-2]["id"], versions[-1]["id"]

    text = lvtui("show", image, "--at", older).stdout
    assert text.startswith("VG_XenStorage-")
    assert answer(lvtui("show", image, "--at", older, "--json"))["id"] == older
    diff = answer(lvtui("show", image, "--at", older, "--diff", newer, "--json"))["diff"]
    assert {change["op"] for change in diff} <= {"added", "removed", "changed"}
    assert diff
    assert "LABELONE" in lvtui("show", image, "--raw", "512+32").stdout
    for refused in ("x", "512+0", "512+9999999", "99999999999999"):
        assert lvtui("show", image, "--raw", refused).returncode == 2


@pytest.mark.parametrize("verdict", ["intact", "damaged", "at-risk"])
def test_extract_gives_the_volumes_bytes_and_says_what_they_are_worth(
    image: str, tmp_path: Path, verdict: str
) -> None:
    lost = next(
        lost
        for lost in answer(lvtui("lost", image, "--json"))["lost"]
        if lost["verdict"] == verdict and lost["role"] == "vhd"
    )
    to = tmp_path / "out.lv"
    run = lvtui(
        "extract", image, lost["uuid"], "--to", str(to), "--case", str(tmp_path / "c"), "--json"
    )
    found = answer(run)
    descriptor = os.open(image, os.O_RDONLY)
    truth = b"".join(
        os.pread(
            descriptor,
            segment["extent_count"] * 4194304,
            11534336 + segment["pv_start_extent"] * 4194304,
        )
        for segment in lost["segments"]
    )
    os.close(descriptor)

    assert run.returncode == (0 if verdict == "intact" else 6)
    assert to.read_bytes() == truth
    assert found["destination_sha256"] == hashlib.sha256(truth).hexdigest()
    assert found["verified"] is True
    assert found["bytes_written"] + found["bytes_holes"] == len(truth)
    assert found.keys() == {
        "schema", "lv", "version", "to", "format", "bytes_written", "bytes_holes",
        "manifest_sha256", "source_sha256", "destination_sha256", "verified",
        "unreadable_ranges", "overwritten_ranges", "at_risk_ranges", "note", "mapfile", "seconds",
    }  # fmt: skip


def test_extract_of_several_volumes_needs_a_folder_and_fills_it(image: str, tmp_path: Path) -> None:
    names = [
        lost["name"]
        for lost in answer(lvtui("lost", image, "--json"))["lost"]
        if lost["role"] == "vhd" and lost["size_bytes"] < 10 << 20
    ][:2]
    case = ("--case", str(tmp_path / "c"), "--json")

    refused = lvtui("extract", image, *names, "--to", str(tmp_path / "file"), *case)
    run = lvtui("extract", image, *names, "--to", str(tmp_path), *case)

    assert answer(refused)["exit"] == 12
    assert answer(run)["schema"] == "lvtui.extracts/1"
    assert sorted(path.name for path in tmp_path.glob("VHD-*.lv")) == sorted(
        f"{name}.lv" for name in names
    )


def test_an_image_of_somebody_else_is_not_overwritten(image: str, tmp_path: Path) -> None:
    to = tmp_path / "precious"
    to.write_bytes(b"mine")
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    run = lvtui("extract", image, name, "--to", str(to), "--case", str(tmp_path / "c"))

    assert run.returncode == 12
    assert to.read_bytes() == b"mine"


def test_the_image_itself_is_refused_as_destination(image: str, tmp_path: Path) -> None:
    before = Path(image).stat().st_mtime_ns
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    run = lvtui("extract", image, name, "--to", image, "--case", str(tmp_path / "c"))

    assert run.returncode == 12
    assert Path(image).stat().st_mtime_ns == before


def test_the_same_extract_again_verifies_the_image_and_copies_a_lost_one_again(
    image: str, tmp_path: Path
) -> None:
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    to = tmp_path / "out.lv"
    args = ("extract", image, name, "--to", str(to), "--case", str(tmp_path / "c"), "--json")

    first, second = lvtui(*args), lvtui(*args)
    to.unlink()
    third = lvtui(*args)

    assert (first.returncode, second.returncode, third.returncode) == (0, 0, 0)
    sums = {answer(run)["destination_sha256"] for run in (first, second, third)}
    assert len(sums) == 1


def test_an_interrupted_extract_says_how_to_go_on_and_goes_on(image: str, tmp_path: Path) -> None:
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    to, case = tmp_path / "out.lv", tmp_path / "case-x"
    args = ("extract", image, name, "--to", str(to), "--case", str(case), "--rate", "2000000")
    with subprocess.Popen(
        [sys.executable, "-m", "lvtui", *args],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        # The first line of progress comes from a worker that runs.
        line = running.stderr.readline()
        while "running" not in line:
            line = running.stderr.readline()
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=60)

    assert running.returncode == 130
    assert "lvtui resume" in stderr
    assert not to.exists()
    resumed = lvtui("resume", str(case), "--rate", "1000000000", "--json")
    assert resumed.returncode == 0
    assert lvtui("attach", str(case)).returncode == 0
    fresh = lvtui("extract", image, name, "--to", str(tmp_path / "b.lv"), "--case", str(case))
    assert fresh.returncode == 0
    assert to.read_bytes() == (tmp_path / "b.lv").read_bytes()


def test_plan_a_is_a_script_that_gives_the_same_image_without_lvtui(
    image: str, tmp_path: Path
) -> None:
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    case = ("--case", str(tmp_path / "c"))
    planned = lvtui("plan", image, name, "--to", str(tmp_path / "by-hand.lv"), *case)
    subprocess.run(["sh"], input=planned.stdout, text=True, check=True, capture_output=True)
    assert lvtui("extract", image, name, "--to", str(tmp_path / "x.lv"), *case).returncode == 0

    assert (tmp_path / "by-hand.lv").read_bytes() == (tmp_path / "x.lv").read_bytes()
    assert (tmp_path / "c" / "plan-a.sh").read_text() == planned.stdout


def test_a_detached_extract_is_seen_by_status_and_ended_by_attach(
    image: str, tmp_path: Path
) -> None:
    name = answer(lvtui("lost", image, "--json"))["lost"][0]["name"]
    case = str(tmp_path / "c")
    to = str(tmp_path / "out.lv")
    started = lvtui("extract", image, name, "--to", to, "--case", case, "--detach", "--json")
    status = answer(lvtui("status", case, "--json"))

    assert started.returncode == 0
    assert [job["lv"] for job in status["jobs"]] == [name]
    assert lvtui("attach", case).returncode == 0
    assert answer(lvtui("status", case, "--json"))["jobs"][0]["result"]["verified"] is True


def test_no_case_is_a_sentence(tmp_path: Path) -> None:
    run = lvtui("status", str(tmp_path / "none"))

    assert run.returncode == 2
    assert "There is no case" in run.stderr


def test_the_worker_and_the_version_load_nothing_heavy() -> None:
    code = (
        "import sys, lvtui.host.copy.worker, lvtui.cli\n"
        "bad = {'textual', 'rich', 'pyparsing'} & sys.modules.keys()\n"
        "sys.exit(', '.join(sorted(bad)) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_reader_that_stops_early_is_no_error(image: str) -> None:
    run = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m lvtui versions {image} --json | head -c 10"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == ""
