"""`make demo` on a machine that lacks something says in one sentence what, and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import sources

NAMES = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")
TOO_OLD = """#!/bin/sh
[ "$1" = --version ] && echo Python 3.9.2 && exit 0
exit 1
"""
WITHOUT_VENV = """#!/bin/sh
[ "$1" = --version ] && echo Python 3.11.2 && exit 0
case "$2" in *ensurepip*) exit 1;; esac
exit 0
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `make` needs of a clone."""
    for name in ("Makefile", "pyproject.toml", "tests/python.sh", "tests/constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(sources.ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    return tmp_path


def make(clone: Path, python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in NAMES:
        (clone / "bin" / name).write_text(python)
        (clone / "bin" / name).chmod(0o755)
    env = {"PATH": f"{clone / 'bin'}:{os.environ['PATH']}"}
    argv = ["make", "--no-print-directory", *arguments]
    return subprocess.run(argv, cwd=clone, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("python", "arguments", "said"),
    [
        pytest.param(
            TOO_OLD, (), "lvtui needs Python 3.11 or newer; found: Python 3.9.2.", id="old"
        ),
        pytest.param(
            TOO_OLD, ("PYTHON=python3.12",), "lvtui needs Python 3.11 or newer", id="old-by-hand"
        ),
        pytest.param(
            WITHOUT_VENV, (), "Python 3.11.2 is here without its venv module.", id="without-venv"
        ),
    ],
)
@pytest.mark.parametrize("target", ["demo", "test"])
def test_what_python_lacks_is_said_in_a_sentence(
    clone: Path, python: str, arguments: tuple[str, ...], said: str, target: str
) -> None:
    done = make(clone, python, target, *arguments)

    sentences = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert done.returncode == 2
    assert len(sentences) == 1
    assert sentences[0].startswith(said)
    assert "apt-get install python3" in sentences[0]
    assert not (clone / ".venv").exists()


def test_make_alone_prints_its_targets(clone: Path) -> None:
    done = make(clone, TOO_OLD)

    assert done.returncode == 0
    assert "make demo" in done.stdout
    assert "make test" in done.stdout


def test_a_missing_tool_is_named_in_one_line_where_it_cannot_be_installed(tmp_path: Path) -> None:
    for name in ("sh", "ls", "id"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    script = (sources.ROOT / "tests" / "tools.sh").read_text()
    (tmp_path / "tools.sh").write_text(script.replace("PATH=$PATH:/usr/sbin:/sbin\n", ""))

    done = subprocess.run(
        [tmp_path / "sh", tmp_path / "tools.sh"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "lvm2" in line
    assert "gddrescue" in line
