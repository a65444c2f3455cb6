"""Each distinct section of a corpus goes through pyparsing exactly once, counted from outside."""

from __future__ import annotations

import pytest

from lvtui.flow.discover import discover
from tests.lab import cases, toolbox
from tests.lab.parsing import counted_calls, flat_sections

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))


@pytest.mark.parametrize("family", ["simple", "twopv", "vgrename", "ringwrap", "biglv"])
def test_pyparsing_runs_once_for_each_distinct_section(family: str) -> None:
    case = cases.case(family, 1)
    texts = case.texts()
    whole = [v["idx"] for v in case.truth["versions"] if v["on_disk"] == "complete"]
    distinct = {flat for index in whole for flat in flat_sections(texts[index].decode())}

    with counted_calls() as counter:
        discover(case.spec)

    assert counter.calls == len(distinct)
