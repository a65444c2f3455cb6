"""The README says what the code does: its tables, its commands, its steps."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lvtui.cli.parsing import parse
from lvtui.cli.table import COMMANDS
from lvtui.flow.practice import prepare_demo
from tests import readme, sources

TEXT = readme.README.read_text()
TRUTH = json.loads((sources.ROOT / "tests" / "data" / "demo" / "truth.json").read_text())
LVTUI_LINE = re.compile(r"^(?: {4,}|\$ )lvtui ([^#>\n]+)", re.MULTILINE)


def test_tables_are_those_of_the_code() -> None:
    assert readme.with_tables(TEXT) == TEXT, "write them anew: python -m tests.readme"


def test_every_code_of_the_package_is_in_the_table() -> None:
    used = {
        code
        for where, _ in sources.modules()
        for code in sources.CODE.findall((sources.ROOT / where).read_text())
    }
    in_table = set(sources.CODE.findall(TEXT.partition("<!-- errors -->")[2]))

    # an example in a docstring is no code that is raised
    assert {one.code for one in sources.codes()} == in_table
    assert used >= in_table


@pytest.mark.parametrize("line", LVTUI_LINE.findall(TEXT))
def test_every_command_line_is_understood(line: str) -> None:
    assert callable(parse(shlex.split(line)).run)


def test_every_command_stands_in_it() -> None:
    assert [name for name in (c.name for c in COMMANDS) if f"lvtui {name}" not in TEXT] == []


def test_every_target_of_make_is_explained_and_every_one_named_exists() -> None:
    makefile = (sources.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.* ## ", makefile, re.MULTILINE)) - {"help"}

    in_words = set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)?)`", TEXT))
    in_blocks = set(re.findall(r"^    make ([a-z-]+)", TEXT, re.MULTILINE))
    assert targets == in_words | in_blocks


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)

    assert [link for link in links if not (sources.ROOT / link).exists()] == []


def test_the_three_steps_from_a_workstation_give_the_lost_bytes(tmp_path: Path) -> None:
    session = prepare_demo(tmp_path)
    assert session.source
    wanted = TRUTH["parts"]["recommended"]["name"]
    (truth,) = (lost for lost in TRUTH["lost"] if lost["name"] == wanted)
    steps = {
        "/dev/sdb": session.source,
        "/mnt/nas": str(tmp_path),
        " --way a": f" --way a --case {tmp_path}/case",
        "VHD-1b2c9f04": wanted[:12],
        "lvtui ": f"{sys.executable} -m lvtui ",
    }
    section = TEXT.partition("## Not on the host itself")[2].partition("\n## ")[0]
    lines = re.findall(r"^ {7}(.+)$", section, re.MULTILINE)

    for line in [*lines, "sh -e plan.sh"]:
        if line.startswith("less "):
            continue
        for shown, here in steps.items():
            line = line.replace(shown, here)  # noqa: PLW2901 - the operator's own words put in
        done = subprocess.run(
            ["sh", "-c", line],
            cwd=tmp_path,
            env={"PYTHONPATH": str(sources.ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stderr)

    with (tmp_path / "web01.lv").open("rb") as f:
        assert truth["sha256_when_lost"] == hashlib.file_digest(f, "sha256").hexdigest()
