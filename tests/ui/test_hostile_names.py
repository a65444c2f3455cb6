"""Names that a disk can hold, shown by the widgets in a real pty: none of their bytes get through."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.ui.hostile_app import DONE
from tests.ui.terminal_run import TerminalRun

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("term", ["xterm-256color", "linux"])
def test_terminal_gets_none_of_the_hostile_sequences(term: str) -> None:
    environ = {**os.environ, "TERM": term, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
    environ.pop("LC_ALL", None)
    run = TerminalRun([sys.executable, "-m", "tests.ui.hostile_app"], environ)
    code = run.finish()
    sent = run.sent
    text = sent.decode("utf-8")

    assert code == 0
    assert DONE in text
    for name in ("markup", "osc", "csi", "c1", "bidi", "zero", "long", "tab"):
        assert name in text, name
    # Markup stays text, escapes are spelled out.
    assert "[red]markup[/red]" in text
    assert "\\x1b[31mred" in text
    assert "\\x9b31m" in text
    assert "\\u202e" in text
    # Nothing of them arrives as a control: no title, no clipboard, no cursor report, no screen left
    # but by Textual itself at its end.
    assert b"HACKED\x07" not in sent
    assert b"\x1b]0;" not in sent
    assert b"\x1b]52" not in sent
    assert b"\x1b[6n" not in sent
    assert sent.count(b"\x1b[?1049l") == 1
    assert b"\x1b[31mred" not in sent
    assert not re.search("[\x80-\x9f]", text), "C1"
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u0301\u05d0\u0627]", text)
    assert "long" * 60 not in text
