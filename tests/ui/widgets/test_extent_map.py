"""The extent map as rows of text: worst state wins, nothing is lost between cells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.lvm.verdict import VerdictWord
from lvtui.ui.widgets.extent_map import Owner, Run, lost_runs, map_rows, paint, strip_text
from lvtui.ui.widgets.glyphs import PLAIN, RICH
from tests.ui.scene import texts_of

PROFILE = settings(derandomize=True, max_examples=300)
RUNS = st.lists(
    st.builds(
        Run,
        st.integers(min_value=0, max_value=400),
        st.integers(min_value=0, max_value=120),
        st.sampled_from(Owner),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("runs", "extents", "cells", "expected"),
    [
        pytest.param([], 4, 4, "....", id="free"),
        pytest.param([Run(0, 2, Owner.LOST)], 4, 4, "LL..", id="one-cell-an-extent"),
        pytest.param([Run(0, 4, Owner.LOST)], 4, 80, "LLLL", id="fewer-extents-than-cells"),
        pytest.param(
            [Run(0, 1000, Owner.LOST), Run(501, 1, Owner.OVERWRITTEN)],
            1000,
            10,
            "LLLLLXLLLL",
            id="one-bad-extent-of-a-hundred-shows",
        ),
        pytest.param(
            [Run(0, 10, Owner.OVERWRITTEN), Run(0, 10, Owner.LOST)],
            10,
            2,
            "XX",
            id="order-is-nothing",
        ),
        pytest.param([Run(8, 100, Owner.OTHER)], 10, 5, "....#", id="beyond-the-end"),
    ],
)
def test_paint(runs: list[Run], extents: int, cells: int, expected: str) -> None:
    assert strip_text(paint(runs, extents, cells), PLAIN) == expected


@PROFILE
@given(RUNS, st.integers(min_value=1, max_value=500), st.integers(min_value=1, max_value=90))
def test_cell_is_the_worst_of_its_extents(runs: list[Run], extents: int, cells: int) -> None:
    each = [Owner.FREE] * extents
    for run in runs:
        for extent in range(run.start_extent, min(run.start_extent + run.extent_count, extents)):
            each[extent] = max(each[extent], run.owner)
    count = min(cells, extents)
    expected = [Owner.FREE] * count
    for extent, owner in enumerate(each):
        cell = extent * count // extents
        expected[cell] = max(expected[cell], owner)

    assert paint(runs, extents, cells) == tuple(expected)


@pytest.mark.parametrize("glyphs", [PLAIN, RICH], ids=["plain", "rich"])
@pytest.mark.parametrize("width", [80, 132])
def test_maps_of_the_demo_fit_and_count_right(
    damaged: tuple[Session, Discovery], glyphs: object, width: int
) -> None:
    _, discovery = damaged
    for report in discovery.lost:
        lines = texts_of(map_rows(report, width, glyphs))  # type: ignore[arg-type]

        assert max(map(len, lines)) <= width
        extents = report.lost.lv.extent_count
        bad = report.verdict.overwritten_bytes // report.verdict.extent_bytes
        risk = report.verdict.at_risk_bytes // report.verdict.extent_bytes
        assert f"L never reused {extents - bad - risk} (" in lines[-1]
        assert f"X overwritten {bad} (" in lines[-1]


def test_damaged_volume_shows_its_conflicts_in_numbers(damaged: tuple[Session, Discovery]) -> None:
    _, discovery = damaged
    report = next(r for r in discovery.lost if r.verdict.word is VerdictWord.DAMAGED)
    lines = texts_of(map_rows(report, 80, PLAIN))

    shown = [line for line in lines if line.startswith(" X overwritten ")]
    conflicts = [conflict for conflict in report.verdict.conflicts if conflict.now]
    assert len(shown) == len(conflicts) > 0
    assert f"{conflicts[0].since_seqno}" in shown[0]
    strips = strip_text(paint(lost_runs(report), report.lost.lv.extent_count, 77), PLAIN)
    assert "X" in strips
    assert "L" in strips
