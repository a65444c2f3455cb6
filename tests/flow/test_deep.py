"""One PV by real LVM2, put where the field puts it: what is found, where, and its bytes."""

from __future__ import annotations

import hashlib
import random
import shutil
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from lvtui.errors import Cancelled, CheckStop, NoMetadataError, UserError
from lvtui.flow.copy import dd_lines, make_job
from lvtui.flow.deep import DeepProgress
from lvtui.flow.discover import Discovery, discover, find_lost
from lvtui.flow.judging import LostReport
from lvtui.flow.named import NamedPv, parse_named_pv
from lvtui.lvm.mdraid import MD_MAGIC
from lvtui.plan.job import JobSpec
from tests.loop import loop_device, lvm, need

MIB = 1 << 20
PV_BYTES = 40 * MIB
LABEL, HEADER, RING = (0, 2048), (4096, 4608), (4608, 2 * MIB)


class Scene(NamedTuple):
    pv: bytes
    pv_uuid: str
    sha256: str


def go_on(_: DeepProgress) -> bool:
    return True


def make_pv(folder: Path, *options: str, group: str = "G", size: int = PV_BYTES) -> bytes:
    """A PV with LVs `keep`, `lost` (removed) and `late`, their data random."""
    image = folder / f"{group}.img"
    with image.open("wb") as f:
        f.truncate(size)
    with loop_device(image) as device:
        lvm(device, "pvcreate", "-y", *options, device)
        lvm(device, "vgcreate", "-s", "1M", group, device)
        for name, extents in (("keep", 3), ("lost", 9), ("late", 2)):
            lvm(device, "lvcreate", "-an", "-Zn", "-Wn", "-l", str(extents), "-n", name, group)
        lvm(device, "lvremove", "-f", f"{group}/lost")
    with image.open("r+b") as f:
        f.seek(4 * MIB)
        f.write(random.Random(group).randbytes(20 * MIB))
    return image.read_bytes()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    need("pvcreate", "vgcreate", "lvcreate", "lvremove")
    folder = tmp_path_factory.mktemp("pv")
    pv = make_pv(folder, "--metadatasize", "1M", "--metadatacopies", "2")
    found = discover(str(folder / "G.img"))
    report = find_lost(found, "lost")
    (run,) = report.ranges
    data = pv[run.pv_offset_bytes : run.pv_offset_bytes + run.length_bytes]
    assert report.verdict.word == "intact"
    return Scene(pv, run.pv_uuid, hashlib.sha256(data).hexdigest())


def erased(data: bytes, *ranges: tuple[int, int]) -> bytes:
    changed = bytearray(data)
    for start, end in ranges:
        changed[start:end] = bytes(end - start)
    return bytes(changed)


def one_area(pv: bytes) -> bytes:
    """The PV without its second area, at the end."""
    return erased(pv, (38 * MIB, PV_BYTES))


def disk(folder: Path, size: int, *parts: tuple[int, bytes], name: str = "disk.img") -> str:
    path = folder / name
    with path.open("wb") as f:
        f.truncate(size)
        for offset, data in parts:
            f.seek(offset)
            f.write(data)
    return str(path)


def image_of(spec: JobSpec) -> bytes:
    """What the job's pieces read."""
    image = bytearray(spec.size_bytes)
    for piece in spec.pieces:
        assert piece.source is not None
        with Path(spec.sources[piece.source].path).open("rb") as f:
            f.seek(piece.source_offset_bytes)
            image[piece.out_offset_bytes : piece.out_offset_bytes + piece.length_bytes] = f.read(
                piece.length_bytes
            )
    return bytes(image)


def comes_out(found: Discovery, report: LostReport, folder: Path) -> str:
    """The sha256 of the lost LV, by the job and by its dd lines, which agree."""
    spec = make_job(found, report, to=str(folder / "out.lv"))
    script = "set -eu\n" + "\n".join(dd_lines(found, report, to=str(folder / "out.lv")))
    subprocess.run(["sh", "-c", script], check=True, capture_output=True)
    by_job = hashlib.sha256(image_of(spec)).hexdigest()
    assert by_job == hashlib.sha256((folder / "out.lv").read_bytes()).hexdigest()
    return by_job


def words(found: Discovery) -> str:
    return "\n".join(str(warning) for warning in found.warnings)


def reasons(report: LostReport) -> str:
    return "\n".join(str(reason) for reason in report.verdict.reasons)


# where a label is


@pytest.mark.parametrize("base", [MIB, 3 * MIB + 512 * 7, 63 * 512])
def test_a_pv_where_no_partition_begins_is_found_by_its_label(
    tmp_path: Path, scene: Scene, base: int
) -> None:
    path = disk(tmp_path, base + PV_BYTES + MIB, (base, scene.pv))

    found = discover(path, deep=go_on)

    report = find_lost(found, "lost")
    assert found.places.place_of(scene.pv_uuid).base_bytes == base  # type: ignore[union-attr]
    assert (report.verdict.word, comes_out(found, report, tmp_path)) == ("intact", scene.sha256)
    assert f"begins at byte {base}" in words(found)
    for area in found.sources[0].areas:
        assert area.header is not None
    for copy in found.copies:
        text = Path(path).read_bytes()[copy.offset_bytes :][: len(copy.text)]
        assert text == copy.text


def test_a_label_is_found_though_a_partition_covers_it(tmp_path: Path, scene: Scene) -> None:
    entry = struct.pack("<B3xB3xII", 0, 0x83, 2048, 80 * 2048)
    mbr = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    base = 20 * MIB + 512 * 1234
    path = disk(tmp_path, 100 * MIB, (0, mbr), (base, scene.pv))

    found = discover(path, deep=go_on)

    assert comes_out(found, find_lost(found, "lost"), tmp_path) == scene.sha256
    assert "partition 1 (MBR, sectors of 512 bytes) covers it now" in words(found)


@pytest.mark.parametrize("unit", [512, 4096])
def test_a_pv_in_a_partition_needs_no_search(tmp_path: Path, scene: Scene, unit: int) -> None:
    entry = struct.pack("<B3xB3xII", 0, 0x8E, 2 * MIB // unit, PV_BYTES // unit)
    mbr = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    path = disk(tmp_path, 64 * MIB, (0, mbr), (2 * MIB, scene.pv))

    found = discover(path)

    report = find_lost(found, "lost")
    assert (report.verdict.word, comes_out(found, report, tmp_path)) == ("intact", scene.sha256)


def test_a_quick_reading_never_searches(tmp_path: Path, scene: Scene) -> None:
    path = disk(tmp_path, 64 * MIB, (3 * MIB, scene.pv))

    with pytest.raises(NoMetadataError):
        discover(path, quick=True, deep=lambda _: pytest.fail("searched"))


# where none is


def test_the_size_of_a_partition_tells_where_texts_belong(tmp_path: Path, scene: Scene) -> None:
    entry = struct.pack("<B3xB3xII", 0, 0x8E, 2 * 2048, PV_BYTES // 512)
    mbr = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    pv = one_area(erased(scene.pv, LABEL, HEADER))
    path = disk(tmp_path, 64 * MIB, (0, mbr), (2 * MIB, pv))

    found = discover(path)

    report = find_lost(found, "lost")
    assert (report.verdict.word, comes_out(found, report, tmp_path)) == ("likely", scene.sha256)
    assert "no label names PV" in reasons(report)


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param((LABEL,), id="label"),
        pytest.param((LABEL, HEADER), id="label-and-header"),
        pytest.param((LABEL, HEADER, RING), id="all-but-the-second-area"),
    ],
)
@pytest.mark.parametrize("second", [True, False], ids=["two-areas", "one-area"])
def test_without_a_label_the_area_tells_where_the_pv_begins(
    tmp_path: Path, scene: Scene, gone: tuple[tuple[int, int], ...], *, second: bool
) -> None:
    pv = erased(scene.pv, *gone) if second else one_area(erased(scene.pv, *gone))
    base = 21 * MIB + 512 * 99
    path = disk(tmp_path, 80 * MIB, (base, pv))
    if RING in gone and not second:
        with pytest.raises(NoMetadataError, match="all of it"):
            discover(path, deep=go_on)
        return

    found = discover(path, deep=go_on)

    report = find_lost(found, "lost")
    assert (report.verdict.word, comes_out(found, report, tmp_path)) == ("likely", scene.sha256)
    assert f"byte {base}" in reasons(report)


def test_the_first_megabytes_gone_leave_the_second_area(tmp_path: Path, scene: Scene) -> None:
    path = disk(tmp_path, PV_BYTES, (0, erased(scene.pv, (0, 4 * MIB))))

    found = discover(path)

    report = find_lost(found, "lost")
    assert (report.verdict.word, report.ranges[0].pv_uuid) == ("likely", scene.pv_uuid)


def test_a_pv_is_named_by_hand(tmp_path: Path, scene: Scene) -> None:
    longer = disk(tmp_path, PV_BYTES + 4096, (0, erased(scene.pv, LABEL)))

    told = discover(longer, named=(NamedPv(pv_uuid=scene.pv_uuid, path=longer, base_bytes=None),))

    assert find_lost(discover(longer), "lost").verdict.word == "unreadable"
    report = find_lost(told, "lost")
    assert (report.verdict.word, comes_out(told, report, tmp_path)) == ("likely", scene.sha256)
    assert "named by hand" in reasons(report)


@pytest.mark.parametrize("text", ["", "x", "abc=/dev/sdb", "=", f"{'a' * 32}=", "a" * 38])
def test_what_names_no_pv_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        parse_named_pv(text)


def test_an_offset_belongs_to_the_named_pv() -> None:
    uuid = "RNhJN6-8abc-QMlW-42Z8-wRnt-eRtx-dFBDsb"

    assert parse_named_pv(f"{uuid}=/x@y@512") == NamedPv(pv_uuid=uuid, path="/x@y", base_bytes=512)
    assert parse_named_pv(f"{uuid}=/x@y").base_bytes is None


# copies, former owners, guests


def md_member(pv: bytes, *, version: str, events: int) -> bytes:
    """The PV as one half of a mirror."""
    data_sectors = len(pv) // 512
    offset = 0 if version == "1.0" else 2048
    size = len(pv) + offset * 512 + 64 * 1024
    at = {"1.0": (size // 512 - 16) & ~7, "1.1": 0, "1.2": 8}[version]
    block = bytearray(4096)
    struct.pack_into("<II", block, 0, MD_MAGIC, 1)
    block[16:32] = b"\x11" * 16
    struct.pack_into("<QiIQIIi", block, 64, 0, 1, 0, data_sectors, 0, 2, 0)
    struct.pack_into("<QQQ", block, 128, offset, data_sectors, at)
    struct.pack_into("<Q", block, 200, events)
    struct.pack_into("<II", block, 216, 0, 2)
    struct.pack_into("<HH", block, 256, 0, 1)
    total = sum(struct.unpack_from("<65I", block))
    struct.pack_into("<I", block, 216, (total & 0xFFFFFFFF) + (total >> 32))
    member = bytearray(size)
    member[offset * 512 : offset * 512 + len(pv)] = pv
    member[at * 512 : at * 512 + 4096] = block
    return bytes(member)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
def test_the_half_of_a_mirror_gives_the_pv(tmp_path: Path, scene: Scene, version: str) -> None:
    half = md_member(scene.pv, version=version, events=7)
    path = disk(tmp_path, len(half), (0, half))
    if shutil.which("mdadm"):
        told = subprocess.run(["mdadm", "-E", path], check=True, capture_output=True, text=True)
        assert "Raid Level : raid1" in told.stdout
        assert "correct" in told.stdout

    found = discover(path)

    report = find_lost(found, "lost")
    assert (report.verdict.word, comes_out(found, report, tmp_path)) == ("intact", scene.sha256)
    assert [region.events for region in found.sources[0].regions] == [None, 7]


def test_of_two_halves_the_newer_one_is_read(tmp_path: Path, scene: Scene) -> None:
    old = disk(
        tmp_path, len(md_member(scene.pv, version="1.0", events=7)),
        (0, md_member(scene.pv, version="1.0", events=7)), name="old.img",
    )  # fmt: skip
    new = disk(
        tmp_path, len(md_member(scene.pv, version="1.0", events=9)),
        (0, md_member(scene.pv, version="1.0", events=9)), name="new.img",
    )  # fmt: skip

    for spec, index in ((f"{old},{new}", 1), (f"{new},{old}", 0)):
        found = discover(spec)
        assert found.pv_sources == ((scene.pv_uuid, index),)
        assert "is there twice" in words(found)


def test_a_group_made_over_another_leaves_the_rest_of_the_longer_ring(tmp_path: Path) -> None:
    need("pvcreate", "vgcreate", "lvcreate", "lvremove")
    old = bytearray(make_pv(tmp_path, "--metadatasize", "10M", group="OLD", size=64 * MIB))
    # The ring had gone round: its texts stand far behind its start.
    old[8 * MIB : 8 * MIB + 32768] = old[4608 : 4608 + 32768]
    path = disk(tmp_path, 64 * MIB, (0, bytes(old)))
    with loop_device(Path(path)) as device:
        lvm(device, "pvcreate", "-ff", "-y", "--metadatasize", "1M", device)
        lvm(device, "vgcreate", "NEW", device)

    found = discover(path)

    names = [history.vg_name for history in found.histories]
    report = find_lost(found, "lost")
    assert names == ["NEW", "OLD"]
    assert [history.current is not None for history in found.histories] == [True, False]
    assert report.lost.history.vg_name == "OLD"
    assert report.verdict.word in {"likely", "at-risk"}
    assert "former PV" in reasons(report)
    assert comes_out(found, report, tmp_path)


def test_a_guests_group_is_another_history_and_comes_last(tmp_path: Path) -> None:
    need("pvcreate", "vgcreate", "lvcreate", "lvremove")
    guest = make_pv(tmp_path, "--metadatasize", "1M", group="GUEST", size=24 * MIB)
    outer = make_pv(tmp_path, "--metadatasize", "1M", group="OUTER", size=64 * MIB)
    path = disk(tmp_path, 64 * MIB, (0, outer))
    with loop_device(Path(path)) as device:
        lvm(device, "lvcreate", "-an", "-Zn", "-Wn", "-l", "24", "-n", "vm", "OUTER")
    whole = discover(path)
    version = whole.histories[0].current
    assert version is not None
    assert version.vg is not None
    (vm,) = (lv for lv in version.vg.lvs if lv.name == "vm")
    start = version.vg.pvs[0].pe_start_sectors * 512
    first = vm.segments[0].stripes[0].start_extent
    base = start + first * MIB
    with Path(path).open("r+b") as f:
        f.seek(base)
        f.write(guest)

    assert [h.vg_name for h in discover(path, deep=go_on).histories] == ["OUTER"]
    found = discover(path, deep=go_on, whole=True)

    assert [h.vg_name for h in found.histories] == ["OUTER", "GUEST"]
    assert [r.lost.history.vg_name for r in found.lost] == ["OUTER", "GUEST"]
    assert "lies inside LV vm of OUTER" in words(found)
    assert found.lost[1].verdict.word in {"likely", "unreadable"}
    assert "inside LV vm" in reasons(found.lost[1])


# a source that ends early


def test_a_head_works_but_for_the_copy(tmp_path: Path, scene: Scene) -> None:
    path = disk(tmp_path, 4 * MIB, (0, scene.pv[: 4 * MIB]), name="head.img")
    found = discover(path)
    report = find_lost(found, "lost")

    assert report.verdict.word == "unreadable"
    with pytest.raises(CheckStop, match=r"only the first 4\.0 MiB of its disk"):
        make_job(found, report, to=str(tmp_path / "x.lv"))
    lines = dd_lines(found, report, to=str(tmp_path / "x.lv"))
    assert [line.split()[0] for line in lines] == ["truncate", "dd"]


def test_a_device_somewhat_too_short_gives_what_it_has(tmp_path: Path, scene: Scene) -> None:
    whole = discover(disk(tmp_path, PV_BYTES, (0, scene.pv), name="whole.img"))
    (run,) = find_lost(whole, "lost").ranges
    end = run.pv_offset_bytes + run.length_bytes - 2 * MIB
    short = erased(scene.pv, (end, PV_BYTES))[:end] + b""
    long_enough = 2 * len(short) >= PV_BYTES
    found = discover(disk(tmp_path, end, (0, short), name="short.img"))

    report = find_lost(found, "lost")
    spec = make_job(found, report, to=str(tmp_path / "x.lv"), partial=not long_enough)

    assert report.verdict.word == "unreadable"
    assert [(piece.source is None, piece.length_bytes) for piece in spec.pieces] == [
        (False, run.length_bytes - 2 * MIB),
        (True, 2 * MIB),
    ]


# cancelling, holes, lies


def test_a_search_is_cancelled_at_once(tmp_path: Path, scene: Scene) -> None:
    path = disk(tmp_path, 64 * MIB, (8 * MIB, scene.pv))
    seen: list[DeepProgress] = []

    def stop(progress: DeepProgress) -> bool:
        seen.append(progress)
        return False

    with pytest.raises(Cancelled):
        discover(path, deep=stop)
    assert len(seen) == 1


def test_holes_of_an_image_cost_nothing(tmp_path: Path, scene: Scene) -> None:
    path = disk(tmp_path, 1 << 42, (1 << 41, scene.pv))
    seen: list[DeepProgress] = []

    def note(progress: DeepProgress) -> bool:
        seen.append(progress)
        return True

    found = discover(path, deep=note)

    assert comes_out(found, find_lost(found, "lost"), tmp_path) == scene.sha256
    assert seen[-1].done_bytes == seen[-1].all_bytes == 1 << 42


def test_labels_in_every_sector_are_bounded(tmp_path: Path, scene: Scene) -> None:
    label = scene.pv[512:1024]
    path = disk(tmp_path, 16 * MIB, (2 * MIB, label * 8192))

    found = discover(path, deep=go_on)

    assert len(found.sources[0].sites) <= 64
    assert found.copies == ()


def test_a_label_that_lies_in_a_file_is_none(tmp_path: Path, scene: Scene) -> None:
    label = bytearray(scene.pv[512:1024])
    label[40] ^= 1
    text = b"strings of a program: LABELONE LVM2 001  LVM2 x[5A%r0N*>" + bytes(448)
    path = disk(tmp_path, 16 * MIB, (2 * MIB, bytes(label)), (3 * MIB, text))

    with pytest.raises(NoMetadataError):
        discover(path, deep=go_on)


def test_a_text_over_two_windows_is_found(tmp_path: Path, scene: Scene) -> None:
    # The ring's first texts lie across the fourth MiB: where one window of the sweep ends.
    base = 4 * MIB - 4608 - 512
    path = disk(tmp_path, 64 * MIB, (base, scene.pv))

    found = discover(path, deep=go_on)

    versions = [version.seqno for version in found.histories[0].versions]
    assert versions == [1, 2, 3, 4, 5]
