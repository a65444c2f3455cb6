"""`make bench`: lvtui beside its peers on rings made by real LVM2.

python -m tests.bench [--rounds 7] [--only look]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.bench import copy, flatten, harness, look, scale
from tests.lab import toolbox

BENCHES: dict[str, Callable[[int], bool]] = {
    "copy": copy.run,
    "look": look.run,
    "flatten": flatten.run,
    "scale": scale.run,
    "ui": scale.run_ui,
}


def main() -> int:
    """Run the benches and say whether every bar holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=BENCHES)
    args = parser.parse_args()
    reason = toolbox.why_not()
    if reason:
        print(f"No bench here: {reason}.")
        return 2
    print(f"{harness.load()}; {args.rounds} interleaved rounds; peers: {toolbox.tool_versions()}")
    chosen = [args.only] if args.only else list(BENCHES)
    held = [BENCHES[name](args.rounds) for name in chosen]
    print(harness.load())
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
