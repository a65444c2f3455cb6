"""Remake the demo's disk: `python -m tests.make_demo [--out FOLDER]`, as root, with real LVM2.

Writes `disk.xz` and `disk.json` for the package and `truth.json` for the tests; without `--out` into
their places in the repository. The same tools give the same bytes; other releases of LVM2 or
e2fsprogs give another disk on which the same story happened.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from lvtui.demo.disk import pack
from tests.lab import toolbox
from tests.make_demo import packing, story
from tests.make_demo.sr import pages
from tests.make_demo.truth import truth

TRUTH = toolbox.ROOT / "tests" / "data" / "demo" / "truth.json"
PACKAGE = toolbox.ROOT / "lvtui" / "demo"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def make(package: Path, truth_file: Path) -> None:
    """Tell the story and write what came of it."""
    with tempfile.TemporaryDirectory(prefix="lvtui-demo") as folder:
        told = story.tell(Path(folder))
        box = told.sr.box
        box.detach()
        image = box.disks[0].img
        facts = truth(told)
        facts["size_bytes"] = image.stat().st_size
        facts["sha256"] = packing.sha256_of(image)
        facts["made_with"] = toolbox.tool_versions()
        wanted = facts["parts"]["recommended"]["name"]
        loss = next(loss for loss in told.sr.losses if loss.name == wanted)
        zeros = loss.pages.count(pages(bytes(4096))[0])
        truth_file.parent.mkdir(parents=True, exist_ok=True)
        truth_file.write_text(_json(facts))
        (package / "disk.xz").write_bytes(pack(facts["size_bytes"], packing.runs_of(image)))
        own = {key: facts[key] for key in ("size_bytes", "sha256", "made_with")}
        own |= {
            "recommended_lv": wanted,
            "recommended_size_bytes": loss.size_bytes,
            "recommended_data_bytes": loss.size_bytes - zeros * 4096,
        }
        (package / "disk.json").write_text(_json(own))
        for made in (package / "disk.xz", package / "disk.json", truth_file):
            made.chmod(0o644)
        box.close()


def main() -> None:
    """Read the command line; tell root what is missing."""
    parser = argparse.ArgumentParser(description="Remake the demo's disk.")
    parser.add_argument("--out", type=Path, help="a folder for all three files")
    out = parser.parse_args().out
    why_not = toolbox.why_not()
    if why_not:
        sys.exit(f"The demo's disk cannot be made here: {why_not}")
    if "LD_PRELOAD" not in os.environ:
        env = {**os.environ, "LD_PRELOAD": str(toolbox.shim()), "TZ": "UTC"}
        argv = [sys.executable, "-m", "tests.make_demo", *sys.argv[1:]]
        os.execve(sys.executable, argv, env)  # noqa: S606 - LD_PRELOAD is read at a start only
    if out:
        out.mkdir(parents=True, exist_ok=True)
        make(out.resolve(), out.resolve() / "truth.json")
    else:
        make(PACKAGE, TRUTH)
    sys.stdout.flush()
    os._exit(0)  # liblvm2cmd crashes in the interpreter's teardown


if __name__ == "__main__":
    main()
