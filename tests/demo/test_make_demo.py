"""The script remakes the disk: the same story always, the same bytes with the same tools."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import sources

COMMITTED = {
    "disk.xz": sources.ROOT / "lvtui" / "demo" / "disk.xz",
    "disk.json": sources.ROOT / "lvtui" / "demo" / "disk.json",
    "truth.json": sources.ROOT / "tests" / "data" / "demo" / "truth.json",
}
OF_THE_STORY = (
    "name",
    "label",
    "size_bytes",
    "last_seqno",
    "segments",
    "overwritten_bytes",
    "intact",
)


def story(truth: dict[str, Any]) -> list[list[Any]]:
    return [[lost[key] for key in OF_THE_STORY] for lost in truth["lost"]]


@pytest.mark.xdist_group("lvm")
def test_the_disk_can_be_made_again_with_real_lvm(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.make_demo", "--out", str(tmp_path)]
    done = subprocess.run(argv, cwd=sources.ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    old = json.loads(COMMITTED["truth.json"].read_text())
    new = json.loads((tmp_path / "truth.json").read_text())
    assert story(old) == story(new)
    same_tools = old["made_with"] == new["made_with"]
    if same_tools:  # other releases write another text, and another ext4
        remade = {name: (tmp_path / name).read_bytes() for name in COMMITTED}
        assert {name: path.read_bytes() for name, path in COMMITTED.items()} == remade
