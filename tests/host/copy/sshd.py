"""A real sshd on the loopback: a high port, throw-away keys, nothing of this machine's own setup."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SSHD = "/usr/sbin/sshd"
TRIES = 100


def why_not() -> str | None:
    """Why there can be none here."""
    if not Path(SSHD).exists() or shutil.which("ssh") is None:
        return "openssh-server is not installed"
    return None if os.geteuid() == 0 else "sshd needs root to let somebody in"


@dataclass
class Sshd:
    """A running server."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    command: str = field(default="")
    """What LVTUI_SSH has to be."""

    def start(self) -> None:
        """Start it, and wait until it answers."""
        argv = [SSHD, "-D", "-f", str(self.folder / "sshd_config"), "-E", str(self.folder / "log")]
        self.process = subprocess.Popen(argv, start_new_session=True)
        for _ in range(TRIES):
            probe = [*self.command.split(), "-oConnectTimeout=2", "-p", str(self.port), "127.0.0.1"]
            done = subprocess.run([*probe, "true"], capture_output=True, check=False)
            if done.returncode == 0:
                return
        raise RuntimeError((self.folder / "log").read_text())

    def cut(self) -> None:
        """Kill the server and every line through it."""
        assert self.process is not None
        children = [self.process.pid]
        for pid in children:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended by itself
                listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                children += [int(word) for word in listed.split()]
        for pid in reversed(children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        self.process.wait()
        self.process = None


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Run one for a while."""
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(argv, check=True)
    shutil.copy(folder / "user.pub", folder / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile none\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nUsePAM no\n"
        "PermitRootLogin yes\nStrictModes no\nMaxStartups 100\n"
    )
    host_key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {' '.join(host_key)}\n")
    (folder / "ssh_config").write_text(
        f"Host *\n  IdentityFile {folder}/user\n  IdentitiesOnly yes\n  IdentityAgent none\n"
        f"  UserKnownHostsFile {folder}/known\n  GlobalKnownHostsFile none\n"
        "  StrictHostKeyChecking yes\n"
    )
    server = Sshd(folder, port, command=f"ssh -F {folder}/ssh_config")
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.cut()
