"""The manifest beside an image: written, read again, damaged, in the way; huge sparse images."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from lvtui.errors import FormatError
from lvtui.host.copy import jobs
from lvtui.host.copy.beside import BesideManifest, beside
from lvtui.host.copy.verify import read_back
from lvtui.plan.facts import CopyState
from lvtui.plan.job import JobPiece
from lvtui.units import MiB, TiB
from tests.host.copy.scene import make_scene, run_here, source_of
from tests.host.copy.test_run import flat_scene, manifest_of


def nothing(length_bytes: int, read: bool) -> None:  # noqa: FBT001 - as it is called
    del length_bytes, read


def test_an_image_is_checked_by_what_lies_beside_it(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    run_here(scene)
    manifest = BesideManifest(beside(scene.final))
    good = read_back(scene.final, manifest, nothing)
    with scene.final.open("r+b") as file:
        file.seek(9 * MiB)
        file.write(b"changed")
    changed = read_back(scene.final, manifest, nothing)

    assert manifest.size_bytes == len(scene.truth)
    assert manifest.manifest_sha256 == manifest_of(scene.truth)
    assert manifest.sha256 == scene.truth_sha256 == good.sha256
    assert good.differing == ()
    assert [run.offset_bytes for run in changed.differing] == [8 * MiB]


def test_zeros_are_one_line(tmp_path: Path) -> None:
    data = bytes(12 * MiB) + b"x" * MiB + bytes(20 * MiB)
    scene = flat_scene(tmp_path / "flat", data)
    run_here(scene)
    lines = beside(scene.final).read_text().split("\n")[5:]

    assert lines[0] == "zeros 3"
    assert lines[2:] == ["zeros 5", ""]
    assert lines[1] == hashlib.sha256(data[12 * MiB : 16 * MiB]).hexdigest()


@pytest.mark.parametrize("cut", [0, 10, 40, 300, -1, -66])
def test_a_damaged_manifest_is_refused(tmp_path: Path, cut: int) -> None:
    scene = make_scene(tmp_path)
    run_here(scene)
    path = beside(scene.final)
    path.write_bytes(path.read_bytes()[:cut])
    if cut == -1:  # the last line's end may be missing
        assert BesideManifest(path).size_bytes == len(scene.truth)
        return
    with pytest.raises(FormatError) as raised:
        BesideManifest(path)

    assert raised.value.code == "LV-MAN-01"


@pytest.mark.parametrize(
    "text", ["zeros 99\n", "zeros 1\nzeros 0\n", "zeros -1\n", "zeros " + "9" * 99, "\xff\n"]
)
def test_hostile_lines_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.manifest"
    head = f"size_bytes {8 * MiB}\nchunk_bytes {4 * MiB}\nmanifest_sha256 {'0' * 64}\nsha256 -\n"
    path.write_text(f"lvtui-manifest 1\n{head}{text}")
    with pytest.raises(FormatError):
        BesideManifest(path)


def test_a_file_in_the_manifest_s_way_stays(tmp_path: Path) -> None:
    scene = make_scene(tmp_path, image_bytes=MiB)
    beside(scene.final).write_bytes(b"mine")
    progress = run_here(scene)

    assert progress.state is CopyState.DONE
    assert beside(scene.final).read_bytes() == b"mine"
    assert "manifest-in-the-way" in (scene.folder.path / "log.jsonl").read_text()


def test_fifteen_tebibytes_of_holes_cost_no_memory_and_little_time(tmp_path: Path) -> None:
    """20,000 extents in a sparse source: the worker's memory is that of a small copy."""
    size_bytes, extents = 15 * TiB, 20_000
    scene = flat_scene(tmp_path / "flat", b"")
    source = Path(scene.spec.sources[0].path)
    try:
        os.truncate(source, size_bytes + MiB)
    except OSError:
        pytest.skip("this file system holds no file of 15 TiB")
    with source.open("r+b") as file:
        for at in (0, 7 * TiB, size_bytes - 4 * MiB):
            file.seek(MiB + at)
            file.write(b"data".ljust(4096, b"."))
    step = size_bytes // extents // (4 * MiB) * 4 * MiB
    starts = [*range(0, step * extents, step)]
    ends = [*starts[1:], size_bytes]
    pieces = tuple(
        JobPiece(
            out_offset_bytes=start,
            length_bytes=end - start,
            source=0,
            source_offset_bytes=MiB + start,
        )
        for start, end in zip(starts, ends, strict=True)
    )
    scene = scene.changed(size_bytes=size_bytes, pieces=pieces, sources=(source_of(source),))
    argv = (sys.executable, "-c", WITH_PEAK)
    jobs.start(scene.folder, argv=argv)
    progress = jobs.follow(scene.folder, lambda _: True)
    peak_kib = int((scene.folder.path / "peak").read_text())

    assert progress.state is CopyState.DONE, progress.problem
    assert progress.result is not None
    assert progress.result.destination_sha256 == ""
    assert progress.result.bytes_written == 3 * 64 * 1024
    assert scene.final.stat().st_blocks * 512 < MiB
    assert beside(scene.final).stat().st_size < 1000
    assert peak_kib < 64 * 1024


WITH_PEAK = """
import sys
from pathlib import Path
from lvtui.host.copy.worker import main
code = main(sys.argv[1])
peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
(Path(sys.argv[1]) / "peak").write_text(str(peak))
sys.exit(code)
"""
