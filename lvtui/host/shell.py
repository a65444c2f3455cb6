"""The operator's own shell on the terminal that the wizard has left for it; the only place for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

FALLBACK = "/bin/sh"


def operators_shell() -> str:
    """`$SHELL` where it is a program that is there, else `/bin/sh`."""
    named = os.environ.get("SHELL", "")
    return named if named.startswith("/") and os.access(named, os.X_OK) else FALLBACK


def run_shell(words: str, case_dir: str | None) -> int:
    """Show `words`, run the shell until it ends; its exit code.

    Raises:
        OSError: it cannot be started.
    """
    os.write(1, f"\n{words}\n".encode())
    environ = {**os.environ, "LVTUI_CASE": case_dir or ""}
    folder = case_dir if case_dir is not None and Path(case_dir).is_dir() else None
    # No timeout: the operator ends it.
    return subprocess.run([operators_shell()], env=environ, cwd=folder, check=False).returncode
