"""Thousands of lives of an SR, made by a model of its storage manager, each with its truth."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping

import pytest

from lvtui.rescue.family import life_of
from lvtui.rescue.merged import Fate, GoneBy, fates
from tests.rescue.manager import Manager, Truth, live
from tests.rescue.told import history_of

SOAK = "LVTUI_SOAK" in os.environ
ALL = range(5000)
TOLD = (384, 1721)
"""Lives that once got a wrong target: permissions that changed in a gap beside the merge."""
SHARE = ALL if SOAK else (*ALL[:60], *TOLD)


def _told(found: Mapping[str, Fate]) -> dict[str, Truth]:
    return {u: Truth(fate.gone_by.value, fate.into, fate.content_in) for u, fate in found.items()}


def _without(manager: Manager, out: set[int]) -> Mapping[str, Fate]:
    kept = [vg for number, vg in enumerate(manager.group.vgs) if number not in out]
    return fates(history_of(kept))


def _wrong(found: Mapping[str, Fate], truth: Mapping[str, Truth]) -> list[str]:
    """Answers that are neither the truth nor `unknown`."""
    wrong = []
    for uuid, fate in found.items():
        true, end = truth[uuid], fate
        while end.into is not None and end.into in found:
            end = found[end.into]
        if fate.gone_by is GoneBy.UNKNOWN:
            continue
        answer = Truth(fate.gone_by.value, fate.into, fate.content_in)
        # a volume that is gone by nobody knows what: how far the data went is not known either
        if end.gone_by is GoneBy.UNKNOWN:
            answer = Truth(answer.fate, answer.into, true.content_in)
        if answer != true:
            wrong.append(f"{uuid}: {answer}, truly {true}")
    return wrong


@pytest.mark.parametrize("seed", SHARE)
def test_every_fate_of_a_life_whose_versions_are_all_known_is_the_truth(seed: int) -> None:
    manager = live(seed)

    assert manager.truth() == _told(fates(history_of(manager.group.vgs)))


@pytest.mark.parametrize("seed", SHARE)
def test_missing_versions_turn_answers_into_unknown_and_never_into_a_wrong_one(seed: int) -> None:
    manager = live(seed)
    truth, chance = manager.truth(), random.Random(seed)
    newest = len(manager.group.vgs) - 1

    oldest_gone = set(range(chance.randrange(newest)))
    share = chance.choice((0.01, 0.05, 0.2, 0.5, 0.8))
    any_gone = {number for number in range(newest) if chance.random() < share}

    assert _wrong(_without(manager, oldest_gone), truth) == []
    assert _wrong(_without(manager, any_gone), truth) == []
    assert _wrong(_without(manager, oldest_gone | any_gone), truth) == []


@pytest.mark.parametrize("seed", SHARE)
def test_a_restore_in_between_makes_no_merge_of_a_loss(seed: int) -> None:
    manager = live(seed, restores=True)
    truth, chance = manager.truth(), random.Random(seed)
    gone = {n for n in range(len(manager.group.vgs) - 1) if chance.random() < 0.1}

    whole, with_gaps = _without(manager, set()), _without(manager, gone)

    for found in (whole, with_gaps):
        merged = {uuid for uuid, fate in found.items() if fate.gone_by.is_merge}
        assert [uuid for uuid in merged if truth[uuid].fate in {"deleted", "unknown"}] == []
        assert [u for u in merged if found[u].content_in not in {None, truth[u].content_in}] == []


@pytest.mark.parametrize("seed", SHARE)
def test_the_chain_of_a_deleted_disk_is_known_at_its_end(seed: int) -> None:
    manager = live(seed)
    life = life_of(history_of(manager.group.vgs))

    for uuid, chain in manager.chains.items():
        found = life.family.ancestors(uuid, life.past.stages[uuid][-1].last)
        if manager.group.deaths:  # leaves base copies behind that nobody reads through any more
            found = tuple(one for one in found if one in chain)
        assert chain == found


def test_the_lives_hold_every_kind_of_end() -> None:
    seen: dict[str, int] = {}
    for seed in ALL[:60]:
        for true in live(seed).truth().values():
            seen[true.fate] = seen.get(true.fate, 0) + 1

    assert {kind for kind, count in seen.items() if count > 50} == {
        "deleted",
        "coalesced",
        "leaf-coalesced",
        "temporary",
    }
