from __future__ import annotations

from dataclasses import replace

import pytest

from lvtui.lvm.stages import committed_text, judge_area
from tests.lvm.groups import Vg, lv, parsed
from tests.rings import RingMaker

ALPHA, BETA = lv("alpha", 1, (0, 5)), lv("beta", 2, (5, 5))
OLD = [Vg(n, lvs=(ALPHA,)) for n in range(1, 6)]
MERGED = Vg(5, lvs=(ALPHA, BETA))
RESTORED = Vg(6, lvs=(ALPHA, BETA), time=2_000_000_000, description="vgcfgrestore")
FINAL = Vg(7, lvs=(ALPHA, replace(BETA, name="gamma")))
EXPECTED = [parsed(MERGED), parsed(replace(FINAL, seqno=6))]


def ring(
    *texts: Vg, committed: int = -1, precommitted: int | None = None, size: int = 1 << 16
) -> bytes:
    maker = RingMaker(size, pads=False)
    for text in texts:
        maker.write(text.text)
    maker.point(committed, precommitted)
    return bytes(maker.data)


BEFORE = ring(*OLD)


@pytest.mark.parametrize(
    ("now", "stage", "clean"),
    [
        pytest.param(BEFORE, 0, True, id="nothing-written"),
        pytest.param(ring(*OLD, RESTORED), 1, True, id="restored"),
        pytest.param(ring(*OLD, RESTORED, FINAL), 2, True, id="restored-twice"),
        pytest.param(ring(*OLD, RESTORED, committed=4), 0, False, id="text-without-commit"),
        pytest.param(
            ring(*OLD, RESTORED, committed=4, precommitted=5), 0, False, id="precommitted"
        ),
        pytest.param(
            ring(*OLD, RESTORED, FINAL, committed=5, precommitted=6),
            1,
            False,
            id="second-one-cut-off",
        ),
        pytest.param(ring(*OLD, Vg(6, lvs=())), None, False, id="somebody-else's-version"),
        pytest.param(ring(*OLD, replace(RESTORED, seqno=7)), None, False, id="another-seqno"),
        pytest.param(ring(*OLD[:4]), None, False, id="an-older-version"),
    ],
)
def test_where_an_area_stands(now: bytes, stage: int | None, clean: bool) -> None:  # noqa: FBT001
    state = judge_area(BEFORE, now, EXPECTED)

    assert (state.stage, state.clean) == (stage, clean)
    assert (state.problem is None) == (stage is not None)


@pytest.mark.parametrize("at", [0, 30, 512, 4000, 50_000])
def test_one_changed_byte_elsewhere_is_seen(at: int) -> None:
    now = bytearray(ring(*OLD, RESTORED))
    now[at] ^= 0xFF

    assert judge_area(BEFORE, bytes(now), EXPECTED).stage is None


@pytest.mark.parametrize("fill", range(1, 40))
def test_round_the_ring_s_end(fill: int) -> None:
    """A small ring in which the restored text is split, or begins anew, at every place."""
    olds = [Vg(1 + n % 5, lvs=(ALPHA,)) for n in range(fill)]
    size = 512 * 24
    before = ring(*olds, OLD[-1], size=size)
    now = ring(*olds, OLD[-1], RESTORED, size=size)
    state = judge_area(before, now, EXPECTED)

    assert (state.stage, state.clean) == (1, True)
    assert committed_text(now) == RESTORED.text


def test_a_changed_pv_or_lv_is_not_what_was_meant() -> None:
    other_pv = replace(RESTORED, pvs=(replace(RESTORED.pvs[0], pe_start=2048),))
    fewer = replace(RESTORED, lvs=(BETA,))

    assert judge_area(BEFORE, ring(*OLD, other_pv), EXPECTED).stage is None
    assert judge_area(BEFORE, ring(*OLD, fewer), EXPECTED).stage is None
