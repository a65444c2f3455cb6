"""A volume group that is used while a lost volume of it is copied: real LVM2 on a loop device."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvtui.demo import disk
from lvtui.flow import copy
from lvtui.flow.discover import discover
from lvtui.flow.extract import exit_code, extract_answer
from lvtui.flow.recheck import recheck
from lvtui.host.case import jobs_dir_of, make_private
from lvtui.host.copy import jobs
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.run import run
from lvtui.host.device import SourceDevice
from lvtui.host.files import SystemFiles
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.plan.mapfile import BlockStatus, parse
from lvtui.plan.recheck import without
from lvtui.source import ByteRange
from lvtui.units import MiB
from tests.host.copy.scene import CountedClock, good_read
from tests.loop import loop_device, lvm

EXTENT = 4 * MiB
LOST_EXTENTS = 12
FIRST = 2
"""PV extents 0 and 1 are another volume's, the lost one begins behind them."""
VG = "vg_used"


@dataclass(frozen=True)
class Used:
    """A PV with a lost volume, and what that volume held."""

    device: str
    data_at: int
    truth: bytes
    folder: Path

    def lvm(self, *argv: str) -> None:
        lvm(self.device, *argv)

    def take(self, name: str, first: int, count: int) -> None:
        """A new volume over extents of the lost one, and somebody's data in it."""
        where = f"{self.device}:{FIRST + first}-{FIRST + first + count - 1}"
        options = ("-an", "-Wn", "-Zn", "-n", name, "-l", str(count), VG, where)
        self.lvm("lvcreate", *options)
        self.write(first, b"not yours" * 40, count)

    def write(self, first: int, data: bytes, count: int = 1) -> None:
        descriptor = os.open(self.device, os.O_WRONLY)
        try:
            for extent in range(first, first + count):
                os.pwrite(descriptor, data, self.data_at + (FIRST + extent) * EXTENT)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def job(self, *, rate: int | None = None) -> JobSpec:
        found = discover(self.device)
        (report,) = [r for r in found.lost if r.lost.lv.name == "lost"]
        assert report.verdict.word == "intact"
        return copy.make_job(found, report, to=str(self.folder / "lost.lv"), rate_bytes_per_s=rate)

    def image(self) -> bytes:
        return (self.folder / "lost.lv").read_bytes()


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Used]:
    image = tmp_path / "pv.img"
    with image.open("wb") as file:
        file.truncate(96 * MiB)
    with loop_device(image) as device:
        lvm(device, "pvcreate", "-y", "--metadatasize", "1M", device)
        lvm(device, "vgcreate", VG, device)
        for name, count in (("keep", FIRST), ("lost", LOST_EXTENTS)):
            lvm(device, "lvcreate", "-an", "-Wn", "-Zn", "-n", name, "-l", str(count), VG)
        truth = random.Random(5).randbytes(LOST_EXTENTS * EXTENT)
        found = discover(device)
        assert found.history is not None
        assert found.history.current is not None
        vg = found.history.current.vg
        assert vg is not None
        data_at = vg.pvs[0].pe_start_sectors * 512
        descriptor = os.open(device, os.O_WRONLY)
        os.pwrite(descriptor, truth, data_at + FIRST * EXTENT)
        os.fsync(descriptor)
        os.close(descriptor)
        lvm(device, "lvremove", "-f", f"{VG}/lost")
        yield Used(device, data_at, truth, tmp_path)


def run_here(used: Used, spec: JobSpec, at_byte: int, event: Callable[[], None]) -> CopyProgress:
    """Copy in this process; something happens when a byte of the image is read."""
    happened: list[bool] = []
    place = used.data_at + FIRST * EXTENT + at_byte

    def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        if not happened and offset_bytes <= place < offset_bytes + len(buffer):
            happened.append(True)
            event()
        return good_read(descriptor, buffer, offset_bytes)

    make_private(used.folder / "case")
    folder = jobs.make(jobs_dir_of(used.folder / "case"), spec)
    progress = run(
        folder,
        SystemFiles(),
        CountedClock(),
        open_device=lambda path: SourceDevice(path, read_into=read_into),
    )
    assert happened
    return progress


def in_extents(first: int, count: int) -> ByteRange:
    return ByteRange(first * EXTENT, count * EXTENT)


def test_what_was_read_before_is_kept_and_what_is_read_later_is_overwritten(used: Used) -> None:
    """Paused between two looks, so that what was read before the change is proven to be."""
    spec = used.job(rate=6 * MiB)
    job_dir = copy.start_job(used.folder / "case", spec)
    folder = JobFolder(job_dir)
    jobs.follow(folder, lambda seen: seen.done_bytes < 2 * EXTENT, stop=False)
    copy.ask(job_dir, "pause")
    jobs.follow(folder, lambda seen: seen.state is not CopyState.PAUSED, stop=False)
    there = parse(folder.map_path.read_text()).ranges(BlockStatus.DONE)
    left = without((ByteRange(0, len(used.truth)),), there)
    used.take("early", 0, 2)
    used.take("late", 10, 2)
    late = in_extents(10, 2)
    expected = without((late,), there)
    assert in_extents(0, 2) == without((in_extents(0, 2),), left)[0], "it begins at the beginning"
    assert expected, "the copy ran ahead of the test"
    copy.ask(job_dir, "run", rate_bytes_per_s=0)
    progress = copy.watch_job(job_dir, lambda _: True)
    result, image = progress.result, used.image()

    assert progress.state is CopyState.DONE
    assert result is not None
    assert result.verified
    assert result.overwritten == expected
    assert result.at_risk == ()
    assert exit_code(spec, progress) == 6
    for kept in without((ByteRange(0, len(image)),), expected):
        old = used.truth[kept.offset_bytes : kept.end_bytes]
        assert image[kept.offset_bytes : kept.end_bytes] == old
    assert image[expected[0].offset_bytes :][:9] == b"not yours"
    assert "late" in str(result.note)
    assert extract_answer(job_dir, spec, progress)["overwritten_ranges"] == [
        [run.offset_bytes, run.length_bytes] for run in expected
    ]


def test_what_was_read_since_the_last_look_counts_with_what_comes(used: Used) -> None:
    """The change falls between two looks: whether the bytes were read before it nobody can say."""
    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, lambda: used.take("new", 2, 2))
    result = progress.result

    assert result is not None
    assert result.overwritten == (in_extents(2, 2),)
    assert exit_code(spec, progress) == 6
    assert used.image() == used.truth  # they were read before, as it happens


def test_a_change_elsewhere_is_told_and_costs_nothing(used: Used) -> None:
    spec = used.job()
    progress = run_here(
        used,
        spec,
        6 * EXTENT,
        lambda: used.lvm("lvcreate", "-an", "-Wn", "-Zn", "-l2", "-ny", VG, f"{used.device}:20-21"),
    )
    result = progress.result

    assert result is not None
    assert (result.overwritten, result.at_risk) == ((), ())
    assert exit_code(spec, progress) == 0
    assert "No extent of this volume was given away" in str(result.note)
    assert used.image() == used.truth


def test_what_was_given_away_and_freed_again_is_at_risk(used: Used) -> None:
    def come_and_go() -> None:
        used.take("guest", 3, 1)
        used.lvm("lvremove", "-f", f"{VG}/guest")

    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, come_and_go)
    result = progress.result

    assert result is not None
    assert result.overwritten == ()
    assert result.at_risk == (in_extents(3, 1),)
    assert exit_code(spec, progress) == 6


def test_a_change_between_plan_and_start_is_seen_at_the_start(used: Used) -> None:
    spec = used.job()
    used.take("quick", 0, 1)
    progress = copy.run_job(used.folder / "case", spec, on_progress=lambda _: True)
    result = progress.result

    assert result is not None
    assert result.overwritten == (in_extents(0, 1),)


def test_without_an_answer_all_that_was_read_since_is_at_risk(used: Used) -> None:
    """The header and the texts are gone under the copy: nobody can say who owns what now."""

    def destroy() -> None:
        descriptor = os.open(used.device, os.O_WRONLY)
        os.pwrite(descriptor, b"\xff" * 900 * 1024, 4096)
        os.fsync(descriptor)
        os.close(descriptor)

    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, destroy)
    result = progress.result

    assert result is not None
    assert result.at_risk == (in_extents(0, LOST_EXTENTS),)
    assert exit_code(spec, progress) == 6
    assert "could not be found out" in str(result.note)


def test_another_group_made_over_it_takes_all_that_it_uses(used: Used) -> None:
    def start_over() -> None:
        used.lvm("vgremove", "-ff", VG)
        used.lvm("pvremove", used.device)
        used.lvm("pvcreate", "-y", "--metadatasize", "1M", used.device)
        used.lvm("vgcreate", "vg_other", used.device)
        options = ("-an", "-Wn", "-Zn", "-n", "other", "-l", "4", "vg_other")
        used.lvm("lvcreate", *options)

    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, start_over)
    result = progress.result

    assert result is not None
    # its extents 0 to 3 are the earlier group's 0 to 3, of which the lost one had 2 and 3
    assert result.overwritten == (in_extents(0, 2),)


def test_a_volume_that_came_back_may_be_written(used: Used) -> None:
    """Somebody restored the group while the copy ran."""
    text = used.folder / "old.vg"
    found = discover(used.device)
    assert found.history is not None
    before = found.history.versions[-2]
    text.write_bytes(before.copies[0].text)

    def restore() -> None:
        used.lvm("vgcfgrestore", "-f", str(text), VG)

    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, restore)
    result = progress.result

    assert result is not None
    assert result.at_risk == (in_extents(0, LOST_EXTENTS),)
    assert "is back in it" in str(result.note)


def test_a_second_look_needs_no_ring_where_the_worker_saved_the_texts(used: Used) -> None:
    spec = used.job()
    progress = run_here(used, spec, 6 * EXTENT, lambda: used.take("new", 2, 2))
    (job_dir,) = copy.find_jobs(used.folder / "case")
    saved = sorted((job_dir / "texts").iterdir())

    assert progress.state is CopyState.DONE
    assert len(saved) == 2
    assert [place.length_bytes for place in recheck(JobFolder(job_dir)).taken] == [2 * EXTENT]


@pytest.mark.parametrize("fmt", ["raw", "vhd"])
def test_of_a_disk_the_sectors_that_stood_on_given_extents_are_named(
    tmp_path: Path, fmt: str
) -> None:
    """The demo's disk: what is copied is not the volume but the disk in its VHD."""
    known = disk.load()
    image = tmp_path / "sata.img"
    with image.open("wb") as file:
        file.truncate(known.size_bytes)
        for offset, data in known.pieces():
            file.seek(offset)
            file.write(data)
    with loop_device(image) as device:
        found = discover(device)
        report = next(
            r for r in found.lost if r.role == "vhd" and r.verdict.word == "intact" and r.vhd
        )
        clean = copy.make_job(found, report, to=str(tmp_path / "clean"), fmt=fmt)
        done = copy.run_job(tmp_path / "case", clean, on_progress=lambda _: True)
        assert done.state is CopyState.DONE, done.problem
        spec = copy.make_job(found, report, to=str(tmp_path / "used"), fmt=fmt)
        part = report.ranges[0]
        vg = report.lost.last_seen.vg
        assert vg is not None
        base = vg.pvs[0].pe_start_sectors * 512
        first = (part.pv_offset_bytes - base) // vg.extent_bytes + 3
        assert part.length_bytes >= 8 * vg.extent_bytes

        def take() -> None:
            where = f"{device}:{first}-{first + 1}"
            options = ("-an", "-Wn", "-Zn", "-n", "guest", "-l", "2", vg.name, where)
            lvm(device, "lvcreate", *options)

        happened: list[bool] = []

        def read_into(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
            if not happened and offset_bytes > base + MiB:
                happened.append(True)
                take()
            return good_read(descriptor, buffer, offset_bytes)

        make_private(tmp_path / "case")
        progress = run(
            jobs.make(jobs_dir_of(tmp_path / "case"), spec),
            SystemFiles(),
            CountedClock(),
            open_device=lambda path: SourceDevice(path, read_into=read_into),
        )
    result = progress.result

    assert happened
    assert progress.state is CopyState.DONE, progress.problem
    assert result is not None
    assert exit_code(spec, progress) == 6
    named = sum(run.length_bytes for run in result.overwritten)
    assert 0 < named <= 2 * vg.extent_bytes + 2 * 2 * MiB
    assert (tmp_path / "used").read_bytes() == (tmp_path / "clean").read_bytes()
