"""Loop devices and real LVM2 for tests; both need root, and say so where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SBIN_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def need(*tools: str) -> None:
    """Skip the test, with the reason, where it cannot run."""
    if os.geteuid() != 0:
        pytest.skip("loop devices need root")
    for tool in tools:
        if shutil.which(tool, path=SBIN_PATH) is None:
            pytest.skip(f"{tool} is not installed")
    if not Path("/dev/loop-control").exists():
        pytest.skip("no loop devices on this host")


def _run(*argv: str) -> str:
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": SBIN_PATH, "LC_ALL": "C", "LVM_SUPPRESS_FD_WARNINGS": "1"},
    )
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


@contextmanager
def loop_device(image: Path, *, sector_bytes: int = 512, read_only: bool = False) -> Iterator[str]:
    """The path of a loop device on `image`, detached at the end."""
    need("losetup")
    options = ["--sector-size", str(sector_bytes)] + (["--read-only"] if read_only else [])
    path = _run("losetup", "--find", "--show", *options, str(image)).strip()
    try:
        yield path
    finally:
        _run("losetup", "--detach", path)


def lvm(device: str, *argv: str) -> str:
    """Run an LVM command that sees `device` only, without device-mapper."""
    with tempfile.TemporaryDirectory() as system:
        config = (
            f'devices {{ filter = [ "a|^{device}$|", "r|.*|" ] '
            f'global_filter = [ "a|^{device}$|", "r|.*|" ] use_devicesfile = 0 '
            'obtain_device_list_from_udev = 0 external_device_info_source = "none" hints = "none" } '
            f'global {{ activation = 0 use_lvmpolld = 0 locking_dir = "{system}" }} '
            "activation { monitoring = 0 udev_sync = 0 } backup { backup = 0 archive = 0 }"
        )
        return _run(argv[0], "--config", config, *argv[1:])
