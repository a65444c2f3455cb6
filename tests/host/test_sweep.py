from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.host.device import SourceDevice
from lvtui.host.sweep import sweep
from tests.loop import loop_device, need

WINDOW = 64 * 1024


def swept(path: str | Path) -> tuple[dict[int, bytes], int]:
    """Every window's bytes by offset, and how many bytes were read."""
    found: dict[int, bytes] = {}
    with SourceDevice(str(path)) as device:
        for window in sweep(device, window_bytes=WINDOW):
            found[window.offset_bytes] = bytes(window.data[window.start : window.end])
            before = bytes(window.data[window.start - 512 : window.start])
            last = found.get(window.offset_bytes - WINDOW)
            assert before == (last[-512:] if last else bytes(512))
    return found, sum(len(data) for data in found.values())


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.integers(1, 5 * WINDOW))
def test_every_byte_comes_once(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.mktemp("sweep") / "image"
    data = bytes(range(1, 252)) * (size // 251 + 1)
    path.write_bytes(data[:size])

    found, read = swept(path)

    assert b"".join(found[at] for at in sorted(found)) == data[:size]
    assert read == size


def test_holes_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "image"
    with path.open("wb") as f:
        f.truncate(1 << 40)
        f.seek(1 << 39)
        f.write(b"x" * 100)

    found, read = swept(path)

    assert read <= 2 * WINDOW
    assert any(data.startswith(b"x" * 100) for data in found.values())


def test_a_block_device_is_read_to_its_end(tmp_path: Path) -> None:
    need("losetup")
    path = tmp_path / "image"
    path.write_bytes(b"\x07" * (3 * WINDOW + 512))
    with loop_device(path) as device:
        found, read = swept(device)

    assert read == 3 * WINDOW + 512
    assert set(b"".join(found.values())) == {7}
