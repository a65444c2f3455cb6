"""The system's ssh: a line to another host that asks on the real terminal, and is then used without.

`open_line` starts a master connection (ControlMaster): ssh itself asks for passwords and host keys,
lvtui sees neither. Workers use that line with BatchMode, so that nothing ever asks where nobody looks.
LVTUI_SSH names another ssh, or options for it, as `GIT_SSH_COMMAND` does.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from lvtui.errors import DestinationError
from lvtui.host.files import PRIVATE_FILE
from lvtui.plan.remote import Remote

SOCKET_CHARS_MAX = 85
"""A Unix socket's path has 107 characters, of which ssh takes some for itself."""

_ALIVE = ("-oServerAliveInterval=10", "-oServerAliveCountMax=3", "-oConnectTimeout=20")


def ssh_argv(remote: Remote, socket: Path, *options: str) -> tuple[str, ...]:
    """Ssh to a host over a line, up to its destination."""
    command = shlex.split(os.environ.get("LVTUI_SSH", "ssh"))
    port = () if remote.port is None else ("-p", str(remote.port))
    return (*command, "-S", str(socket), *_ALIVE, *options, *port, "--", remote.login)


def is_open(remote: Remote, socket: Path) -> bool:
    """Whether the line stands."""
    argv = ssh_argv(remote, socket, "-O", "check")
    try:
        return not subprocess.run(argv, capture_output=True, check=False, timeout=30).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def open_line(remote: Remote, socket: Path, log: Path, *, terminal: bool) -> None:
    """Open the line, or find it open. Without a terminal ssh must not need to ask.

    `log` is where ssh's own words go when there is no terminal.

    Raises:
        DestinationError: `LV-SSH-02` it cannot be opened, `LV-SSH-03` its path is too long.
    """
    if len(str(socket)) > SOCKET_CHARS_MAX:
        raise DestinationError(
            "LV-SSH-03",
            "{path} is too long for a line to another host. Give a case folder with a shorter path: "
            "--case DIR.",
            path=str(socket),
        )
    if is_open(remote, socket):
        return
    socket.unlink(missing_ok=True)
    options = ["-M", "-f", "-N", "-oControlPersist=yes"]
    if not terminal:
        options.append("-oBatchMode=yes")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    words = os.open(log, flags, PRIVATE_FILE)
    try:
        code = subprocess.run(
            ssh_argv(remote, socket, *options),
            stdin=None if terminal else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # a file, since the line would hold a pipe open
            stderr=None if terminal else words,
            check=False,
        ).returncode
    except OSError as error:
        raise _not_opened(remote, error.strerror or "?") from error
    finally:
        os.close(words)
    if code:
        raise _not_opened(remote, f"ssh ended with {code}")


def close_line(remote: Remote, socket: Path) -> None:
    """Close it, if it is open."""
    argv = ssh_argv(remote, socket, "-O", "exit")
    subprocess.run(argv, capture_output=True, check=False, timeout=30)


def _not_opened(remote: Remote, why: str) -> DestinationError:
    return DestinationError(
        "LV-SSH-02",
        "No line to {host}: {why}. Try by hand: ssh {host}. Where it asks for a password, start the "
        "copy with lvtui extract on a terminal.",
        host=remote.login,
        why=why,
    )
