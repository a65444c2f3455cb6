"""The field cases: made once, kept in `.cache/field`; each with what a right tool must and must not do.

Each re-makes the structural peculiarity of a public report with made-up names: `expect.json` has
`inputs`, `targets` (LV, segments, sha256), `must`, `must_not`, `facts` (what LVM itself says).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.field.workshop import Info, Workshop
from tests.lab import cases, toolbox

HERE = Path(__file__).parent
MODULES = ("identity", "pvs", "texts", "containers", "vhds")
Maker = Callable[[Workshop], Info]


@dataclass(frozen=True, slots=True)
class FieldCase:
    """A made case."""

    folder: Path
    expect: Info

    def path(self, name: str) -> Path:
        """One of its inputs."""
        return self.folder / name

    @property
    def images(self) -> list[Path]:
        """Its disk images."""
        return [self.path(name) for name in self.expect["inputs"] if name.endswith(".img")]

    @property
    def targets(self) -> list[Info]:
        """The LVs that are wanted back."""
        found: list[Info] = self.expect.get("targets", [])
        return found


def makers() -> dict[str, Maker]:
    """Every case's maker by name."""
    return {
        name: make
        for module in MODULES
        for name, make in import_module(f"tests.field.{module}").CASES.items()
    }


def _make(name: str, out: Path) -> None:
    shop = Workshop(name)
    try:
        make = makers()[name]
        expect = make(shop)
        shop.deliver(out, {"case": name, "title": make.__doc__, **expect})
    finally:
        shop.close()


def build(name: str, out: Path) -> None:
    """Make a case in a process of its own: mounts and loops go with it."""
    argv = [sys.executable, "-m", "tests.field.catalogue", name, str(out)]
    done = subprocess.run(
        argv, cwd=toolbox.ROOT, env=toolbox.tool_env(), check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")


def field_case(name: str) -> FieldCase:
    """A case from the cache, made if need be."""
    key = toolbox.source_hash_of(cases.maker_key() + toolbox.source_hash(*HERE.glob("*.py")))
    root = toolbox.CACHE / "field"
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{name}-{key}"
    with (root / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "expect.json").exists():
            for old in root.glob(f"{name}-*"):
                shutil.rmtree(old)
            build(name, folder)
    return FieldCase(folder, json.loads((folder / "expect.json").read_text()))


if __name__ == "__main__":
    try:
        _make(sys.argv[1], Path(sys.argv[2]).absolute())
    except BaseException:  # noqa: BLE001 - leave at once, whatever it was
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
