"""What is settled before Textual starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lvtui.ui import terminal


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_terminal_that_cannot_draw_is_refused_with_a_way_out(term: str) -> None:
    said = terminal.check({"TERM": term}, is_tty=True)

    assert said is not None
    assert "lvtui scan" in str(said)


def test_no_terminal_is_refused_with_a_way_out() -> None:
    said = terminal.check({"TERM": "xterm"}, is_tty=False)

    assert said is not None
    assert "lvtui extract" in str(said)


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "screen", "linux", "putty", "vt220"])
def test_terminal_that_can_draw_is_taken(term: str) -> None:
    assert terminal.check({"TERM": term}, is_tty=True) is None


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        pytest.param({"TERM": "xterm"}, "utf-8", False, id="utf8"),
        pytest.param({"TERM": "xterm"}, "UTF8", False, id="utf8-by-another-name"),
        pytest.param({"TERM": "linux"}, "utf-8", True, id="console-font"),
        pytest.param({"TERM": "vt100"}, "utf-8", True, id="vt100"),
        pytest.param({"TERM": "xterm"}, "ascii", True, id="LC_ALL=C"),
        pytest.param({"TERM": "xterm"}, "koi8-r", True, id="koi8"),
        pytest.param({"TERM": "xterm", "LVTUI_ASCII": "1"}, "utf-8", True, id="asked-for"),
    ],
)
def test_look_follows_terminal_and_encoding(
    environ: dict[str, str], encoding: str, *, expected: bool
) -> None:
    assert terminal.is_ascii(environ, encoding) is expected


def test_settings_are_there_before_textual_is_imported() -> None:
    program = (
        "import lvtui.ui.app, textual.constants as c;"
        "print(c.DEFAULT_THEME, c.ESCAPE_DELAY, c.TEXTUAL_ANIMATIONS, c.DISABLE_KITTY_KEY)"
    )
    clean = {k: v for k, v in os.environ.items() if k not in terminal.SETTINGS}
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["ansi-dark", "0.5", "none", "True"]


def test_settings_of_the_operator_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCDELAY", "900")
    terminal.settle_environment()

    assert os.environ["ESCDELAY"] == "900"
