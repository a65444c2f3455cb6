from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from lvtui.demo import disk
from lvtui.flow.practice import clean_demo, list_files_line, prepare_demo
from lvtui.host import store

TRUTH = json.loads((Path(__file__).parents[1] / "data" / "demo" / "truth.json").read_text())


def volume_bytes(image: Path, name: str) -> bytes:
    """A lost LV's bytes by the truth's own extents."""
    (lost,) = (lv for lv in TRUTH["lost"] if lv["name"] == name)
    with image.open("rb") as f:
        out = []
        for segment in lost["segments"]:
            f.seek((11 << 20) + (segment["pv_start_extent"] << 22))
            out.append(f.read(segment["extent_count"] << 22))
    return b"".join(out)


def test_the_image_is_the_disk_that_lvm_made(tmp_path: Path) -> None:
    session = prepare_demo(tmp_path)

    assert session.demo
    assert session.source is not None
    with Path(session.source).open("rb") as f:
        assert TRUTH["sha256"] == hashlib.file_digest(f, "sha256").hexdigest()


def test_a_second_practice_uses_the_same_image_and_a_place_of_its_own(tmp_path: Path) -> None:
    first = prepare_demo(tmp_path)
    assert first.source
    assert first.destination
    before = Path(first.source).stat()
    (Path(first.destination) / "web01.lv").touch()

    second = prepare_demo(tmp_path)

    assert first.source == second.source
    assert before == Path(first.source).stat()
    assert first.destination != second.destination
    assert first.case_dir != second.case_dir


def test_a_changed_image_is_put_right_by_the_next_start(tmp_path: Path) -> None:
    session = prepare_demo(tmp_path)
    assert session.source
    image = Path(session.source)
    image.chmod(0o600)
    with image.open("r+b") as f:
        f.seek(700 << 20)
        f.write(b"\1")

    prepare_demo(tmp_path)

    known = disk.load()
    assert store.holds(image, known.size_bytes, known.pieces)


def test_the_copy_and_its_reading_back_are_slowed_to_ten_seconds(tmp_path: Path) -> None:
    session = prepare_demo(tmp_path)
    assert session.source
    assert session.rate_bytes_per_s
    whole = volume_bytes(Path(session.source), TRUTH["parts"]["recommended"]["name"])
    pages = (whole[at : at + 4096] for at in range(0, len(whole), 4096))
    data_bytes = sum(len(page) for page in pages if any(page))

    assert round((data_bytes + len(whole)) / session.rate_bytes_per_s) == 10
    assert data_bytes > len(whole) // 2  # so that there is time to press pause


def test_cleaning_removes_the_folder_and_says_which(tmp_path: Path) -> None:
    prepare_demo(tmp_path)

    assert tmp_path / "demo" == clean_demo(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert clean_demo(tmp_path) is None


@pytest.mark.parametrize("name", ["VHD.lv", "it's here.lv"])
def test_the_line_that_is_shown_lists_the_files_of_the_recovered_volume(
    tmp_path: Path, name: str
) -> None:
    session = prepare_demo(tmp_path)
    assert session.source
    image = tmp_path / name
    image.write_bytes(volume_bytes(Path(session.source), TRUTH["parts"]["recommended"]["name"]))

    line = list_files_line(str(image))
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "README.txt" in done.stdout
