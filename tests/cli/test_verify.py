"""`lvtui verify`: a case's images by their jobs, any image by the manifest beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lvtui import cli
from lvtui.host.copy.beside import beside
from lvtui.units import MiB
from tests.host.copy.scene import Scene, make_scene, run_here


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A case with one finished copy."""
    scene = make_scene(tmp_path / "case")
    run_here(scene)
    return scene


def spoil(image: Path) -> None:
    with image.open("r+b") as file:
        file.seek(9 * MiB)
        file.write(b"changed")


def verify(capsys: pytest.CaptureFixture[str], what: Path) -> tuple[int, dict[str, object]]:
    code = cli.main(["verify", str(what), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_an_image_moved_away_is_verified_by_itself(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved.lv"
    shutil.move(scene.final, moved)
    shutil.move(beside(scene.final), beside(moved))
    shutil.rmtree(tmp_path / "case")
    good, said = verify(capsys, moved)
    spoil(moved)
    bad, told = verify(capsys, moved)

    assert (good, bad) == (0, 7)
    assert said["schema"] == "lvtui.verify/1"
    assert said["images"][0]["sha256"] == scene.truth_sha256  # type: ignore[index]
    assert told["images"][0]["differing_ranges"] == [[8 * MiB, 4 * MiB]]  # type: ignore[index]


def test_a_case_is_verified_by_its_jobs(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    case = scene.jobs_dir.parent
    good = cli.main(["verify", str(case)])
    spoil(scene.final)
    bad = cli.main(["verify", str(case)])

    assert (good, bad) == (0, 7)
    assert "verified" in capsys.readouterr().out


def test_nothing_to_verify_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_scene(tmp_path / "case", image_bytes=MiB)

    assert cli.main(["verify", str(tmp_path / "case")]) == 2
    assert "LV-CAS-12" in capsys.readouterr().err
