"""The look commands beside pvck on rings filled to the end (issue bars: `versions`, `lost`)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from lvtui.flow.discover import discover
from lvtui.lvm.carve import CopyState
from tests.bench.corpus import NAMES, Corpus, corpus
from tests.bench.harness import Bar, Timed, measure, milliseconds
from tests.lab import toolbox
from tests.lab.parsing import counted_calls, flat_sections

LVTUI = (sys.executable, "-m", "lvtui")
VERSIONS_LIMIT = {"small": 0.6, "large": 0.25}
LOST_LIMIT = {"small": 1.5, "large": 0.6}


def _agree(made: Corpus) -> str:
    """Whether both find the same texts: a fast answer that is wrong is no answer."""
    argv = ["pvck", "--dump", "metadata_search", str(made.image)]
    env = toolbox.tool_env(LVM_SUPPRESS_FD_WARNINGS="1")
    peer = subprocess.run(argv, capture_output=True, text=True, check=True, env=env).stdout
    ours = subprocess.run(
        [*LVTUI, "versions", "--quick", str(made.image), "--json"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs = {
        (int(at), int(length) - 1)
        for at, length in re.findall(r"metadata at (\d+) length (\d+) crc", peer)
    }
    said = json.loads(ours)["versions"]
    whole = [v for v in said if v["state"] in {"whole", "wrapped"}]
    mine = {(c["offset_bytes"] - 4096, v["length_bytes"]) for v in whole for c in v["copies"]}
    area = {(at - 4096, length) for at, length in theirs}
    more = f"{len(mine - area)} more here, {len(area - mine)} more there"
    return f"{len(mine)} texts here, {len(area)} by pvck ({more})"


def _parser_calls(made: Corpus) -> bool:
    """Print how often pyparsing ran, and how many distinct sections there are; whether they agree."""
    with counted_calls() as counter:
        copies = discover(str(made.image)).copies
    whole = [copy for copy in copies if copy.state in {CopyState.WHOLE, CopyState.WRAPPED}]
    sections = [flat_sections(copy.text.decode()) for copy in whole]
    distinct = len(set().union(*sections))
    word = "holds" if counter.calls == distinct else "MISSED"
    total = sum(map(len, sections))
    print(f"  parser calls {counter.calls}, distinct sections {distinct} of {total}   {word}")
    return counter.calls == distinct


def run(rounds: int) -> bool:
    """Time and print; whether every bar holds."""
    memory = Path("/dev/shm")  # noqa: S108 - pvck saves 10 MB: not to be timed against a disk
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        return _run(rounds, Path(scratch))


def _run(rounds: int, scratch: Path) -> bool:
    held = True
    for name in NAMES:
        made = corpus(name)
        print(
            f"{name}: {made.texts} texts whole on disk, {made.mean_bytes} bytes each, "
            f"{'wrapped' if made.wrapped else 'not wrapped'}; {_agree(made)}"
        )
        held &= _parser_calls(made)
        image = made.image
        start = Timed("lvtui --version", (*LVTUI, "--version"))
        search = Timed("pvck --dump metadata_search", ("pvck", "--dump", "metadata_search", image))
        saved = scratch / "texts"
        dump_argv = ("pvck", "--dump", "metadata_search", "-v", "-f", saved, image)
        dump = Timed("pvck -v -f", dump_argv, makes=saved)
        quick = Timed("lvtui versions --quick", (*LVTUI, "versions", "--quick", image))
        answer = Timed("lvtui versions --quick --json", (*quick.argv, "--json"))
        lost = Timed("lvtui lost", (*LVTUI, "lost", image))
        measure((start, search, dump, quick, answer, lost), rounds)
        for timed in (start, search, dump):
            print(f"  {timed.name}: {milliseconds(timed)}")
        for bar in (
            Bar(quick, search, start, VERSIONS_LIMIT[name]),
            Bar(answer, search, start, VERSIONS_LIMIT[name]),
            Bar(lost, dump, start, LOST_LIMIT[name]),
        ):
            print(bar.lines())
            held &= bar.holds
    return held
