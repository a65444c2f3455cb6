"""lvtui run on a case, and scored: the functions behind `versions` and `lost`, and each LV's bytes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from lvtui.flow.answers import lost_answer, versions_answer
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.judging import LostReport
from lvtui.host.device import SourceDevice
from lvtui.lvm.mapping import VolumeSource
from tests.lab import adapter, judge
from tests.lab.cases import Case
from tests.lab.judge import Info

CHUNK = 4 << 20


def read_out(discovery: Discovery, report: LostReport, to: Path) -> None:
    """The LV's bytes through its old extents; fails where a byte cannot be read."""
    with ExitStack() as stack, to.open("wb") as out:
        devices = [stack.enter_context(SourceDevice(s.path)) for s in discovery.sources]
        pvs = {uuid: devices[index] for uuid, index in discovery.pv_sources}
        volume = VolumeSource(report.ranges, pvs)
        for at in range(0, volume.size_bytes, CHUNK):
            piece = volume.pread(at, CHUNK)
            assert piece.gaps == (), f"{report.lost.lv.name}: unreadable at {piece.gaps}"
            out.write(piece.data)


def examine(case: Case, scratch: Path) -> Info:
    """The judge's figures; the bytes of every target and of every LV called intact are compared."""
    discovery = discover(case.spec)
    result = adapter.result(case, versions_answer(discovery), lost_answer(discovery))
    targets = {item["id"] for item in case.truth["lost"] if item["target"]}
    extracted = []
    for report in (*discovery.lost, *discovery.shrunk):
        uuid = report.lost.lv.uuid
        known_state = _last_state_is_known(case, uuid)
        if known_state and (uuid in targets or report.verdict.word == "intact"):
            path = scratch / uuid
            read_out(discovery, report, path)
            extracted.append({"uuid": uuid, "path": str(path)})
    result["extracted"] = extracted
    figures = judge.score(case.truth, result)
    for item in extracted:
        Path(str(item["path"])).unlink()
    return figures


def _last_state_is_known(case: Case, uuid: str) -> bool:
    """Whether the LV's last text is still whole on disk: only then can its last state be had."""
    return any(
        item["last_text_complete"]
        for item in case.truth["lost"]
        if item["id"] == uuid and (item["target"] or item["missing_now"])
    )
