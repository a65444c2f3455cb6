"""Every family at many seeds, scored by the judge; the state file makes it resumable."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from lvtui.errors import LvtuiError
from tests.lab import cases, judge
from tests.lab.examine import examine


def one(family: str, seed: int) -> list[str]:
    """What is wrong with one case; empty when all is right."""
    try:
        with cases.throw_away(family, seed) as case, tempfile.TemporaryDirectory() as scratch:
            return judge.complaints(examine(case, Path(scratch)))
    except (AssertionError, LvtuiError, ValueError, LookupError, TypeError) as error:
        return [f"{type(error).__name__}: {error}"]


def run(families: Sequence[str], seeds: Iterable[int], state: Path, jobs: int) -> int:
    """How many cases are not right."""
    key = cases.maker_key()
    known: dict[str, list[str]] = {}
    if state.exists():
        kept = json.loads(state.read_text())
        known = kept["cases"] if kept.get("maker") == key else {}
    todo = [(f, s) for s in seeds for f in families if known.get(f"{f}/{s}") != []]
    print(f"{len(todo)} cases to do, {len(known)} known in {state}", flush=True)
    state.parent.mkdir(parents=True, exist_ok=True)
    bad = 0
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(one, f, s): f"{f}/{s}" for f, s in todo}
        for done in as_completed(running):
            name, wrong = running[done], done.result()
            known[name] = wrong
            bad += bool(wrong)
            print(f"{name}: {'; '.join(wrong) or 'good'}", flush=True)
            part = state.with_suffix(".part")
            part.write_text(json.dumps({"maker": key, "cases": known}, indent=0))
            part.replace(state)
    print(f"{len(todo)} done, {bad} not right")
    return bad
