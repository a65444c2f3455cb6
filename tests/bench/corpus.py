"""Rings filled to the end by real LVM2, made once and cached: what peers and lvtui are timed on.

small   a ring of 10 MiB with thousands of versions of about 2 KB: SR life, wrapped
large   a ring of 10 MiB with more than 60 versions of more than 140 KB: about 450 LVs, wrapped
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from tests.lab import cases, toolbox
from tests.lab.families import add_many, standard
from tests.lab.guests import GuestRepository
from tests.lab.ringlog import Version

NAMES = ("small", "large")


@dataclass(frozen=True, slots=True)
class Corpus:
    """A made corpus."""

    image: Path
    texts: int
    """Committed texts that are still whole on disk."""
    mean_bytes: int
    wrapped: bool


def _whole(repo: GuestRepository) -> list[Version]:
    """Versions whose place was not taken since: the newest that fit into the ring."""
    room = repo.box.disks[0].mdas[0][1] - 512
    out: list[Version] = []
    for version in reversed(repo.ring.versions):
        room -= (version.info["length"] + 511) // 512 * 512
        if room < 0:
            break
        out.append(version)
    return out


def _small_life(repo: GuestRepository, count: int) -> None:
    """Few LVs that come and go: commits of about 2 KB, no two sections alike for long."""
    for _ in range(count):
        alive = repo.alive("churn")
        verb = repo.rng.choice(["new", "remove", "rename", "tag", "resize"])
        if verb == "new" and len(alive) < 4:
            repo.lv("VHD-" + repo.new_uuid(), 4, b"", kind="churn")
        elif verb == "remove" and alive:
            repo.rm(repo.rng.choice(alive))
        elif verb == "rename" and alive:
            old = repo.path_of(repo.rng.choice(alive))
            repo.lvm(f"lvrename {old} VHD-{repo.new_uuid()}")
        elif verb == "resize" and alive:
            mb = 4 * repo.rng.randint(1, 5)
            repo.lvm(f"lvresize -f -y -L {mb}M {repo.path_of(repo.rng.choice(alive))}", ok=False)
        else:
            repo.spin(2)


def _wrapped(repo: GuestRepository, newest: int) -> bool:
    return any(v.copies[0]["wrapped"] for v in repo.ring.versions[-newest:])


def _small(repo: GuestRepository) -> None:
    standard(repo, count=1, churn=0)
    while not _wrapped(repo, 40):
        _small_life(repo, 20)
    _small_life(repo, 200)  # past the wrap: the ring's end and its start both are in use


def _large(repo: GuestRepository) -> None:
    standard(repo, count=3, churn=8, mb=2600)
    add_many(repo, 455)
    while not _wrapped(repo, 10):
        repo.churn(2)
        repo.spin(2)
    repo.churn(12)


def _make(name: str, out: Path) -> None:
    repo = GuestRepository(f"bench-{name}", 1)
    repo.ring.backup_every = 10**9
    try:
        {"small": _small, "large": _large}[name](repo)
        whole = _whole(repo)
        out.mkdir(parents=True)
        repo.box.deliver(out)
    finally:
        repo.box.close()
    facts = {
        "texts": len(whole),
        "mean_bytes": sum(v.info["length"] for v in whole) // len(whole),
        "wrapped": any(v.copies[0]["wrapped"] for v in whole),
    }
    (out / "corpus.json").write_text(json.dumps(facts))


def corpus(name: str) -> Corpus:
    """A corpus from the cache, made if need be."""
    key = toolbox.source_hash_of(cases.maker_key() + toolbox.source_hash(Path(__file__)))
    folder = toolbox.CACHE / "bench" / f"{name}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "corpus.json").exists():
            for old in folder.parent.glob(f"{name}-*"):
                shutil.rmtree(old)
            print(f"making the corpus '{name}' with real LVM2 …", flush=True)
            env = toolbox.tool_env(LD_PRELOAD=str(toolbox.shim()), LAB_TIME="1690000000")
            argv = [sys.executable, "-m", "tests.bench.corpus", name, str(folder)]
            subprocess.run(argv, cwd=toolbox.ROOT, env=env, check=True)
    facts = json.loads((folder / "corpus.json").read_text())
    return Corpus(image=folder / "disk0.img", **facts)


if __name__ == "__main__":
    try:
        _make(sys.argv[1], Path(sys.argv[2]).absolute())
    except BaseException:  # noqa: BLE001 - liblvm2cmd would crash in the teardown; leave at once
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
