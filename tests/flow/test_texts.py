"""Backup files, archives and lvmdump tarballs beside SOURCE: all made by real LVM2 on a loop device."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from lvtui.errors import LvtuiError, NoMetadataError
from lvtui.flow.answers import lost_answer, versions_answer
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.judging import LostReport
from lvtui.flow.listing import versions_lines
from lvtui.flow.spec import parse_spec
from lvtui.flow.survey import survey
from lvtui.host.device import SourceDevice
from lvtui.lvm.mapping import VolumeSource
from lvtui.units import MiB
from tests.loop import SBIN_PATH, loop_device, need

VG = "vg_kept"
CONF = """devices {{ filter = [ "a!^({device})$!", "r!.*!" ]
 global_filter = [ "a!^({device})$!", "r!.*!" ]
 use_devicesfile = 0 obtain_device_list_from_udev = 0 external_device_info_source = "none"
 hints = "none" }}
global {{ activation = 0 use_lvmpolld = 0 locking_dir = "{folder}" }}
activation {{ monitoring = 0 udev_sync = 0 }}
backup {{ backup = 1 archive = 1 backup_dir = "{folder}/backup" archive_dir = "{folder}/archive" }}
"""


@dataclass(frozen=True)
class Kept:
    """A disk whose host kept backups; its volumes `one` and `two` are lost."""

    image: Path
    folder: Path
    """With `backup`, `archive` and the tarball of lvmdump."""
    sha256: dict[str, str]

    @property
    def archive(self) -> str:
        return str(self.folder / "archive")

    @property
    def tarball(self) -> str:
        (found,) = self.folder.glob("lvmdump-*.tgz")
        return str(found)

    def wiped(self, size_bytes: int) -> str:
        """The disk with its beginning overwritten."""
        path = self.image.with_name("wiped.img")
        subprocess.run(["cp", "--sparse=always", self.image, path], check=True)
        with path.open("r+b") as file:
            file.write(random.Random(1).randbytes(size_bytes))
        return str(path)


def run_lvm(folder: Path, *argv: str) -> None:
    done = subprocess.run(
        argv,
        env={
            **os.environ,
            "PATH": SBIN_PATH,
            "LVM_SYSTEM_DIR": str(folder),
            "HOME": str(folder),
            "LVM_SUPPRESS_FD_WARNINGS": "1",
        },
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    need("lvm", "lvmdump")
    root = tmp_path_factory.mktemp("kept")
    folder = root / "etc"
    folder.mkdir()
    image = root / "pv.img"
    with image.open("wb") as file:
        file.truncate(64 * MiB)
    sums = {}
    with loop_device(image) as device:
        (folder / "lvm.conf").write_text(CONF.format(device=device, folder=folder))
        run_lvm(folder, "pvcreate", "-y", device)
        run_lvm(folder, "vgcreate", VG, device)
        for name, extents in (("keep", 2), ("one", 3), ("two", 2)):
            run_lvm(folder, "lvcreate", "-an", "-Wn", "-Zn", "-n", name, "-l", str(extents), VG)
        found = discover(device).history
        assert found is not None
        assert found.current is not None
        vg = found.current.vg
        assert vg is not None
        with image.open("r+b") as file:
            for lv in vg.lvs:
                data = random.Random(lv.name).randbytes(lv.extent_count * vg.extent_bytes)
                start = lv.segments[0].stripes[0].start_extent * vg.extent_bytes
                file.seek(vg.pvs[0].pe_start_sectors * 512 + start)
                file.write(data)
                sums[lv.name] = hashlib.sha256(data).hexdigest()
        run_lvm(folder, "lvremove", "-f", f"{VG}/one")
        run_lvm(folder, "lvremove", "-f", f"{VG}/two")
        run_lvm(folder, "lvmdump", "-m")
    return Kept(image, folder, sums)


def sums_of(discovery: Discovery, names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    with ExitStack() as stack:
        devices = [stack.enter_context(SourceDevice(s.path)) for s in discovery.sources]
        readers = discovery.places.readers(devices)
        for name in names:
            volume = VolumeSource(report_of(discovery, name).ranges, readers)
            data = volume.pread(0, volume.size_bytes).data
            found[name] = hashlib.sha256(data).hexdigest()
    return found


def report_of(discovery: Discovery, name: str) -> LostReport:
    return next(report for report in discovery.lost if report.lost.lv.name == name)


def test_archives_of_versions_that_the_ring_holds_change_no_verdict(kept: Kept) -> None:
    alone = discover(str(kept.image))
    together = discover(
        str(kept.image), texts=(kept.archive, str(kept.folder / "backup"), kept.tarball)
    )

    def verdicts(discovery: Discovery) -> list[tuple[str, str, int | None]]:
        return [
            (r.lost.lv.name, r.verdict.word.value, r.lost.last_seen.seqno) for r in discovery.lost
        ]

    assert verdicts(together) == verdicts(alone)
    assert {word for _, word, _ in verdicts(together)} == {"intact"}
    assert len(together.histories) == 1
    assert together.history is not None
    assert together.history.forks == ()
    assert together.history.missing_seqnos == ()
    assert together.warnings == ()
    assert lost_answer(together)["lost"] == lost_answer(alone)["lost"]


def test_archives_say_who_did_what_and_have_no_place_on_a_disk(kept: Kept) -> None:
    discovery = discover(str(kept.image), texts=(kept.archive,))
    said = [v for v in versions_answer(discovery)["versions"] if v["origin"] == "archive-file"]
    lines = versions_lines(discovery)

    assert len(said) == len(list(Path(kept.archive).iterdir()))
    assert {(v["offset_bytes"], v["device"]) for v in said} == {(None, None)}
    assert {v["copies"][0]["offset_bytes"] for v in said} == {None}
    assert all(Path(v["file"]).parent == Path(kept.archive) for v in said)
    removal = f"Created *before* executing 'lvremove -f {VG}/one'"
    (found,) = [v for v in said if v["description"] == removal]
    assert found["lv_count"] == 3
    assert any(removal in line and "archive file" in line for line in lines)


@pytest.mark.parametrize("which", ["archive", "tarball", "head"])
def test_a_disk_whose_beginning_is_gone_is_read_by_what_its_host_kept(
    kept: Kept, tmp_path: Path, which: str
) -> None:
    """No label, no ring: the PV is the only source of its size."""
    wiped = kept.wiped(1 * MiB)
    head = tmp_path / "head"
    head.write_bytes(kept.image.read_bytes()[: 1 * MiB])
    texts = {"archive": kept.archive, "tarball": kept.tarball, "head": str(head)}[which]
    with pytest.raises(NoMetadataError):
        discover(wiped)
    discovery = discover(wiped, texts=(texts,))

    assert sums_of(discovery, ("one", "two")) == {n: kept.sha256[n] for n in ("one", "two")}
    for name in ("one", "two"):
        report = report_of(discovery, name)
        assert report.verdict.word == "likely"
        assert any("no label names PV" in str(reason) for reason in report.verdict.reasons)


def test_a_saved_head_tells_what_was_in_use_then_not_now(kept: Kept, tmp_path: Path) -> None:
    head = tmp_path / "head"
    head.write_bytes(kept.image.read_bytes()[: 1 * MiB])
    discovery = discover(kept.wiped(1 * MiB), texts=(str(head),))

    assert discovery.history is not None
    assert discovery.history.current is None
    assert "keep" in {report.lost.lv.name for report in discovery.lost}


def test_a_quick_list_has_them_as_well(kept: Kept) -> None:
    whole = discover(str(kept.image), texts=(kept.archive,))
    quick = survey(str(kept.image), parse_spec(str(kept.image)), texts=(kept.archive,)).histories[0]

    assert whole.history is not None
    assert [v.id for v in quick.versions] == [v.id for v in whole.history.versions]


def test_the_texts_of_another_group_are_kept_apart_and_said(kept: Kept) -> None:
    data = Path(__file__).parents[1] / "data" / "backup-2.03.16.txt"
    discovery = discover(str(kept.image), texts=(str(data),))

    assert len(discovery.histories) == 2
    assert discovery.histories[0].vg_name == VG
    assert any("stands only in the files" in str(w) for w in discovery.warnings)
    assert {r.lost.lv.name for r in discovery.lost if r.lost.history is discovery.histories[0]} == {
        "one",
        "two",
    }


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"a letter\n", "LV-TXT-08", id="a-letter"),
        pytest.param(b"", "LV-TXT-08", id="empty"),
        pytest.param(bytes(range(256)) * 64, "LV-BAK-07", id="bytes"),
        pytest.param(b"\x1f\x8bbroken", "LV-BAK-06", id="a-broken-tarball"),
    ],
)
def test_a_file_that_holds_no_text_is_refused(
    kept: Kept, tmp_path: Path, content: bytes, code: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(LvtuiError) as raised:
        discover(str(kept.image), texts=(str(path),))

    assert raised.value.code == code
    assert str(path) in str(raised.value)


def test_one_bad_file_in_a_folder_is_said_and_costs_nothing_else(
    kept: Kept, tmp_path: Path
) -> None:
    for path in Path(kept.archive).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    cut = max(tmp_path.iterdir())
    cut.write_bytes(cut.read_bytes()[:-400])
    (tmp_path / "README").write_text("not ours")
    discovery = discover(str(kept.image), texts=(str(tmp_path),))
    said = [str(w) for w in discovery.warnings if cut.name in str(w)]

    assert len(said) == 1
    assert "cut off at its line" in said[0]
    assert not any("README" in str(w) for w in discovery.warnings)
