"""The wizard in a real pty: first page, colours, arrows on a bad line, the terminal given back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.ui.terminal_run import TerminalRun

ROOT = Path(__file__).resolve().parents[2]
FIRST_PAGE = b"F10"


def environ_of(home: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"LC_ALL", "NO_COLOR", "COLORTERM"}}
    return kept | {
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(home),
        "HOME": str(home),
        **more,
    }


def start(home: Path, *args: str, **more: str) -> TerminalRun:
    return TerminalRun([sys.executable, "-m", "lvtui", *args], environ_of(home, **more))


def leave(run: TerminalRun) -> int:
    run.press(b"\x1b[21~")
    run.read_until(lambda sent: b"Nothing is running" in sent)
    run.press(b"\r")
    return run.finish()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="colour"),
        pytest.param({"NO_COLOR": "1"}, id="no-color"),
        pytest.param({"TERM": "linux"}, id="console"),
        pytest.param({"TERM": "linux", "NO_COLOR": "1"}, id="console-no-color"),
        pytest.param({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, id="lc-all-c"),
    ],
)
def test_first_page_is_readable_and_the_terminal_is_given_back(
    tmp_path: Path, more: dict[str, str]
) -> None:
    run = start(tmp_path, **more)
    run.read_until(lambda sent: FIRST_PAGE in sent)
    page = run.sent
    code = leave(run)

    assert code == 0
    assert b"A virtual disk is lost" in page
    assert b"30;40" not in page, "black on black"
    assert b"\\u25" not in page, "glyphs as text"
    assert b"38;2;" not in page, "24-bit colour"
    assert b"\x1b[?1000h" not in page, "mouse"
    assert b"\x1b[?1049l" in run.sent


def test_arrow_that_comes_in_two_pieces_stays_on_the_page(tmp_path: Path) -> None:
    run = start(tmp_path)
    run.read_until(lambda sent: FIRST_PAGE in sent)
    run.press(b"\x1b")
    run.read_until_quiet(0.3)  # the slow line is the thing under test
    run.press(b"[B")
    run.press(b"\x1b[11~")
    run.read_until(lambda sent: b"Help" in sent and b"This page" in sent)

    assert b"Nothing is running" not in run.sent
    run.kill()


def test_dumb_terminal_gets_questions_and_no_escape_sequence(tmp_path: Path) -> None:
    run = start(tmp_path, TERM="dumb")
    run.read_until(lambda sent: b"What do you want to do?" in sent)
    run.press(b"q\r")
    code = run.finish()

    assert code == 0
    assert b"\x1b" not in run.sent
    assert b"Practise with demo data" in run.sent


def test_idle_page_sends_nothing(tmp_path: Path) -> None:
    run = start(tmp_path)
    run.read_until(lambda sent: FIRST_PAGE in sent)
    run.read_until_quiet(1.5)
    run.press(b"\x1b[11~")
    run.read_until(lambda sent: b"This page" in sent)
    page = run.read_until_quiet(1.5)
    run.kill()

    assert len(page) < 16_000
