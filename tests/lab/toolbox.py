"""What the lab stands on: the cache folder, the tools and their versions, the compiled clock shim.

Real LVM2 writes every disk here; `shim.c` fixes clock, host name and random numbers, so that the same
family and seed give the same bytes for the same tool versions.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

MB = 1 << 20
EXTENT_BYTES = 4 * MB
ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
TOOLS = ("lvm", "losetup", "gcc", "mkfs.ext4", "debugfs", "qemu-img")
CLONE_NEWNS = 0x00020000
MS_REC_PRIVATE = (1 << 18) | 16384
MS_BIND = 4096


def tool_env(**more: str) -> dict[str, str]:
    """The environment in which tools run: sbin on PATH, C locale."""
    return {**os.environ, "PATH": PATH, "LC_ALL": "C", **more}


def why_not() -> str | None:
    """Why this host cannot make cases, None if it can."""
    if os.geteuid() != 0:
        return "real LVM2 on loop devices needs root"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=PATH)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    try:
        ctypes.CDLL("liblvm2cmd.so.2.03")
    except OSError:
        return "no liblvm2cmd.so.2.03 (package lvm2's library) here"
    if not Path("/dev/loop-control").exists():
        return "no loop devices here"
    return None


@functools.cache
def tool_versions() -> str:
    """What the bytes of a case depend on besides family, seed and maker."""
    said = []
    for argv in (("lvm", "version"), ("mkfs.ext4", "-V"), ("qemu-img", "--version")):
        done = subprocess.run(argv, capture_output=True, text=True, env=tool_env(), check=False)
        lines = (done.stdout + done.stderr).splitlines()
        said.append(
            next((line.strip() for line in lines if "ersion" in line or "mke2fs" in line), "")
        )
    return " | ".join(said)


def source_hash(*paths: Path) -> str:
    """One hash over the makers' source files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def source_hash_of(text: str) -> str:
    """A short hash for a folder's name."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def shim() -> Path:
    """The compiled shim, built once for its source."""
    source = Path(__file__).with_name("shim.c")
    built = CACHE / f"shim-{source_hash(source)}.so"
    if not built.exists():
        CACHE.mkdir(exist_ok=True)
        part = built.with_suffix(f".{os.getpid()}")
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O1", "-w", "-o", part, source, "-ldl"],
            check=True,
            env=tool_env(),
        )
        part.replace(built)
    return built


def private_mounts() -> ctypes.CDLL:
    """Leave the host's mount namespace; what is mounted from here on goes with this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None):
        raise OSError(ctypes.get_errno(), "private mount namespace")
    return libc


def mount_tmpfs(libc: ctypes.CDLL, where: Path, options: bytes | None = None) -> None:
    """Mount a tmpfs: LVM fsyncs every commit, which a disk would make slow."""
    if libc.mount(b"tmpfs", os.fsencode(where), b"tmpfs", 0, options):
        raise OSError(ctypes.get_errno(), f"tmpfs on {where}")


def private_dev(libc: ctypes.CDLL, where: Path, nodes: dict[str, int]) -> None:
    """Put a /dev over the host's that has the usual nodes and these block devices (name → rdev)."""
    mount_tmpfs(libc, where)
    usual = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
    for name, minor in usual.items():
        os.mknod(where / name, 0o020666, os.makedev(1, minor))
    os.mknod(where / "tty", 0o020666, os.makedev(5, 0))
    (where / "mapper").mkdir()
    for name, rdev in nodes.items():
        node = where / name.removeprefix("/dev/")
        node.parent.mkdir(parents=True, exist_ok=True)
        os.mknod(node, 0o060660, rdev)
    if libc.mount(os.fsencode(where), b"/dev", None, MS_BIND, None):
        raise OSError(ctypes.get_errno(), "bind /dev")
