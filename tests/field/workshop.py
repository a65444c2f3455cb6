"""One field case being made: images, loops, a private /dev, and LVM by its own command.

As in the lab, clock, host name and random numbers are fixed: the same case gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import tempfile
import uuid as uuids
from pathlib import Path
from typing import Any, NamedTuple

from tests.field import ondisk
from tests.field.ondisk import MB, Segment
from tests.lab import lvmtext, toolbox
from tests.lab.lvmtext import Tree
from tests.lab.sandbox import attach_loop

Info = dict[str, Any]
EPOCH = 1700000000
LOOPS = 96
CONF = """devices {{ use_devicesfile=0 obtain_device_list_from_udev=0
 external_device_info_source="none" hints="none" global_filter=[ {accept} "r|.*|" ]
 md_component_detection=0 multipath_component_detection=0 fw_raid_component_detection=0 }}
global {{ activation=0 event_activation=0 use_lvmpolld=0 use_aio=0 notify_dbus=0
 locking_dir="{folder}/lock" }}
activation {{ monitoring=0 udev_sync=0 }}
backup {{ backup=0 archive=0 }}
"""


class LvmRefusedError(Exception):
    """LVM answered with an error where success was needed."""


class Attached(NamedTuple):
    """A device that LVM sees."""

    image: str
    base: int
    fd: int


def linear_segments(vg: Tree, lv: Tree, places: dict[str, tuple[str, int]]) -> list[Segment]:
    """[[file, offset, bytes]] of a linear LV; `places`: PV id → (file, base)."""
    out: list[Segment] = []
    extent = vg["extent_size"] * 512
    for n in range(1, lv["segment_count"] + 1):
        segment = lv[f"segment{n}"]
        assert (segment["type"], segment["stripe_count"]) == ("striped", 1), segment
        name, first = segment["stripes"]
        pv = vg["physical_volumes"][name]
        file, base = places[pv["id"]]
        start = base + pv["pe_start"] * 512 + first * extent
        out.append([file, start, segment["extent_count"] * extent])
    return out


class Workshop:
    """Makes one case in a process of its own, which ends by `os._exit`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tmp = Path(tempfile.mkdtemp(prefix="lvtui-field"))
        self.rng = random.Random("field/" + name)
        self.host = "xcp-lab-1"
        self.visible: list[str] | None = None
        """Devices that LVM may see; None: all."""
        self.disks: dict[str, Attached] = {}
        self.commands: list[Info] = []
        self._now = EPOCH
        libc = toolbox.private_mounts()
        toolbox.mount_tmpfs(libc, self.tmp, b"size=80%")
        for folder in ("lock", "out", "dev"):
            (self.tmp / folder).mkdir()
        toolbox.private_dev(libc, self.tmp / "dev", {})
        os.mknod("/dev/loop-control", 0o020660, os.makedev(10, 237))
        for i in range(LOOPS):
            os.mknod(f"/dev/loop{i}", 0o060660, os.makedev(7, i))
        os.chdir(self.tmp)  # command lines go into the text's description: paths stay relative

    def img(self, name: str) -> Path:
        """An input of the case."""
        return self.tmp / "out" / name

    def file(self, name: str, size: int) -> Path:
        """A new empty input."""
        with self.img(name).open("wb") as f:
            f.truncate(size)
        return self.img(name)

    def attach(
        self, name: str, dev: str, base: int = 0, size: int | None = None, sector: int = 512
    ) -> None:
        """An image, from byte `base`, becomes /dev/`dev`."""
        fd = attach_loop(self.img(name), base, size, sector)
        node = Path("/dev") / dev
        node.unlink(missing_ok=True)
        os.mknod(node, 0o060660, os.fstat(fd).st_rdev)
        self.disks[dev] = Attached(name, base, fd)

    def detach(self, dev: str) -> None:
        """Take a device away."""
        os.close(self.disks.pop(dev).fd)
        (Path("/dev") / dev).unlink()

    def try_lvm(self, *argv: str) -> tuple[int, str]:
        """One LVM command a random while later; exit code and what it said."""
        visible = self.disks if self.visible is None else self.visible
        accept = " ".join(f'"a|^/dev/{dev}$|",' for dev in visible)
        (self.tmp / "lvm.conf").write_text(CONF.format(accept=accept, folder=self.tmp))
        self._now += self.rng.randint(60, 40000)
        number = len(self.commands) + 1
        noise = random.Random(f"{self.name}/{number}").randbytes(1 << 20)
        (self.tmp / "rand").write_bytes(noise)
        env = toolbox.tool_env(
            LVM_SYSTEM_DIR=str(self.tmp),
            LVM_SUPPRESS_FD_WARNINGS="1",
            LD_PRELOAD=str(toolbox.shim()),
            LAB_TIME=str(self._now),
            LAB_HOST=self.host,
            LAB_RANDOM=str(self.tmp / "rand"),
            TZ="UTC",
        )
        done = subprocess.run(
            ["lvm", *argv], capture_output=True, text=True, env=env, errors="replace", check=False
        )
        self.commands.append({"cmd": " ".join(argv), "rc": done.returncode})
        return done.returncode, done.stdout + done.stderr

    def lvm(self, *argv: str) -> str:
        """One LVM command that must succeed."""
        code, said = self.try_lvm(*argv)
        if code:
            raise LvmRefusedError(f"{argv}: {code}\n{said}")
        return said

    # ---- LVs
    def sr_name(self) -> str:
        """A VG name as XenServer gives it."""
        return "VG_XenStorage-" + self.uuid()

    def uuid(self) -> str:
        """A random uuid."""
        return str(uuids.UUID(int=self.rng.getrandbits(128)))

    def vhd_name(self) -> str:
        """An LV name as XenServer gives it."""
        return "VHD-" + self.uuid()

    def newvg(self, vg: str, *devs: str, meta: str = "1M", pvopts: tuple[str, ...] = ()) -> None:
        """PVs and a VG on them."""
        for dev in devs:
            self.lvm("pvcreate", "-y", "--metadatasize", meta, *pvopts, f"/dev/{dev}")
        self.lvm("vgcreate", vg, *(f"/dev/{dev}" for dev in devs))

    def mklv(self, vg: str, lv: str, extents: int, *more: str) -> None:
        """A new LV."""
        options = ("-an", "-Wn", "-Zn", "-n", lv, "-l", str(extents), vg, *more)
        self.lvm("lvcreate", *options)

    def lose(self, vg: str, lv: str) -> None:
        """Remove an LV."""
        self.lvm("lvremove", "-f", f"{vg}/{lv}")

    def places(self) -> dict[str, tuple[str, int]]:
        """PV id → (file, base)."""
        out = {}
        for image, base, _ in self.disks.values():
            found = ondisk.find_label(self.img(image), base)
            if found:
                out[lvmtext.dashed(found.uuid)] = (image, base)
        return out

    def segments(self, dev: str, lv: str) -> tuple[list[Segment], str]:
        """Where an LV lies, and its id."""
        image, base, _ = self.disks[dev]
        vg = ondisk.current_vg(self.img(image), base)
        section = vg["logical_volumes"][lv]
        return linear_segments(vg, section, self.places()), section["id"]

    def fill(self, dev: str, lv: str, key: str | None = None) -> None:
        """4 KiB of known bytes at each MiB of the LV."""
        count = 0
        for file, offset, length in self.segments(dev, lv)[0]:
            for at in range(0, int(length), MB):
                data = random.Random(f"{key or self.name + '/' + lv}/{count}").randbytes(4096)
                ondisk.write_at(self.img(str(file)), int(offset) + at, data)
                count += 1

    def sha(self, segments: list[Segment]) -> str:
        """sha256 over segments; what lies behind the image's end counts as zeros."""
        digest = hashlib.sha256()
        for file, offset, length in segments:
            data = ondisk.read_at(self.img(str(file)), int(offset), int(length))
            digest.update(data.ljust(int(length), b"\0"))
        return digest.hexdigest()

    def target(self, dev: str, lv: str, **more: object) -> Info:
        """What is wanted back, as in expect.json."""
        segments, lid = self.segments(dev, lv)
        size = sum(int(length) for _, _, length in segments)
        sha = self.sha(segments)
        return {"lv": lv, "id": lid, "bytes": size, "segments": segments, "sha256": sha, **more}

    def search(self, dev: str) -> list[int]:
        """The seqnos of the texts that pvck finds."""
        _, said = self.try_lvm("pvck", "--dump", "metadata_search", f"/dev/{dev}")
        return [
            int(n) for n in re.findall(r"^\s*metadata at \d+ .* seqno (\d+)", said, re.MULTILINE)
        ]

    def deliver(self, out: Path, expect: Info) -> None:
        """Copy the inputs out and write expect.json."""
        for dev in list(self.disks):
            self.detach(dev)
        out.mkdir(parents=True, exist_ok=True)
        inputs = sorted(path.name for path in (self.tmp / "out").iterdir())
        for name in inputs:
            subprocess.run(["cp", "--sparse=always", self.img(name), out / name], check=True)
        answer = {**expect, "inputs": inputs, "made_by": self.commands}
        (out / "expect.json").write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Let loops and mounts go."""
        for disk in self.disks.values():
            os.close(disk.fd)
        self.disks.clear()
        os.chdir("/")
        for where in (Path("/dev"), self.tmp):
            subprocess.run(["umount", "-l", where], capture_output=True, check=False)
        if not os.path.ismount(self.tmp):
            self.tmp.rmdir()
