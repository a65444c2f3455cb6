"""Single flipped bytes in real rings: no crash, no text that lies believed, nothing wrongly intact."""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest

from lvtui.lvm.carve import CopyState, carve_area
from lvtui.lvm.history import History, build_histories, lost_volumes
from lvtui.lvm.loss import shrunk_volumes
from lvtui.lvm.verdict import judge
from tests.rings import RealRing, load_ring

_SOAK = [
    pytest.mark.soak,
    pytest.mark.skipif("LVTUI_SOAK" not in os.environ, reason="make soak runs this"),
]
CAUGHT_AT_LEAST = 0.99
RINGS = ("wrap-2.02.84", "wrap-2.02.180")

Place = tuple[tuple[int, int, tuple[tuple[str, int], ...]], ...]


def _places(histories: tuple[History, ...]) -> dict[tuple[str, bool, Place], str]:
    """What is lost, where, and how it is."""
    return {
        (
            lost.lv.uuid,
            lost.shrunk,
            tuple(
                (one.start_extent, one.extent_count,
                 tuple((area.pv_name, area.start_extent) for area in one.stripes))
                for one in lost.lv.segments
            ),
        ): judge(lost).word.value
        for history in histories
        for lost in (*lost_volumes(history), *shrunk_volumes(history))
    }  # fmt: skip


class _Flips:
    """A ring, and what becomes of it."""

    def __init__(self, ring: RealRing) -> None:
        self.area, self.data = ring.area, ring.area_data
        histories = self.histories(self.data)
        self.texts = {v.text_sha256 for h in histories for v in h.versions if v.whole}
        self.copies = [
            copy
            for history in histories
            for version in history.versions
            for copy in version.copies
            if copy.state is CopyState.WHOLE
        ]
        self.lost = _places(histories)
        self.counts: Counter[str] = Counter()
        self.wrongly_intact: list[object] = []

    def histories(self, data: bytes) -> tuple[History, ...]:
        return build_histories(carve_area(self.area, data))

    def flip(self, at: int, bits: int) -> None:
        data = bytearray(self.data)
        data[at] ^= bits
        histories = self.histories(bytes(data))
        believed = {v.text_sha256 for h in histories for v in h.versions if v.whole}
        self.counts["flips"] += 1
        self.counts["caught"] += believed <= self.texts
        self.counts["others suspected"] += len(self.texts - believed) > 1
        self.wrongly_intact += [
            (at, bits, lost)
            for lost, word in _places(histories).items()
            if word == "intact" and self.lost.get(lost) != "intact"
        ]


@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=_SOAK)])
@pytest.mark.parametrize("name", RINGS)
def test_every_position_of_a_text_is_flipped(name: str, stride: int) -> None:
    flips = _Flips(load_ring(name))
    copy = flips.copies[len(flips.copies) // 2]
    start = copy.offset_bytes - flips.area.offset_bytes
    rng = random.Random(name)

    for at in range(start, start + copy.length_bytes, stride):
        flips.flip(at, 1 << rng.randrange(8))

    print(name, dict(flips.counts))
    assert flips.wrongly_intact == []
    assert flips.counts["caught"] >= CAUGHT_AT_LEAST * flips.counts["flips"]


@pytest.mark.parametrize("rounds", [300, pytest.param(10_000, marks=_SOAK)])
@pytest.mark.parametrize("name", RINGS)
def test_random_bytes_of_the_ring_are_flipped(name: str, rounds: int) -> None:
    flips = _Flips(load_ring(name))
    rng = random.Random(name)

    for _ in range(rounds):
        copy = rng.choice(flips.copies)
        start = copy.offset_bytes - flips.area.offset_bytes
        flips.flip(start + rng.randrange(copy.length_bytes), rng.randint(1, 255))

    print(name, dict(flips.counts))
    assert flips.wrongly_intact == []
    assert flips.counts["caught"] >= CAUGHT_AT_LEAST * flips.counts["flips"]
    assert flips.counts["others suspected"] <= 0.01 * flips.counts["flips"]
