from __future__ import annotations

import fcntl
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import CheckStop, LockedError, Refused, SourceChangedError
from lvtui.host import patch as patches
from lvtui.host.device import SourceDevice
from lvtui.host.patch import apply_patch, group_lock
from lvtui.message import message
from lvtui.plan.command import Patch
from lvtui.plan.plan import Approval, identity_text
from tests.host.loops import needs_loops
from tests.loop import loop_device


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_patch(path: str, folder: Path, at: int, old: bytes, new: bytes) -> Patch:
    (folder / "new").write_bytes(new)
    (folder / "old").write_bytes(old)
    with SourceDevice(path) as device:
        identity = identity_text(device.identity)
    return Patch(
        path=path,
        device_identity=identity,
        offset_bytes=at,
        length_bytes=len(new),
        old_sha256=digest(old),
        new_sha256=digest(new),
        new_bytes_file=str(folder / "new"),
        old_bytes_file=str(folder / "old"),
        purpose=message("try it"),
    )


def approved(*lines: Patch) -> Approval:
    return Approval("", frozenset(lines))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def test_only_the_bytes_of_the_line_change(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    line = make_patch(str(image), tmp_path, 8192, before[8192:9216], b"x" * 1024)
    apply_patch(line, approved(line))

    assert image.read_bytes() == before[:8192] + b"x" * 1024 + before[9216:]


@needs_loops
@pytest.mark.parametrize("sector_bytes", [512, 4096])
def test_a_block_device_is_written_past_the_page_cache(
    image: Path, tmp_path: Path, sector_bytes: int
) -> None:
    before = image.read_bytes()
    with loop_device(image, sector_bytes=sector_bytes) as path:
        line = make_patch(path, tmp_path, 4608, before[4608:5120], b"y" * 512)
        apply_patch(line, approved(line))

    assert image.read_bytes() == before[:4608] + b"y" * 512 + before[5120:]


def test_a_line_that_nobody_approved_is_not_written(image: Path, tmp_path: Path) -> None:
    before = image.read_bytes()
    line = make_patch(str(image), tmp_path, 8192, before[8192:8704], bytes(512))
    other = replace(line, offset_bytes=512)
    with pytest.raises(Refused):
        apply_patch(line, approved(other))

    assert image.read_bytes() == before


def test_other_old_bytes_another_device_or_other_new_bytes_stop_it(
    image: Path, tmp_path: Path
) -> None:
    before = image.read_bytes()
    line = make_patch(str(image), tmp_path, 8192, bytes(512), b"z" * 512)
    twin = tmp_path / "twin.img"
    twin.write_bytes(before)
    elsewhere = replace(line, path=str(twin), old_sha256=digest(before[8192:8704]))
    for wrong, error in ((line, SourceChangedError), (elsewhere, SourceChangedError)):
        with pytest.raises(error):
            apply_patch(wrong, approved(wrong))
    (tmp_path / "new").write_bytes(b"!" * 512)
    tampered = replace(line, old_sha256=digest(before[8192:8704]))
    with pytest.raises(CheckStop):
        apply_patch(tampered, approved(tampered))

    assert image.read_bytes() == before
    assert twin.read_bytes() == before


@pytest.mark.parametrize("new_sectors", [{0}, {0, 1}, {2}, {0, 1, 2}])
def test_a_write_that_was_cut_off_goes_on_only_when_it_is_resumed(
    image: Path, tmp_path: Path, new_sectors: set[int]
) -> None:
    before = image.read_bytes()
    old, new = before[8192 : 8192 + 1536], b"n" * 1536
    line = make_patch(str(image), tmp_path, 8192, old, new)
    torn = bytearray(old)
    for sector in new_sectors:
        torn[sector * 512 : sector * 512 + 512] = b"n" * 512
    with image.open("r+b") as file:
        file.seek(8192)
        file.write(torn)
    with pytest.raises(SourceChangedError):
        apply_patch(line, approved(line))
    apply_patch(line, approved(line), resumed=True)

    assert image.read_bytes() == before[:8192] + new + before[8192 + 1536 :]


def test_resuming_writes_over_nothing_that_is_neither_old_nor_new(
    image: Path, tmp_path: Path
) -> None:
    before = image.read_bytes()
    line = make_patch(str(image), tmp_path, 8192, bytes(1536), b"n" * 1536)
    with pytest.raises(SourceChangedError):
        apply_patch(line, approved(line), resumed=True)

    assert image.read_bytes() == before


def test_the_group_s_lock_keeps_lvm_out_and_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "V_vg"
    monkeypatch.setattr(patches, "_LOCK_TRIES", 2)
    monkeypatch.setattr(patches, "_LOCK_SECONDS", 0.001)
    with group_lock(str(lock)):
        held = os.open(lock, os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(held)
    assert not lock.exists()
    held = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(LockedError), group_lock(str(lock)):
        pass
    os.close(held)


def test_a_lock_file_that_was_taken_away_meanwhile_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "V_vg"
    real, calls = patches._is_at, []

    def gone_once(descriptor: int, path: str) -> bool:
        calls.append(path)
        if len(calls) == 1:
            lock.unlink()
        return real(descriptor, path)

    monkeypatch.setattr(patches, "_is_at", gone_once)
    with group_lock(str(lock)):
        assert lock.exists()

    assert len(calls) == 2
