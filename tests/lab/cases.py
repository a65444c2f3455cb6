"""Cases by family and seed, made once and kept in `.cache/cases` until maker or tools change.

python -m tests.lab.cases --list
python -m tests.lab.cases --family chain --seed 7 [--out DIR]
"""

from __future__ import annotations

import argparse
import fcntl
import functools
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import toolbox
from tests.lab.families import FAMILIES

HERE = Path(__file__).parent
NOT_MAKERS = {
    "cases.py",
    "honest.py",
    "judge.py",
    "oracle.py",
    "adapter.py",
    "examine.py",
    "parsing.py",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A made case."""

    folder: Path
    truth: dict[str, Any]

    @property
    def disks(self) -> list[Path]:
        """Its images, in the order of the truth's `disk` numbers."""
        return [self.folder / disk["file"] for disk in self.truth["disks"]]

    @property
    def spec(self) -> str:
        """SOURCE as the command line wants it."""
        return ",".join(map(str, self.disks))

    def texts(self) -> dict[int, bytes]:
        """Every text that LVM committed, by its index in the truth."""
        with lzma.open(self.folder / "versions.jsonl.xz", "rt") as f:
            lines = [json.loads(line) for line in f]
        return {line["idx"]: line["text"].encode() for line in lines}


def load(folder: Path) -> Case:
    """A case that is there."""
    return Case(folder, json.loads((folder / "case.json").read_text()))


@functools.cache
def maker_key() -> str:
    """What cached cases depend on."""
    key = (
        toolbox.source_hash(*(p for p in HERE.glob("*.[pc]*") if p.name not in NOT_MAKERS))
        + toolbox.tool_versions()
    )
    return toolbox.source_hash_of(key)


def build(family: str, seed: int, out: Path) -> None:
    """Make a case with real LVM2."""
    argv = [sys.executable, "-m", "tests.lab.worker", family, str(seed), str(out)]
    env = toolbox.tool_env(LD_PRELOAD=str(toolbox.shim()), LAB_TIME="1690000000")
    done = subprocess.run(
        argv, cwd=toolbox.ROOT, env=env, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{family}/{seed}: {done.stdout}{done.stderr}")


def case(family: str, seed: int) -> Case:
    """A case from the cache, made if need be."""
    root = toolbox.CACHE / "cases"
    root.mkdir(parents=True, exist_ok=True)
    name = f"{family}-{seed}"
    folder = root / f"{name}-{maker_key()}"
    with (root / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes, one case
        if not (folder / "case.json").exists():
            for old in root.glob(f"{name}-????????????*"):
                shutil.rmtree(old)
            part = root / f".part-{name}-{os.getpid()}"
            shutil.rmtree(part, ignore_errors=True)
            try:
                build(family, seed, part)
                part.replace(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return load(folder)


@contextmanager
def throw_away(family: str, seed: int) -> Iterator[Case]:
    """A case that is removed again: for counts that no disk would hold."""
    with tempfile.TemporaryDirectory(prefix="lvtui-case") as folder:
        out = Path(folder) / "case"
        build(family, seed, out)
        yield load(out)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.cases")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--family", choices=FAMILIES, default="simple")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.list:
        for name, make in FAMILIES.items():
            print(f"{name:16} {make.__doc__}")
    elif args.out:
        build(args.family, args.seed, args.out)
        print(args.out)
    else:
        print(case(args.family, args.seed).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
