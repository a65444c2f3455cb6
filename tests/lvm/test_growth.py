"""Work that grows with the number of versions, counted in calls: no clock, no noise."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from lvtui.lvm.history import History, build_histories, lost_volumes, shrunk_volumes
from lvtui.lvm.verdict import judge
from lvtui.rescue.merged import fates
from tests.bench.life import Life


def judged(versions: int) -> tuple[History, int]:
    """A history with everything that is asked of it, and the calls that it took."""
    copies = Life(volumes=24).copies(versions)
    calls = 0

    def count(frame: FrameType, event: str, value: object) -> None:
        nonlocal calls
        del frame, value
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        (history,) = build_histories(copies)
        for lost in (*lost_volumes(history), *shrunk_volumes(history)):
            judge(lost)
        fates(history)
    finally:
        sys.setprofile(None)
    return history, calls


def test_the_texts_of_the_bench_are_in_lvms_own_form() -> None:
    history, _ = judged(60)

    assert {version.state for version in history.versions} == {"whole"}
    assert history.missing_seqnos == ()


@pytest.mark.parametrize("versions", [100, 200, 400])
def test_twice_as_many_versions_are_twice_the_work(versions: int) -> None:
    _, once = judged(versions)
    _, twice = judged(2 * versions)

    assert twice / once <= 2.3
