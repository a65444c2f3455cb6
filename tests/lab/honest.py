"""Histories without damage: what an operator does and undoes again, by real LVM2.

    python -m tests.lab.honest SEED OUT

OUT gets the images' heads. Nothing in them is damaged, so that no text may be called suspect.
"""

from __future__ import annotations

import os
import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.lab import toolbox
from tests.lab.sandbox import Sandbox
from tests.lab.toolbox import MB

COMMANDS = 90
HEAD_BYTES = 4 * MB
DISKS_MB = (192, 128)


class Operator:
    """Gives commands at random; one that LVM refuses is no commit and no matter."""

    def __init__(self, seed: int, out: Path) -> None:
        self.rng = random.Random(f"honest/{seed}")
        self.out = out
        self.box = Sandbox(f"honest/{seed}", f"host-{seed % 3}", 1_690_000_000 + seed * 1000)
        self.vg = "VG_XenStorage-5b1a42ce-21db-43d1-ad6e-014a1f21a04b"
        self.names: list[str] = []
        self.count = 0

    def run(self, command: str) -> bool:
        """One command, seconds to a day after the last."""
        self.box.tick(self.rng.choice((0, 1, 2, 40, 4000, 86400)))
        return self.box.run(command)

    def live(self) -> None:
        """The whole history."""
        for megabytes, dev in zip(DISKS_MB, ("/dev/sda3", "/dev/sdb"), strict=True):
            self.box.add_disk(megabytes, dev)
        self.box.start()
        assert self.run("pvcreate --metadatasize 1M /dev/sda3")
        assert self.run("pvcreate --metadatasize 1M /dev/sdb")
        assert self.run(f"vgcreate {self.vg} /dev/sda3")
        deeds: tuple[Callable[[], object], ...] = (
            self.make, self.make, self.tag, self.rename, self.resize, self.make_and_remove,
            self.remove, self.protect, self.group_tag, self.group_rename, self.second_disk,
            self.restore, self.new_ids, self.pv_size, self.limits, self.one_after_another,
            self.stripes,
        )  # fmt: skip
        while self.box.commands < COMMANDS:
            self.rng.choice(deeds)()
            self.box.commands += 1
        self.box.detach()
        for disk in self.box.disks:
            with disk.img.open("rb") as f:
                (self.out / disk.img.name).write_bytes(f.read(HEAD_BYTES))

    def make(self) -> str | None:
        """A volume under a name of the storage manager's, or of an operator's."""
        self.count += 1
        hexes = f"{self.rng.getrandbits(128):032x}"
        uuid = "-".join((hexes[:8], hexes[8:12], hexes[12:16], hexes[16:20], hexes[20:]))
        name = self.rng.choice((f"VHD-{uuid}", f"LV-{uuid}", f"lv{self.count:03}", "VHD-backup"))
        size = self.rng.choice((4, 8, 12))
        if name in self.names or not self.run(
            f"lvcreate -an -Zn -Wn -n {name} -L {size}M {self.vg}"
        ):
            return None
        self.names.append(name)
        return name

    def some(self) -> str:
        """A volume that is there."""
        return self.rng.choice(self.names) if self.names else "none"

    def tag(self) -> None:
        """A tag that comes and, mostly, goes."""
        name = self.some()
        self.run(f"lvchange --addtag t1 {self.vg}/{name}")
        if self.rng.random() < 0.8:
            self.run(f"lvchange --deltag t1 {self.vg}/{name}")

    def rename(self) -> None:
        """There and back, one character apart."""
        name = self.some()
        if self.run(f"lvrename {self.vg} {name} {name[:-1]}x"):
            self.run(f"lvrename {self.vg} {name[:-1]}x {name}")

    def resize(self) -> None:
        """Larger and smaller again."""
        name = self.some()
        self.run(f"lvextend -L +4M {self.vg}/{name}")
        self.run(f"lvreduce -f -L -4M {self.vg}/{name}")

    def make_and_remove(self) -> None:
        """One version long."""
        name = self.make()
        if name is not None:
            self.names.remove(name)
            self.run(f"lvremove -f {self.vg}/{name}")

    def remove(self) -> None:
        """For good."""
        name = self.some()
        if self.run(f"lvremove -f {self.vg}/{name}"):
            self.names.remove(name)

    def protect(self) -> None:
        """Two attributes by one command, and back by two."""
        name = self.some()
        self.run(f"lvchange -pr --addtag t2 {self.vg}/{name}")
        self.run(f"lvchange -prw {self.vg}/{name}")
        self.run(f"lvchange --deltag t2 {self.vg}/{name}")

    def group_tag(self) -> None:
        """On all volumes by one command, and on the group."""
        self.run(f"lvchange --addtag all {self.vg}")
        self.run(f"vgchange --addtag g1 {self.vg}")
        self.run(f"vgchange --deltag g1 {self.vg}")
        self.run(f"lvchange --deltag all {self.vg}")

    def group_rename(self) -> None:
        """One character apart, and back."""
        other = self.vg[:-1] + "c"
        if self.run(f"vgrename {self.vg} {other}"):
            self.run(f"vgrename {other} {self.vg}")

    def second_disk(self) -> None:
        """Comes, and goes unless something is on it."""
        self.run(f"vgextend {self.vg} /dev/sdb")
        if self.rng.random() < 0.5:
            self.run(f"vgreduce {self.vg} /dev/sdb")

    def restore(self) -> None:
        """Back over one to three commits."""
        if not self.run(f"vgcfgbackup -f saved.vg {self.vg}"):
            return
        before = list(self.names)
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice((self.make, self.remove, self.tag))()
        if self.run(f"vgcfgrestore -f saved.vg {self.vg}"):
            self.names = before

    def new_ids(self) -> None:
        """Of the group's PV."""
        self.run("pvchange --uuid /dev/sda3")

    def pv_size(self) -> None:
        """Smaller and back."""
        self.run("pvresize -y --setphysicalvolumesize 180M /dev/sda3")
        self.run("pvresize /dev/sda3")

    def limits(self) -> None:
        """Of the group, two at once."""
        self.run(f"vgchange -l {self.rng.randint(100, 999)} --addtag lim {self.vg}")
        self.run(f"vgchange -l 0 --deltag lim {self.vg}")

    def one_after_another(self) -> None:
        """Several changes of one volume."""
        name = self.some()
        self.run(f"lvextend -L +4M {self.vg}/{name}")
        self.run(f"lvchange --addtag t3 {self.vg}/{name}")
        self.run(f"lvchange -M y --major 253 --minor {self.rng.randint(1, 99)} {self.vg}/{name}")
        self.run(f"lvchange -M n {self.vg}/{name}")

    def stripes(self) -> None:
        """Over two disks, where there are two."""
        self.count += 1
        name = f"stripes{self.count}"
        if self.run(f"lvcreate -an -Zn -Wn -i 2 -n {name} -L 8M {self.vg}"):
            self.names.append(name)


def main() -> None:
    """In a process of its own, which leaves by `os._exit`."""
    operator = Operator(int(sys.argv[1]), Path(sys.argv[2]).absolute())
    try:
        operator.live()
    finally:
        operator.box.close()


def build(seed: int, out: Path) -> None:
    """Make one history's heads in a process of its own."""
    import subprocess  # noqa: PLC0415 - only the parent starts one

    env = toolbox.tool_env(LD_PRELOAD=str(toolbox.shim()), LAB_TIME="1690000000")
    argv = [sys.executable, "-m", "tests.lab.honest", str(seed), str(out)]
    done = subprocess.run(
        argv, cwd=toolbox.ROOT, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # noqa: BLE001 - liblvm2cmd would crash in the teardown; leave at once
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
