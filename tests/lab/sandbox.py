"""A private corner of the host in which real LVM2 works on image files: loops, /dev, clock, lvm.conf.

One sandbox per process: the process leaves the host's mount namespace, works on a tmpfs and ends
with `os._exit` (liblvm2cmd crashes in the interpreter's teardown). Nothing is left behind, even after
kill -9: mounts go with the namespace, loops with their last descriptor.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import toolbox
from tests.lab.toolbox import MB

LOOP_CLR_FD = 0x4C01
LVM_CONF = """devices {{ dir = "/dev" scan = [ "/dev" ] use_devicesfile = 0
 obtain_device_list_from_udev = 0 external_device_info_source = "none" hints = "none"
 global_filter = [ {accept} "r|.*|" ] multipath_component_detection = 0
 md_component_detection = 0 fw_raid_component_detection = 0 }}
global {{ activation = 0 event_activation = 0 use_lvmpolld = 0 use_aio = 0 notify_dbus = 0
 locking_dir = "{folder}/lock" suffix = 1 }}
activation {{ monitoring = 0 udev_sync = 0 }}
backup {{ backup = 0 archive = 0 }}
log {{ verbose = 0 level = 0 }}
"""


class LvmRefusedError(Exception):
    """LVM answered with an error where success was needed."""


@dataclass(slots=True, kw_only=True)
class Disk:
    """An image and the device that LVM sees of it."""

    img: Path
    dev: str
    base: int
    """Bytes in the image before the device's first."""
    size: int
    mdas: list[tuple[int, int]] = field(default_factory=list)
    pv_uuid: str | None = None
    pe_start: int | None = None


def attach_loop(img: Path, base: int, size: int | None, sector: int = 512) -> int:
    """A descriptor of a loop device over part of an image, which goes with its last descriptor."""
    limit = ["--sizelimit", str(size)] if size else []
    loop = subprocess.run(
        ["losetup", "-f", "--show", "-o", str(base), "-b", str(sector), *limit, img],
        capture_output=True,
        text=True,
        check=True,
        env=toolbox.tool_env(),
    ).stdout.strip()
    fd = os.open(loop, os.O_RDWR)
    second = os.open(loop, os.O_RDONLY)
    fcntl.ioctl(fd, LOOP_CLR_FD, 0)  # with two openers the kernel makes it autoclear
    os.close(second)
    return fd


class Sandbox:
    """Disks, LVM and a clock of its own."""

    def __init__(self, name: str, host: str, start_time: int) -> None:
        self.name = name
        self.host = host
        self.now = start_time
        self.tmp = Path(tempfile.mkdtemp(prefix="lvtui-lab"))
        self.disks: list[Disk] = []
        self.messages: list[str] = []
        self.commands = 0
        self._loops: list[int] = []
        self._libc = toolbox.private_mounts()
        (self.tmp / "work").mkdir()
        toolbox.mount_tmpfs(self._libc, self.tmp / "work", b"size=90%")

    def add_disk(self, mb: int, dev: str, base: int = 0) -> None:
        """A new empty image."""
        img = self.tmp / "work" / f"disk{len(self.disks)}.img"
        with img.open("wb") as f:
            f.truncate(mb * MB + base)
        self.disks.append(Disk(img=img, dev=dev, base=base, size=mb * MB))

    def start(self) -> None:
        """Attach the disks and load LVM."""
        for name in ("dev", "lock"):
            (self.tmp / name).mkdir()
        nodes = {}
        for disk in self.disks:
            fd = attach_loop(disk.img, disk.base, disk.size)
            self._loops.append(fd)
            nodes[disk.dev] = os.fstat(fd).st_rdev
        toolbox.private_dev(self._libc, self.tmp / "dev", nodes)
        accept = " ".join(f'"a|^{disk.dev}$|",' for disk in self.disks)
        (self.tmp / "lvm.conf").write_text(LVM_CONF.format(accept=accept, folder=self.tmp))
        (self.tmp / "rand").write_bytes(random.Random(f"urandom/{self.name}").randbytes(1 << 20))
        os.environ.update(
            LVM_SYSTEM_DIR=str(self.tmp),
            LAB_RANDOM=str(self.tmp / "rand"),
            LAB_HOST=self.host,
            LVM_SUPPRESS_FD_WARNINGS="1",
            LAB_TIME=str(self.now),
        )
        self._clock = ctypes.c_long.in_dll(ctypes.CDLL(str(toolbox.shim())), "lab_time")
        self._clock.value = self.now
        os.chdir(self.tmp)  # command lines go into the text's description: paths stay relative
        self._load_lvm()

    def _load_lvm(self) -> None:
        lib = ctypes.CDLL("liblvm2cmd.so.2.03")
        lib.lvm2_init.restype = ctypes.c_void_p
        lib.lvm2_run.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        kinds = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_char_p)
        self._callback = ctypes.CFUNCTYPE(None, *kinds)(self._log)  # kept: LVM calls it
        lib.lvm2_log_fn(self._callback)
        self._lib = lib
        self._handle = lib.lvm2_init()

    def _log(self, level: int, _file: bytes, _line: int, _dm: int, message: bytes) -> None:
        if (level & 7) <= 4:
            self.messages.append(message.decode("utf8", "replace"))

    def tick(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds
        self._clock.value = self.now

    def run(self, command: str) -> bool:
        """One LVM command; `messages` holds what it said."""
        self.messages.clear()
        return bool(self._lib.lvm2_run(self._handle, command.encode()) == 1)

    def poke(self, disk: int, offset: int, data: bytes) -> None:
        """Write bytes at an offset of the image."""
        with self.disks[disk].img.open("r+b") as f:
            f.seek(offset)
            f.write(data)

    def peek(self, disk: int, offset: int, length: int) -> bytes:
        """Read bytes at an offset of the image."""
        with self.disks[disk].img.open("rb") as f:
            f.seek(offset)
            return f.read(length)

    def deliver(self, out: Path) -> None:
        """Copy the images out, sparse."""
        self.detach()
        for disk in self.disks:
            subprocess.run(["cp", "--sparse=always", disk.img, out / disk.img.name], check=True)

    def detach(self) -> None:
        """Let the loops go."""
        for fd in self._loops:
            os.close(fd)
        self._loops.clear()

    def close(self) -> None:
        """Unmount and remove; idempotent."""
        self.detach()
        os.chdir("/")
        for where in (self.tmp / "dev", self.tmp / "work"):
            subprocess.run(["umount", "-l", where], capture_output=True, check=False)
        shutil.rmtree(self.tmp, ignore_errors=True)
