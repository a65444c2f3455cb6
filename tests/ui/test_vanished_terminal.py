"""An SSH line that drops takes the terminal away; the wizard must not stay behind and spin."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path


def test_the_wizard_ends_when_its_terminal_is_gone(tmp_path: Path) -> None:
    # SIGHUP does not end it here: as under nohup, sudo, or a shell that keeps it from its children.
    master, slave = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "XDG_STATE_HOME": str(tmp_path)}
    wizard = subprocess.Popen(
        ["setsid", "--ctty", "sh", "-c", f"trap '' HUP; exec {sys.executable} -m lvtui demo"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
    )
    os.close(slave)
    try:
        shown = b""
        while b"READ-ONLY" not in shown:
            shown += os.read(master, 65536)
        os.close(master)
        wizard.wait(timeout=60)
    finally:
        wizard.kill()
        wizard.wait()

    assert wizard.returncode >= 0
