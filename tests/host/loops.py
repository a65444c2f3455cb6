"""Loop devices, partitions on them and mounts, taken away again whatever happens."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

needs_loops = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/loop-control").exists() or not shutil.which("losetup"),
    reason="loop devices need root",
)


def loop(stack: ExitStack, file: Path, *, partitions: bool = False) -> Path:
    """A loop device on a file."""
    said = subprocess.run(
        ["losetup", "--find", "--show", file], capture_output=True, text=True, check=True
    )
    device = said.stdout.strip()
    stack.callback(_run, "losetup", "--detach", device)
    if partitions:
        subprocess.run(["partx", "--add", device], check=False, capture_output=True)
        stack.callback(_run, "partx", "--delete", device)
    return Path(device)


def partitioned(file: Path, size_bytes: int) -> None:
    """A file with an MBR of two halves."""
    with file.open("wb") as disk:
        disk.truncate(size_bytes)
    half = size_bytes // 2 // 2**20 - 1
    table = f"label: dos\n,{half}M\n,{half}M\n"
    subprocess.run(["sfdisk", "--quiet", file], input=table, text=True, check=True)


def ext4(target: Path) -> None:
    """A file system on a device or file."""
    subprocess.run(["mkfs.ext4", "-q", "-F", target], check=True, capture_output=True)


def mount(stack: ExitStack, device: Path, where: Path, *options: str) -> Path:
    """A mount."""
    where.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *options, device, where], check=True)
    stack.callback(_run, "umount", where)
    return where


def _run(*argv: str | Path) -> None:
    subprocess.run(argv, check=False, capture_output=True)
