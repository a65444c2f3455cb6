"""A VHD made a raw disk beside `qemu-img convert` (issue bars: 60 % of 2 GiB allocated).

Hash off: what reading tables, bitmaps and data and writing a sparse file takes, by the same readers as
the copier's. With hash and read-back: the worker as it runs, with its map, manifest and syncs, beside
`qemu-img convert` and `sha256sum` of what that wrote. All files lie on one file system.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.jobs import make
from lvtui.host.device import SourceDevice
from lvtui.plan.job import JobLayer, JobPiece, JobSource, JobSpec
from lvtui.units import GiB, MiB
from tests.bench.harness import Bar, Timed, measure, milliseconds
from tests.lab import toolbox

SIZE = 2 * GiB
PART = 2 * MiB
SHARE = 0.6
LIMIT = 1.0
PLAIN = """
import os, sys
from lvtui.host.device import SourceDevice
from lvtui.vhd.extent import Kind
from lvtui.vhd.stack import disk_of
with SourceDevice(sys.argv[1]) as source, open(sys.argv[2], "wb") as out:
    disk = disk_of([("disk", source)])
    os.truncate(out.fileno(), disk.size_bytes)
    for run in disk.allocated():
        for at in range(run.offset_bytes, run.end_bytes, 2 << 20):
            data = disk.pread(at, min(2 << 20, run.end_bytes - at)).data
            os.pwrite(out.fileno(), data, at)
"""


def _image() -> Path:
    """The VHD, made once by qemu-img from random blocks."""
    path = toolbox.CACHE / "bench" / "flatten.vhd"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = path.with_suffix(".raw")
    rng = random.Random("flatten")
    with raw.open("wb") as out:
        out.truncate(SIZE)
        for at in range(0, SIZE, PART):
            if rng.random() < SHARE:
                out.seek(at)
                out.write(rng.randbytes(PART))
    part = path.with_suffix(".part")
    options = ("-f", "raw", "-O", "vpc", "-o", "subformat=dynamic,force_size=on")
    subprocess.run(["qemu-img", "convert", *options, raw, part], check=True)
    raw.unlink()
    part.rename(path)
    return path


def _job(image: Path, scratch: Path) -> JobFolder:
    with SourceDevice(str(image)) as source:
        identity, size = source.identity, source.size_bytes
    piece = JobPiece(out_offset_bytes=0, length_bytes=size, source=0, source_offset_bytes=0)
    spec = JobSpec(
        lv_name="VHD-bench",
        lv_uuid="bench",
        vg_uuid=None,
        version_id="1",
        format="raw",
        size_bytes=SIZE,
        sources=(JobSource(path=str(image), pv_uuid=None, identity=identity, metadata_areas=()),),
        pieces=(),
        to=str(scratch / "worker.raw"),
        layers=(JobLayer(name="VHD-bench", size_bytes=size, pieces=(piece,)),),
    )
    return make(scratch / "jobs", spec)


def run(rounds: int) -> bool:
    """Time and print; whether both bars hold."""
    image = _image()
    with tempfile.TemporaryDirectory(dir=image.parent) as folder:
        scratch = Path(folder)
        job = _job(image, scratch)
        theirs = scratch / "qemu.raw"
        convert = ("qemu-img", "convert", "-f", "vpc", "-O", "raw", str(image), str(theirs))
        plain = (sys.executable, "-c", PLAIN, str(image), str(scratch / "plain.raw"))
        # The worker goes on where its folder says: each round begins with a new one.
        fresh = f"rm -rf {scratch}/run {scratch}/worker.raw* && cp -r {job.path} {scratch}/run"
        worker = ("sh", "-c", f"{fresh} && exec {sys.executable} -m lvtui _worker {scratch}/run")
        summed = ("sh", "-c", f"{' '.join(convert)} && sha256sum {theirs}")
        start = Timed("python", (sys.executable, "-c", "pass"))
        qemu = Timed("qemu-img convert", convert)
        both = Timed("qemu-img convert + sha256sum", summed)
        ours = Timed("lvtui, hash off", plain)
        whole = Timed("lvtui worker, hash and read-back", worker)
        measure((start, qemu, both, ours, whole), rounds)
        result = json.loads((scratch / "run" / "result.json").read_text())
        same = subprocess.run(["cmp", theirs, scratch / "worker.raw"], check=False).returncode == 0
        same &= subprocess.run(["cmp", theirs, scratch / "plain.raw"], check=False).returncode == 0
        print(f"  equal to qemu's: {same}; verified: {result.get('verified')}")
        for timed in (qemu, both):
            print(f"  {timed.name}: {milliseconds(timed)}")
        bars = (Bar(ours, qemu, start, LIMIT), Bar(whole, both, start, LIMIT))
        for bar in bars:
            print(bar.lines())
        shutil.rmtree(scratch / "run")
        return same and all(bar.holds for bar in bars)
