"""Histories for tests of the rescue package: from volume groups as values, without a ring."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lvtui.lvm.carve import CopyState, CrcState, MetadataCopy, Origin
from lvtui.lvm.index import TextIndex
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.text import TextParser
from lvtui.lvm.timeline import make_timeline
from lvtui.lvm.version import History, Version

SM_LIFE = Path(__file__).parents[1] / "data" / "sm-life"


def version_of(vg: VolumeGroup, *, current: bool = False, number: int = 0) -> Version:
    """A version that holds the group."""
    index = TextIndex(
        vg_name=vg.name,
        vg_uuid=vg.uuid,
        seqno=vg.seqno,
        creation_time=None,
        creation_host=None,
        description=None,
        lv_count=len(vg.lvs),
    )
    copy = MetadataCopy(
        device=0,
        area=None,
        offset_bytes=0,
        length_bytes=0,
        state=CopyState.WHOLE,
        text=b"",
        index=index,
        origin=Origin.BACKUP_FILE,
    )
    return Version(
        id=f"{vg.seqno}-{number:08x}",
        copies=(copy,),
        state=CopyState.WHOLE,
        reason=None,
        committed=True,
        current=current,
        crc=CrcState.OK,
        vg=vg,
    )


def history_of(vgs: Sequence[VolumeGroup], *, current: bool = True) -> History:
    """The history of these versions, the last of them in use."""
    last = len(vgs) - 1
    versions = tuple(
        version_of(vg, current=current and number == last, number=number)
        for number, vg in enumerate(vgs)
    )
    return History(
        vg_uuid=vgs[0].uuid,
        vg_name=vgs[0].name,
        versions=versions,
        current=versions[-1] if current else None,
        missing_seqnos=(),
        forks=(),
        timeline=make_timeline(versions),
    )


@dataclass(frozen=True)
class Life:
    """An SR's life and the truth about it."""

    vgs: tuple[VolumeGroup, ...]
    truth: dict[str, Any]

    def history(self, leave_out: Iterable[int] = ()) -> History:
        """All versions but some, by position."""
        out = set(leave_out)
        return history_of([vg for number, vg in enumerate(self.vgs) if number not in out])


@cache
def sm_life() -> Life:
    """The life that XenServer's real storage manager wrote (data/sm-life)."""
    parser = TextParser()
    with lzma.open(SM_LIFE / "versions.jsonl.xz", "rt") as lines:
        vgs = tuple(parser.parse(json.loads(line)["text"].encode()) for line in lines)
    truth = json.loads(lzma.decompress((SM_LIFE / "truth.json.xz").read_bytes()))
    return Life(vgs, truth)
