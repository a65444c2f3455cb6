"""The copier beside dd and ddrescue on a disk of which 45 % are zeros (issue bars of the copy)."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.bench.harness import Bar, Timed, measure, milliseconds
from tests.lab import toolbox

SIZE_MIB = 768
ZERO_SHARE = 0.45
MIB = 1024 * 1024


def make_source(path: Path) -> None:
    """Seeded: runs of data and of zeros, as file systems leave them."""
    chance = random.Random(45)
    data = chance.randbytes(16 * MIB)
    left = SIZE_MIB * MIB
    with path.open("wb") as file:
        while left:
            run = min(chance.choice((64, 192, 1024, 3072)) * 1024, left)
            start = chance.randrange(0, 13 * MIB)
            zeros = chance.random() < ZERO_SHARE
            file.write(bytes(run) if zeros else data[start : start + run])
            left -= run
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(rounds: int) -> bool:
    """Time and print; whether every bar holds."""
    with tempfile.TemporaryDirectory(dir=toolbox.CACHE, prefix="copy-") as scratch:
        return _run(rounds, Path(scratch))


def _run(rounds: int, scratch: Path) -> bool:
    source = scratch / "source"
    make_source(source)
    size = str(SIZE_MIB * MIB)
    ours = (sys.executable, "-m", "tests.bench.copying", source)

    def to(name: str) -> Path:
        return scratch / name

    start = Timed("python", (sys.executable, "-c", "import lvtui.host.copy.run"))
    plain = Timed("ours, one fsync", (*ours, to("plain"), size, "--plain"), makes=to("plain"))
    hashed = Timed("ours, sha256 and map", (*ours, to("hashed"), size), makes=to("hashed"))
    dd_argv = ("dd", f"if={source}", f"of={to('dd')}", "bs=64K", "conv=sparse,fsync")
    sparse = Timed("dd bs=64K conv=sparse,fsync", dd_argv, makes=to("dd"))
    script = f"dd if={source} bs=1M | tee >(sha256sum >&2) > {to('tee')} && sync {to('tee')}"
    tee = Timed("dd | tee >(sha256sum)", ("bash", "-c", script), makes=to("tee"))
    big_argv = ("dd", f"if={source}", f"of={to('big')}", "bs=100M", "conv=fsync")
    big = Timed("dd bs=100M", big_argv, makes=to("big"))
    # with a map, as ours: only then it makes the image durable
    script = f"rm -f {to('map')}; ddrescue -q -S -f {source} {to('rescue')} {to('map')}"
    rescue = Timed("ddrescue -S", ("sh", "-c", script), makes=to("rescue"))
    measure((start, plain, hashed, sparse, tee, big, rescue), rounds)
    expected = sha256_of(source)
    for timed in (plain, hashed, sparse, tee, big, rescue):
        assert timed.makes is not None
        word = "" if sha256_of(timed.makes) == expected else "   WRONG"
        print(f"  {timed.name}: {milliseconds(timed)}{word}")
    held = True
    for bar in (
        Bar(plain, sparse, start, 1.05),
        Bar(hashed, tee, start, 1.0),
        Bar(hashed, rescue, start, 1.0),
        Bar(hashed, big, start, 0.65),
    ):
        print(bar.lines())
        held &= bar.holds
    return held
