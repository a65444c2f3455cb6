"""LVM that belongs to a test: own /etc/lvm, own locks, own loop devices; the host's is not seen.

Commands run in a mount namespace of their own, where a folder of the test lies over /etc/lvm and
another over /run/lock. Its lvm.conf has no device-mapper, so LVM changes metadata and activates nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.loop import SBIN_PATH, loop_device, need

Run = subprocess.CompletedProcess[str]

CONF = """\
devices {{ filter = [ {accept}"r|.*|" ] global_filter = [ {accept}"r|.*|" ] use_devicesfile = 0
  obtain_device_list_from_udev = 0 external_device_info_source = "none" hints = "none"
  md_component_detection = 0 multipath_component_detection = 0 scan = [ "/dev" ] }}
global {{ activation = 0 use_lvmpolld = 0 use_aio = 0 event_activation = 0 notify_dbus = 0
  locking_dir = "/run/lock/lvm" }}
activation {{ monitoring = 0 udev_sync = 0 }}
backup {{ backup = {backup} archive = 0 backup_dir = "/etc/lvm/backup" }}
"""
_IN_NAMESPACE = 'mount --bind "$1" /etc/lvm && mount --bind "$2" /run/lock && shift 2 && exec "$@"'


def need_lvm() -> None:
    """Skip where there is no real LVM2, root, or namespace."""
    need("losetup", "vgcfgrestore", "unshare")


@dataclass
class PrivateLvm:
    """Devices and a corner in which LVM and lvtui see them."""

    folder: Path
    images: tuple[Path, ...]
    devices: tuple[str, ...]

    @property
    def spec(self) -> str:
        """SOURCE."""
        return ",".join(self.devices)

    @property
    def cases(self) -> Path:
        """Where the test keeps its cases."""
        return self.folder / "cases"

    def argv(self, *argv: str) -> list[str]:
        """A command line that runs in the namespace."""
        head = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _IN_NAMESPACE, "sh"]
        return [*head, str(self.folder / "lvm"), str(self.folder / "lock"), *argv]

    def run(self, *argv: str, prefix: Sequence[str] = (), **env: str) -> Run:
        """Run any command in it."""
        return subprocess.run(
            [*prefix, *self.argv(*argv)],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={
                **os.environ,
                "PATH": SBIN_PATH,
                "LC_ALL": "C",
                "LVM_SUPPRESS_FD_WARNINGS": "1",
                "LVM_SYSTEM_DIR": "/etc/lvm/master",
                **env,
            },
            timeout=180,
        )

    def lvm(self, *argv: str) -> str:
        """An LVM command that must succeed."""
        done = self.run(*argv)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def lvtui(self, *argv: str, prefix: Sequence[str] = ()) -> Run:
        """lvtui in it."""
        return self.run(sys.executable, "-m", "lvtui", *argv, prefix=prefix)

    def answer(self, *argv: str, code: int = 0) -> dict[str, Any]:
        """The JSON that lvtui answers with."""
        done = self.lvtui(*argv, "--json")
        assert done.returncode == code, f"{argv}: {done.returncode} {done.stdout}{done.stderr}"
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def lvs(self, vg: str) -> dict[str, tuple[str, str]]:
        """LV uuid → (name, segments and their places)."""
        said = self.lvm(
            *("lvs", "--noheadings", "--separator", ";", "--all"),
            *("--options", "lv_uuid,lv_name,seg_start_pe,seg_pe_ranges", "--segments", vg),
        )
        found: dict[str, tuple[str, str]] = {}
        for line in sorted(said.splitlines()):
            uuid, name, *rest = line.strip().split(";")
            before = found.get(uuid, (name, ""))[1]
            found[uuid] = (name, f"{before} {':'.join(rest)}".strip())
        return found

    def bytes(self) -> list[bytes]:
        """What the disks hold now."""
        for device in self.devices:
            subprocess.run(["blockdev", "--flushbufs", device], check=True, env=_env())
        return [image.read_bytes() for image in self.images]


def _env() -> dict[str, str]:
    return {**os.environ, "PATH": SBIN_PATH}


@contextmanager
def private_lvm(
    folder: Path, images: Sequence[Path], *, backup: bool = True, sector_bytes: int = 512
) -> Iterator[PrivateLvm]:
    """LVM over throw-away images, which are worked on as they are."""
    need_lvm()
    for name in ("lvm/master", "lvm/backup", "lock/lvm", "cases"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        devices = tuple(
            stack.enter_context(loop_device(image, sector_bytes=sector_bytes)) for image in images
        )
        accept = "".join(f'"a|^{device}$|", ' for device in devices)
        conf = CONF.format(accept=accept, backup=int(backup))
        for place in ("lvm/lvm.conf", "lvm/master/lvm.conf"):
            (folder / place).write_text(conf)
        yield PrivateLvm(folder=folder, images=tuple(images), devices=devices)


def new_images(folder: Path, count: int, size_bytes: int = 64 << 20) -> list[Path]:
    """Empty sparse images."""
    images = []
    for number in range(count):
        image = folder / f"disk{number}.img"
        with image.open("wb") as file:
            file.truncate(size_bytes)
        images.append(image)
    return images


def copy_images(folder: Path, images: Sequence[Path]) -> list[Path]:
    """Throw-away copies, sparse."""
    copies = []
    for number, image in enumerate(images):
        copy = folder / f"disk{number}.img"
        subprocess.run(["cp", "--sparse=always", image, copy], check=True)
        copies.append(copy)
    return copies


def need_strace() -> None:
    """Skip where kills at system calls cannot be made."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
