"""Large counts that go on where they were stopped.

    python -m tests.soak families --seeds 200 --state .cache/soak.json [--family chain] [--jobs 2]

Each seed's outcome is printed and kept; a second start skips what was good and tries the rest again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.lab import toolbox
from tests.lab.families import FAMILIES
from tests.soak import families


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    commands = parser.add_subparsers(required=True, dest="what")
    sweep = commands.add_parser("families", help="every family of cases, seeds 1 to N")
    sweep.add_argument("--seeds", type=int, default=200)
    sweep.add_argument("--first", type=int, default=1)
    sweep.add_argument("--family", choices=FAMILIES, action="append")
    sweep.add_argument("--jobs", type=int, default=2)
    sweep.add_argument("--state", type=Path, default=toolbox.CACHE / "soak.json")
    args = parser.parse_args()
    reason = toolbox.why_not()
    if reason:
        print(f"No soak here: {reason}.")
        return 2
    seeds = range(args.first, args.first + args.seeds)
    bad = families.run(args.family or list(FAMILIES), seeds, args.state, args.jobs)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
