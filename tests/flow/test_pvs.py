from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lvtui.flow.discover import Discovery, discover
from lvtui.flow.practice import prepare_demo


@pytest.fixture(scope="module")
def headless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's disk with its first 4 KiB zeroed: the label is gone, the ring is whole."""
    source = prepare_demo(tmp_path_factory.mktemp("state")).source
    assert source is not None
    disk = tmp_path_factory.mktemp("disk") / "disk.img"
    subprocess.run(["cp", "--sparse=always", source, disk], check=True)
    with disk.open("r+b") as f:
        f.write(bytes(4096))
    return disk


@pytest.fixture(scope="module")
def found(headless: Path) -> Discovery:
    return discover(str(headless))


def test_the_only_source_left_is_taken_for_the_only_pv_left(found: Discovery) -> None:
    (source,) = found.sources

    assert source.label is None
    assert [index for _, index in found.pv_sources] == [0]
    assert len(found.places.assumed) == 1


def test_what_rests_on_an_assumed_pv_is_at_best_likely_and_says_so(found: Discovery) -> None:
    (pv_uuid,) = found.places.assumed
    words = {report.verdict.word.value for report in found.lost}

    assert "likely" in words
    assert words & {"intact", "unreadable"} == set()
    for report in found.lost:
        assert any(pv_uuid in str(reason) for reason in report.verdict.reasons)


def test_a_source_of_another_size_is_not_taken_for_a_pv(headless: Path, tmp_path: Path) -> None:
    longer = tmp_path / "longer.img"
    subprocess.run(["cp", "--sparse=always", headless, longer], check=True)
    with longer.open("r+b") as f:
        f.truncate(longer.stat().st_size + 4096)

    found = discover(str(longer))

    assert found.pv_sources == ()
    assert {report.verdict.word.value for report in found.lost} == {"unreadable"}


def test_with_two_sources_without_a_label_none_is_chosen(headless: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.img"
    with other.open("wb") as f:
        f.truncate(headless.stat().st_size)

    found = discover(f"{headless},{other}")

    assert found.pv_sources == ()
