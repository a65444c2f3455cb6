"""The demo's disk for the tests of the wizard, in a fixed time zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from tests.ui.scene import unpack


@pytest.fixture(autouse=True, scope="session")
def _utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(autouse=True, scope="session")
def _calm() -> Iterator[None]:
    """However slow the machine, a page that was read goes on by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lvtui.ui.device_work.CALM_SECONDS", 600)
        yield


@pytest.fixture(scope="session")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, Discovery]:
    """The demo's disk, read once; tests do not write to it."""
    return unpack(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def fresh(tmp_path: Path) -> tuple[Session, Discovery]:
    """The demo's disk for one test that copies."""
    return unpack(tmp_path)
