"""The process that makes one case: it leaves the host's mount namespace and ends by `os._exit`.

Started by `tests.lab.cases` with the shim preloaded; never imported by it.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from tests.lab import truth
from tests.lab.families import FAMILIES
from tests.lab.guests import GuestRepository


def make(family: str, seed: int, out: Path) -> None:
    """Make one case and print its counts."""
    repo = GuestRepository(family, seed)
    try:
        FAMILIES[family](repo)
        counts = truth.deliver(repo, out)
    finally:
        repo.box.close()
    print(json.dumps({"family": family, "seed": seed, "commands": repo.box.commands, **counts}))


if __name__ == "__main__":
    try:
        make(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).absolute())
    except BaseException:  # noqa: BLE001 - liblvm2cmd would crash in the teardown; leave at once
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)
