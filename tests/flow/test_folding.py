from __future__ import annotations

from dataclasses import replace

import pytest

from lvtui.flow.folding import fold
from lvtui.flow.judging import LostReport, judge_histories
from lvtui.flow.pvs import PvPlaces
from lvtui.rescue.merged import GoneBy
from tests.rescue.told import sm_life


@pytest.fixture(scope="module")
def reports() -> tuple[LostReport, ...]:
    """Everything that is missing at the end of the real life, as `lost` lists it."""
    lost, _ = judge_histories((sm_life().history(),), PvPlaces(places=()), ())
    return lost


def test_what_was_merged_stands_at_the_lists_end(reports: tuple[LostReport, ...]) -> None:
    merged = [report.is_merged for report in reports]

    assert sorted(merged) == merged
    assert sum(merged) == 15


def test_journals_stand_behind_disks(reports: tuple[LostReport, ...]) -> None:
    kinds = [report.is_temporary for report in reports if not report.is_merged]

    assert sorted(kinds) == kinds


def test_the_list_shows_the_deleted_and_keeps_the_rest_in_one_line(
    reports: tuple[LostReport, ...],
) -> None:
    shown, folded, line = fold(reports)

    assert {report.fate.gone_by for report in shown if report.fate} == {GoneBy.DELETED}
    assert len(shown) + len(folded) == len(reports)
    assert str(line) == "80 more: 15 merged into disks that are here, 65 journals and the like"


def test_a_volume_whose_target_is_gone_as_well_is_shown(reports: tuple[LostReport, ...]) -> None:
    one = next(report for report in reports if report.is_merged)
    assert one.fate is not None
    alone = replace(one, fate=replace(one.fate, content_in=None))

    assert fold((alone,)) == ((alone,), (), None)


def test_only_one_kind_is_said_where_there_is_only_one(reports: tuple[LostReport, ...]) -> None:
    merged = [report for report in reports if report.is_merged]
    journals = [report for report in reports if report.is_temporary]

    assert str(fold(merged)[2]) == "15 more, merged into disks that are here"
    assert str(fold(journals)[2]) == "65 more: journals and the like"
