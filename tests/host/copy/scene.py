"""A small job on real files: seeded sources of several PVs, pieces out of order, holes, a gap."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from lvtui.host.copy import jobs
from lvtui.host.copy.control import Control
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.run import run
from lvtui.host.copy.sources import OpenDevice
from lvtui.host.device import SourceDevice
from lvtui.host.files import Files, SystemFiles
from lvtui.host.machine import Clock, SystemClock
from lvtui.lvm.label import lvm_crc
from lvtui.lvm.mda import MDA_HEADER_BYTES
from lvtui.plan.facts import CopyProgress
from lvtui.plan.job import JobPiece, JobSource, JobSpec
from lvtui.source import ByteRange
from lvtui.units import KiB, MiB


@dataclass(frozen=True)
class Scene:
    """A job, and what its image has to be."""

    spec: JobSpec
    truth: bytes
    jobs_dir: Path
    folder: JobFolder

    @property
    def final(self) -> Path:
        return Path(self.spec.to)

    @property
    def part(self) -> Path:
        return Path(self.spec.to + ".part")

    @property
    def truth_sha256(self) -> str:
        return hashlib.sha256(self.truth).hexdigest()

    def changed(self, **changes: object) -> Scene:
        """The scene with another job."""
        spec = replace(self.spec, **changes)  # type: ignore[arg-type]
        return replace(self, spec=spec, folder=jobs.make(self.jobs_dir, spec))


def content(seed: int, size_bytes: int) -> bytes:
    """Seeded bytes, about half of them zeros in runs of 64 KiB blocks and odd ones."""
    chance = random.Random(seed)
    parts: list[bytes] = []
    length = 0
    while length < size_bytes:
        run = chance.choice((512, 4 * KiB, 64 * KiB, 192 * KiB, 1 * MiB))
        parts.append(bytes(run) if chance.random() < 0.5 else chance.randbytes(run))
        length += run
    return b"".join(parts)[:size_bytes]


def source_of(path: Path, *, areas: tuple[ByteRange, ...] = ()) -> JobSource:
    with SourceDevice(str(path)) as device:
        return JobSource(
            path=str(path), pv_uuid=None, identity=device.identity, metadata_areas=areas
        )


def with_header(head: bytes) -> bytes:
    """A head whose metadata area at 4096 has a good header with no text in use."""
    area = b" LVM2 x[5A%r0N*>" + struct.pack("<IQQ", 1, 4096, 32 * KiB)
    area = area.ljust(MDA_HEADER_BYTES - 4, b"\0")
    header = struct.pack("<I", lvm_crc(area)) + area
    return head[:4096] + header + head[4096 + len(header) :]


def make_scene(
    folder: Path, *, seed: int = 1, image_bytes: int = 21 * MiB + 4 * KiB, gap_bytes: int = 0
) -> Scene:
    """Two PVs with 8 KiB of head each; the image takes runs from both in turn."""
    chance = random.Random(seed)
    image = content(seed, image_bytes)
    heads = [with_header(chance.randbytes(64 * KiB)) for _ in range(2)]
    bodies: list[list[bytes]] = [[heads[0]], [heads[1]]]
    at = [len(heads[0]), len(heads[1])]
    pieces: list[JobPiece] = []
    position = 0
    while position < image_bytes:
        length = min(chance.choice((512, 256 * KiB, 3 * MiB, 5 * MiB)), image_bytes - position)
        which = chance.randrange(2)
        pieces.append(
            JobPiece(
                out_offset_bytes=position,
                length_bytes=length,
                source=which,
                source_offset_bytes=at[which],
            )
        )
        bodies[which].append(image[position : position + length])
        at[which] += length
        position += length
    if gap_bytes:
        pieces.append(
            JobPiece(
                out_offset_bytes=position,
                length_bytes=gap_bytes,
                source=None,
                source_offset_bytes=0,
            )
        )
        image += bytes(gap_bytes)
    folder.mkdir(parents=True, exist_ok=True)
    sources = []
    for number, body in enumerate(bodies):
        path = folder / f"pv{number}.img"
        path.write_bytes(b"".join(body) + bytes(4 * KiB))
        sources.append(source_of(path, areas=(ByteRange(4096, 32 * KiB),)))
    out = folder / "out"
    out.mkdir(exist_ok=True)
    spec = JobSpec(
        lv_name="VHD-lost",
        lv_uuid="lvuuid",
        vg_uuid="vguuid",
        version_id="7-abc",
        format="lv",
        size_bytes=len(image),
        sources=tuple(sources),
        pieces=tuple(pieces),
        to=str(out / "lost.lv"),
    )
    jobs_dir = folder / "jobs"
    return Scene(spec=spec, truth=image, jobs_dir=jobs_dir, folder=jobs.make(jobs_dir, spec))


def run_here(
    scene: Scene,
    *,
    files: Files | None = None,
    clock: Clock | None = None,
    open_device: OpenDevice = SourceDevice,
    ready: Callable[[Control], None] = lambda _: None,
) -> CopyProgress:
    """Run the job in this process."""
    return run(
        scene.folder,
        files or SystemFiles(),
        clock or SystemClock(),
        ready=ready,
        open_device=open_device,
    )


class UnsyncedFiles(SystemFiles):
    """For runs whose power nobody cuts: syncs take nearly all of their time."""

    def fdatasync(self, descriptor: int) -> None:
        del descriptor

    fsync = fdatasync

    def fsync_folder(self, path: Path) -> None:
        del path


class CountedClock:
    """Time that passes only by being slept, or by a step for each look: no test waits."""

    def __init__(self, step_seconds: float = 0.0) -> None:
        self.seconds = 0.0
        self.step_seconds = step_seconds
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        self.seconds += self.step_seconds
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.on_sleep()


ReadInto = Callable[[int, memoryview, int], int]


def good_read(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
    return os.preadv(descriptor, [buffer], offset_bytes)


def bad_read(bad: tuple[ByteRange, ...]) -> ReadInto:
    """Reading where some ranges answer EIO, as a dying disk does."""

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        end = offset_bytes + len(buffer)
        if any(run.offset_bytes < end and offset_bytes < run.end_bytes for run in bad):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return good_read(descriptor, buffer, offset_bytes)

    return read_into


def healing_read(bad: tuple[ByteRange, ...], from_bytes: int) -> ReadInto:
    """The same until something at or behind `from_bytes` was read: a second pass succeeds."""
    seen = {"behind": False}
    failing = bad_read(bad)

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        seen["behind"] |= offset_bytes >= from_bytes
        read = good_read if seen["behind"] else failing
        return read(descriptor, buffer, offset_bytes)

    return read_into


def reading_with(read_into: ReadInto) -> OpenDevice:
    return lambda path: SourceDevice(path, read_into=read_into)
