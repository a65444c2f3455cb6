"""Fixtures that many tests share."""

from __future__ import annotations

import functools
import os

import pytest

from tests.rings import RING_NAMES, RealRing, load_ring

_load = functools.cache(load_ring)


@pytest.fixture(params=RING_NAMES)
def ring(request: pytest.FixtureRequest) -> RealRing:
    """Each real ring of `tests/data/lvm-rings`."""
    return _load(str(request.param))


@pytest.fixture
def history_ring() -> RealRing:
    """Two branches, renames, vgremove, pvcreate over it, a second VG (2.03.16)."""
    return _load("history-2.03.16")


@pytest.fixture
def xs_ring() -> RealRing:
    """1150 versions of an SR, not wrapped (2.03.16)."""
    return _load("xs1100")


@pytest.fixture
def residue_ring() -> RealRing:
    """Wrapped; older texts behind each NUL (2.02.84)."""
    return _load("wrap-2.02.84")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test marked `soak` belongs to `make soak` alone, whoever forgot to say so beside it."""
    if "LVTUI_SOAK" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.skip(reason="make soak runs this"))
