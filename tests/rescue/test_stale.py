from __future__ import annotations

from typing import Any

import pytest

from lvtui.lvm.version import Version
from lvtui.rescue.family import life_of
from lvtui.rescue.stale import touched_since, touches
from tests.rescue.told import sm_life

HISTORY = sm_life().history()
LIFE = life_of(HISTORY)
DELETED = sm_life().truth["deleted_vdis"]
BY_VDI = [pytest.param(gone, id=gone["vdi"][:8]) for gone in DELETED]


def _version(seqno: int) -> Version:
    return next(version for version in HISTORY.versions if version.seqno == seqno)


@pytest.mark.parametrize("gone", BY_VDI)
def test_the_chain_of_a_deleted_disk_is_known_from_the_texts_alone(gone: dict[str, Any]) -> None:
    leaf, *parents = (link["lv"] for link in gone["chain"])

    assert tuple(parents) == LIFE.ancestors(leaf, _version(gone["last_seqno"]))


@pytest.mark.parametrize("gone", BY_VDI)
def test_a_parent_counts_as_touched_when_the_truth_says_so(gone: dict[str, Any]) -> None:
    after = _version(gone["last_seqno"])
    parents = [link["lv"] for link in gone["chain"][1:2]]

    told = [message for parent in parents for message in touches(LIFE, parent, after)]

    assert gone["parent_touched"] == bool(told)


@pytest.mark.parametrize("gone", [gone for gone in DELETED if gone["parents"]])
def test_every_kind_of_touch_is_told_for_its_own_ancestor(gone: dict[str, Any]) -> None:
    after = _version(gone["last_seqno"])

    told = touched_since(HISTORY, gone["chain"][1]["lv"], after)

    seen = {
        (kind, dict(message.values)["n"])
        for message in told
        for kind in ("writable", "resized", "renamed")
        if kind in message.template
    }
    expected = {
        (kind, parent[key])
        for parent in gone["parents"]
        for kind, key in (
            ("writable", "writable_from"),
            ("resized", "resized_at"),
            ("renamed", "renamed_at"),
        )
        if parent.get(key)
    }
    assert expected == seen


def test_nothing_is_said_of_a_parent_that_no_later_version_has() -> None:
    assert touched_since(HISTORY, "no such LV", HISTORY.versions[3]) == ()
    assert touched_since(HISTORY, HISTORY.versions[3].vg.lvs[0].uuid, HISTORY.versions[-1]) == ()  # type: ignore[union-attr] # parsed
