"""What the tests of ways B and C share: a lost LV on a real disk, brought back and taken back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab.cases import Case
from tests.private_lvm import PrivateLvm, Run, copy_images, new_images, private_lvm


@dataclass
class Scene:
    """A private LVM with a case folder."""

    lvm: PrivateLvm
    vg: str

    @property
    def case(self) -> str:
        """The case folder."""
        return str(self.lvm.cases / "case-1")

    def plan(self, way: str, *lvs: str) -> Run:
        """`lvtui plan`."""
        return self.lvm.lvtui("plan", self.lvm.spec, *lvs, "--way", way, "--case", self.case)

    def refusals(self, way: str, *lvs: str) -> set[str]:
        """The codes with which a plan is refused; nothing was written."""
        before = self.lvm.bytes()
        argv = ("plan", self.lvm.spec, *lvs, "--way", way, "--case", self.case)
        found = self.lvm.answer(*argv, code=4)
        assert self.lvm.bytes() == before
        return {row["code"] for row in found["refused"]}

    def token(self, command: str) -> str:
        """What `apply` or `undo` asks for."""
        found = self.lvm.answer(command, self.case, code=4)
        assert found["ran"] is False
        return str(found["token"])

    def run(self, command: str, prefix: Sequence[str] = ()) -> Run:
        """`apply` or `undo` with its token."""
        return self.lvm.lvtui(command, self.case, "--token", self.token(command), prefix=prefix)

    def done(self, command: str) -> None:
        """It must succeed."""
        run = self.run(command)
        assert run.returncode == 0, run.stdout + run.stderr

    def events(self) -> list[tuple[str, object]]:
        """(event, line) of the journal."""
        text = (Path(self.case) / "journal.jsonl").read_text()
        records = [json.loads(line) for line in text.splitlines()]
        return [(record["event"], record.get("line")) for record in records]


@contextmanager
def corner() -> Iterator[Path]:
    """A folder in memory where there is one: LVM and the journal fsync at every step."""
    memory = Path("/dev/shm")  # noqa: S108 - a private folder below it
    with TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="lvtui-") as name:
        yield Path(name)


@contextmanager
def case_scene(folder: Path, case: Case) -> Iterator[Scene]:
    """A case of the lab on throw-away copies."""
    with private_lvm(folder, copy_images(folder, case.disks)) as lvm:
        name = lvm.lvm("vgs", "--noheadings", "--options", "vg_name").strip()
        yield Scene(lvm=lvm, vg=name)


@contextmanager
def small_scene(
    folder: Path, *, disks: int = 1, vg: str = "vgx", sector_bytes: int = 512, areas: int = 1
) -> Iterator[Scene]:
    """A group with alpha, beta, gamma of two extents each, beta removed."""
    with private_lvm(folder, new_images(folder, disks), sector_bytes=sector_bytes) as lvm:
        lvm.lvm(
            *("vgcreate", "--metadatasize", "1M", "--metadatacopies", "all"),
            *("--pvmetadatacopies", str(areas), vg, *lvm.devices),
        )
        scene = Scene(lvm=lvm, vg=vg)
        for name in ("alpha", "beta", "gamma"):
            create(scene, name, 2)
        remove(scene, "beta")
        yield scene


def create(scene: Scene, name: str, extents: int, *places: str) -> None:
    """A linear LV, nothing of it zeroed (there is no device to write to)."""
    scene.lvm.lvm(
        *("lvcreate", "--activate", "n", "--zero", "n", "--wipesignatures", "n"),
        *("--extents", str(extents), "--name", name, scene.vg, *places),
    )


def remove(scene: Scene, name: str) -> None:
    """Lose it."""
    scene.lvm.lvm("lvremove", "--force", f"{scene.vg}/{name}")


def fill(scene: Scene, seed: int) -> None:
    """Random bytes behind the metadata, so that content is told from content."""
    rng = random.Random(seed)
    for image in scene.lvm.images:
        with image.open("r+b") as file:
            for extent in range(12):
                file.seek((2 << 20) + extent * (4 << 20) + rng.randrange(1 << 20))
                file.write(rng.randbytes(4096))
