from __future__ import annotations

import random

import pytest

from lvtui.rescue.merged import Fate, GoneBy, fates
from tests.rescue.told import sm_life

TRUE = {lv["id"]: lv for lv in sm_life().truth["lvs"]}


def test_every_fate_of_the_real_life_is_the_truth() -> None:
    found = fates(sm_life().history())

    expected = {
        uuid: (lv["fate"], lv.get("into"), lv["lives_in"])
        for uuid, lv in TRUE.items()
        if lv["fate"] != "present"
    }
    assert expected == {u: (f.gone_by.value, f.into, f.content_in) for u, f in found.items()}
    assert len(TRUE) == 137


def test_every_answer_says_what_shows_it() -> None:
    assert all(fate.evidence for fate in fates(sm_life().history()).values())


def _wrong(found: dict[str, Fate]) -> list[str]:
    """Answers that are neither the truth nor `unknown`; a target that is lost itself may be null."""
    wrong = []
    for uuid, fate in found.items():
        true = TRUE[uuid]
        if fate.gone_by is GoneBy.UNKNOWN:
            continue
        if fate.gone_by.value != true["fate"] or fate.into not in {None, true.get("into")}:
            wrong.append(uuid)
        if fate.gone_by.is_merge and fate.content_in not in {None, true["lives_in"]}:
            wrong.append(uuid)
        if fate.content_in is None and true["lives_in"] and fate.into and fate.gone_by.is_merge:
            # gone as far as it could be followed: the chain must end in an unknown, not in a deletion
            end = fate.into
            while found[end].into is not None:
                end = found[end].into or ""
            if found[end].gone_by is not GoneBy.UNKNOWN:
                wrong.append(uuid)
    return wrong


@pytest.mark.parametrize("first", range(1, 387, 6))
def test_a_ring_that_lost_its_oldest_versions_answers_rightly_or_not_at_all(first: int) -> None:
    found = fates(sm_life().history(range(first)))

    assert _wrong(dict(found)) == []


@pytest.mark.parametrize("seed", range(60))
def test_versions_missing_anywhere_only_turn_answers_into_unknown(seed: int) -> None:
    chance = random.Random(seed)
    share = chance.choice((0.01, 0.05, 0.2, 0.5, 0.8))
    out = [number for number in range(386) if chance.random() < share]

    found = fates(sm_life().history(out))

    assert _wrong(dict(found)) == []
