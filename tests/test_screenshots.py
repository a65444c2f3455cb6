"""The committed pictures are those of today's wizard on the demo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import sources


@pytest.mark.xdist_group("screenshots")  # the pictures name one fixed folder
def test_pictures_are_those_of_the_wizard(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tests.screenshots", str(tmp_path)]
    done = subprocess.run(argv, cwd=sources.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    committed = {path.name: path.read_text() for path in (sources.ROOT / "screenshots").iterdir()}
    today = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert sorted(committed) == sorted(today)
    changed = [name for name, svg in committed.items() if svg != today[name]]
    assert changed == [], "make screenshots"


def test_every_page_of_the_walk_says_demo() -> None:
    pages = {path.stem: path.read_text() for path in (sources.ROOT / "screenshots").iterdir()}

    assert [name for name, svg in pages.items() if ">DEMO<" not in svg and name != "start"] == []
