"""From a lost volume of the demo's disk, which real LVM2 made, to its image."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.demo import disk
from lvtui.errors import DestinationError, UserError
from lvtui.flow import copy
from lvtui.flow.by_hand import dd_lines_of
from lvtui.flow.copy import Severity
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.judging import LostReport
from lvtui.host import store
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import exit_code
from lvtui.units import GiB, MiB
from tests.host.loops import ext4, loop, mount, needs_loops, partitioned

TRUTH = json.loads((Path(__file__).parents[1] / "data" / "demo" / "truth.json").read_text())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    known = disk.load()
    path = tmp_path_factory.mktemp("source") / "sata.img"
    store.write_image(path, known.size_bytes, known.pieces)
    return path


@pytest.fixture(scope="module")
def discovery(image: Path) -> Discovery:
    return discover(str(image))


def lost_of(discovery: Discovery, *, damaged: bool) -> LostReport:
    """The largest lost volume that is or is not overwritten now."""
    found = [
        report
        for report in discovery.lost
        if bool(report.verdict.overwritten_bytes) == damaged and report.ranges
    ]
    return max(found, key=lambda report: report.size_bytes)


def truth_of(report: LostReport) -> dict[str, object]:
    (found,) = (lost for lost in TRUTH["lost"] if lost["lv_uuid"] == report.lost.lv.uuid)
    return dict(found)


def go_on(progress: CopyProgress) -> bool:
    del progress
    return True


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("damaged", [False, True])
def test_the_image_is_what_lies_in_the_extents(
    tmp_path: Path, discovery: Discovery, *, damaged: bool
) -> None:
    report = lost_of(discovery, damaged=damaged)
    spec = copy.make_job(discovery, report, to=str(tmp_path / "x.lv"))
    progress = copy.run_job(tmp_path / "case", spec, on_progress=go_on)
    result = progress.result

    assert progress.state is CopyState.DONE, progress.problem
    assert result is not None
    assert result.destination_sha256 == truth_of(report)["sha256_now"]
    assert sha256_of(tmp_path / "x.lv") == truth_of(report)["sha256_now"]
    assert exit_code(spec, result) == (6 if damaged else 0)
    assert sum(run.length_bytes for run in spec.overwritten) == report.verdict.overwritten_bytes


@pytest.mark.parametrize("name", ["plain.lv", "a b 'c' $x;&.lv", "-dash.lv"])
def test_dd_lines_give_the_same_image(
    tmp_path: Path, discovery: Discovery, image: Path, name: str
) -> None:
    report = lost_of(discovery, damaged=True)
    lines = copy.dd_lines(discovery, report, to=str(tmp_path / name))
    script = tmp_path / "script"
    script.write_text("set -eu\n" + "\n".join(lines) + "\n")
    before = image.stat().st_mtime_ns
    subprocess.run(["sh", script], check=True, capture_output=True)

    assert sha256_of(tmp_path / name) == truth_of(report)["sha256_now"]
    assert image.stat().st_mtime_ns == before
    assert all("conv=notrunc" in line for line in lines if line.startswith("dd "))


def test_a_source_that_ends_early_gives_zeros_and_names_them(
    tmp_path: Path, discovery: Discovery, image: Path
) -> None:
    report = lost_of(discovery, damaged=True)
    head = tmp_path / "head.img"
    end = min(run.pv_offset_bytes for run in report.ranges) + 3 * MiB + 512
    with image.open("rb") as source:
        head.write_bytes(source.read(end))
    found = discover(str(head))
    (same,) = (r for r in found.lost if r.lost.lv.uuid == report.lost.lv.uuid)
    spec = copy.make_job(found, same, to=str(tmp_path / "x.lv"), partial=True)
    result = copy.run_job(tmp_path / "case", spec, on_progress=go_on).result
    whole = copy.make_job(discovery, report, to=str(tmp_path / "y.lv"))
    copy.run_job(tmp_path / "case", whole, on_progress=go_on)

    assert result is not None
    assert exit_code(spec, result) == 6
    expected = bytearray((tmp_path / "y.lv").read_bytes())
    assert result.unreadable_ranges
    for run in result.unreadable_ranges:
        expected[run.offset_bytes : run.end_bytes] = bytes(run.length_bytes)
    assert (tmp_path / "x.lv").read_bytes() == expected
    assert dd_lines_of(spec)[-1].endswith("of the image have no source: zeros")


def test_a_stopped_copy_is_resumed_by_asking_for_it_again(
    tmp_path: Path, discovery: Discovery
) -> None:
    report = lost_of(discovery, damaged=False)
    spec = copy.make_job(discovery, report, to=str(tmp_path / "x.lv"), rate_bytes_per_s=8 * MiB)
    stopped = copy.run_job(
        tmp_path / "case", spec, on_progress=lambda seen: seen.done_bytes < 8 * MiB
    )
    (job_dir,) = copy.find_jobs(tmp_path / "case")
    copy.ask(job_dir, "run", rate_bytes_per_s=0)
    done = copy.run_job(tmp_path / "case", spec, on_progress=go_on)

    assert stopped.state is CopyState.STOPPED
    assert copy.find_jobs(tmp_path / "case") == (job_dir,)
    assert copy.spec_of(job_dir) == spec
    assert done.state is CopyState.DONE
    assert sha256_of(tmp_path / "x.lv") == truth_of(report)["sha256_now"]


def test_a_file_that_no_job_made_is_refused(tmp_path: Path, discovery: Discovery) -> None:
    (tmp_path / "x.lv").write_text("mine")
    spec = copy.make_job(discovery, lost_of(discovery, damaged=False), to=str(tmp_path / "x.lv"))
    with pytest.raises(DestinationError) as raised:
        copy.start_job(tmp_path / "case", spec)

    assert raised.value.code == "LV-DST-10"
    assert (tmp_path / "x.lv").read_text() == "mine"


def test_an_unknown_format_is_refused(tmp_path: Path, discovery: Discovery) -> None:
    with pytest.raises(UserError, match="qcow2"):
        copy.make_job(
            discovery, lost_of(discovery, damaged=False), to=str(tmp_path / "x"), fmt="qcow2"
        )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("VHD-1b2c9f04-1111", "VHD-1b2c9f04-1111.lv"),
        ("../../etc/passwd", "_.._etc_passwd.lv"),
        ("--help", "help.lv"),
        ("a/b\x1b[31m", "a_b__31m.lv"),
        ("x" * 300, "x" * 120 + ".lv"),
        ("...", "volume.lv"),
    ],
)
def test_file_names_are_safe_anywhere(discovery: Discovery, name: str, expected: str) -> None:
    report = discovery.lost[0]
    lost = replace(report.lost, lv=replace(report.lost.lv, name=name))

    assert copy.default_file_name(replace(report, lost=lost), "lv") == expected


# Destinations


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def codes(discovery: Discovery, to: Path, need_bytes: int = 1 * MiB) -> dict[str, Severity]:
    findings = copy.check_destination(discovery, str(to), need_bytes)
    return {finding.code: finding.severity for finding in findings}


def test_the_source_itself_is_refused(tmp_path: Path, discovery: Discovery, image: Path) -> None:
    (tmp_path / "link").symlink_to(image)
    (tmp_path / "hard").hardlink_to(image)
    for name in (image, tmp_path / "link", tmp_path / "hard"):
        assert codes(discovery, name)["LV-DST-03"] is Severity.STOP


def test_the_file_system_of_an_image_is_a_warning(discovery: Discovery, image: Path) -> None:
    found = codes(discovery, image.parent / "new.lv")

    assert found["LV-DST-08"] is Severity.WARN
    assert Severity.STOP not in found.values()


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("there", "LV-DST-01"),
        ("no/such/x.lv", "LV-DST-04"),
        ("/proc/x.lv", "LV-DST-18"),
        ("/dev/lvtui-new", "LV-DST-18"),
        ("/dev/null", "LV-DST-18"),
        ("", "LV-DST-21"),
    ],
)
def test_what_is_no_place_for_a_new_file_is_refused(
    tmp_path: Path, discovery: Discovery, to: str, code: str
) -> None:
    (tmp_path / "there").touch()

    assert codes(discovery, tmp_path / to)[code] is Severity.STOP


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_space_is_judged_by_what_is_surely_needed(
    tmp_path: Path, discovery: Discovery, stack: ExitStack
) -> None:
    place = mount(stack, Path("lvtui-test"), tmp_path / "m", "-t", "tmpfs", "-o", "size=200m")
    sizes = {
        100 * MiB: None,
        190 * MiB: ("LV-DST-09", Severity.WARN),
        40 * GiB: ("LV-DST-09", Severity.WARN),
    }
    for need_bytes, expected in sizes.items():
        found = codes(discovery, place / "x.lv", need_bytes)
        assert found["LV-DST-17"] is Severity.WARN
        assert (expected is None) == ("LV-DST-09" not in found)
    (place / "fill").write_bytes(bytes(150 * MiB))

    assert codes(discovery, place / "x.lv", 100 * MiB)["LV-DST-06"] is Severity.STOP


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_read_only_place_is_refused(
    tmp_path: Path, discovery: Discovery, stack: ExitStack
) -> None:
    place = mount(stack, Path("lvtui-test"), tmp_path / "m", "-t", "tmpfs", "-o", "ro")

    assert codes(discovery, place / "x.lv")["LV-DST-05"] is Severity.STOP


@needs_loops
def test_what_stands_on_the_source_is_refused(tmp_path: Path, stack: ExitStack) -> None:
    """The damaged disk has two partitions: the PV, and a file system in use."""
    file = tmp_path / "disk"
    known = disk.load()
    partitioned(file, 2 * known.size_bytes + 8 * MiB)
    whole = loop(stack, file, partitions=True)
    pv, other = Path(f"{whole}p1"), Path(f"{whole}p2")
    with pv.open("r+b") as device:
        for offset, data in known.pieces():
            device.seek(offset)
            device.write(data)
    ext4(other)
    neighbour = mount(stack, other, tmp_path / "neighbour")
    inner_file = neighbour / "inner.img"
    inner_file.touch()
    os.truncate(inner_file, 16 * MiB)
    ext4(inner_file)
    nested = mount(stack, loop(stack, inner_file), tmp_path / "nested")
    by_partition = discover(str(pv))

    assert codes(by_partition, pv)["LV-DST-03"] is Severity.STOP
    assert codes(by_partition, whole)["LV-DST-02"] is Severity.STOP
    for place in (neighbour, nested):
        found = codes(by_partition, place / "x.lv")
        assert found["LV-DST-08"] is Severity.WARN
        assert Severity.STOP not in found.values()
    whole_source = replace(
        by_partition, sources=(replace(by_partition.sources[0], path=str(whole)),)
    )
    for place in (neighbour, nested):
        assert codes(whole_source, place / "x.lv")["LV-DST-03"] is Severity.STOP
    assert codes(whole_source, file)["LV-DST-03"] is Severity.STOP


@needs_loops
def test_a_file_system_on_a_loop_over_the_image_is_refused(
    tmp_path: Path, stack: ExitStack
) -> None:
    file = tmp_path / "image"
    file.touch()
    os.truncate(file, 64 * MiB)
    ext4(file)
    device = loop(stack, file)
    place = mount(stack, device, tmp_path / "m")
    known = discover_none(file, disk_of=tmp_path)

    assert codes(known, place / "x.lv")["LV-DST-03"] is Severity.STOP


def discover_none(source: Path, *, disk_of: Path) -> Discovery:
    """A discovery of the demo's disk, said to be of `source`."""
    known = disk.load()
    path = disk_of / "sata.img"
    store.write_image(path, known.size_bytes, known.pieces)
    found = discover(str(path))
    return replace(found, sources=(replace(found.sources[0], path=str(source)),))


def test_places_that_are_suggested_can_be_written(discovery: Discovery) -> None:
    rows = copy.suggest_destinations(discovery, 1 * MiB)

    assert rows
    for row in rows:
        assert Path(row.path).is_dir()
        assert row.free_bytes >= 0
        assert row.finding.code.startswith("LV-DST-")
    assert len({row.path for row in rows}) == len(rows)
