from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import DestinationError, UserError
from lvtui.host import store

SIZE = 1 << 22
PIECES = ((4096, b"a" * 5000), (1 << 20, b"\xff" * 4096), (SIZE - 512, b"z" * 512))


def pieces() -> Iterator[tuple[int, bytes]]:
    return iter(PIECES)


def expected_image() -> bytearray:
    image = bytearray(SIZE)
    for offset, data in PIECES:
        image[offset : offset + len(data)] = data
    return image


def test_image_is_written_sparse_and_read_only(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"

    store.write_image(image, SIZE, pieces)

    assert expected_image() == image.read_bytes()
    assert stat.S_IMODE(image.stat().st_mode) == 0o400
    assert image.stat().st_blocks * 512 < SIZE // 8
    assert [image] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(4096, id="first-byte-of-a-piece"),
        pytest.param(9095, id="last-byte-of-a-piece"),
        pytest.param(0, id="before-the-first"),
        pytest.param(9096, id="right-behind-a-piece"),
        pytest.param(2 << 20, id="in-a-hole"),
        pytest.param(SIZE - 1, id="last-byte"),
    ],
)
def test_one_changed_byte_is_seen(tmp_path: Path, at: int) -> None:
    changed = expected_image()
    changed[at] ^= 1
    image = tmp_path / "disk.img"
    image.write_bytes(changed)

    assert not store.holds(image, SIZE, pieces)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(at=st.integers(0, SIZE - 1), flip=st.integers(1, 255))
def test_any_changed_byte_is_seen_in_a_file_without_holes(
    tmp_path_factory: pytest.TempPathFactory, at: int, flip: int
) -> None:
    image = tmp_path_factory.getbasetemp() / "changed.img"
    right = expected_image()
    if not image.exists():
        image.write_bytes(right)
    with image.open("r+b", buffering=0) as f:
        f.seek(at)
        f.write(bytes([right[at] ^ flip]))

        assert not store.holds(image, SIZE, pieces)

        f.seek(at)
        f.write(right[at : at + 1])


@pytest.mark.parametrize("size", [0, 1, SIZE - 1, SIZE + 1])
def test_another_size_is_another_image(tmp_path: Path, size: int) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(expected_image()[:size].ljust(size, b"\0"))

    assert not store.holds(image, SIZE, pieces)


def test_a_file_without_holes_is_the_same_image(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(expected_image())

    assert store.holds(image, SIZE, pieces)


def test_a_link_or_folder_is_no_image(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(expected_image())
    link = tmp_path / "link"
    link.symlink_to(image)

    assert [store.holds(path, SIZE, pieces) for path in (link, tmp_path)] == [False, False]


def test_a_failed_write_leaves_what_was_there_and_names_the_reason(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(b"kept")

    with pytest.raises(DestinationError) as caught:
        store.write_image(image, SIZE, lambda: iter([((1 << 63) - 4096, b"x" * 4096)]))

    assert caught.value.code == "LV-DEM-05"
    assert "Invalid argument" in str(caught.value)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"kept"]


def test_an_image_larger_than_the_free_space_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 60

    with pytest.raises(DestinationError) as caught:
        store.write_image(tmp_path / "disk.img", SIZE, lambda: iter([(0, Huge())]))

    assert caught.value.code == "LV-DEM-04"
    assert list(tmp_path.iterdir()) == []


def test_folder_is_private_even_if_it_was_not(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir(mode=0o755)

    folder = store.private_folder(tmp_path / "demo")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UserError) as caught:
        store.private_folder(tmp_path / "demo")

    assert caught.value.code == "LV-DEM-01"


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DestinationError) as caught:
        store.private_folder(tmp_path / "file" / "demo")

    assert caught.value.code == "LV-DEM-02"


def test_only_a_folder_that_the_demo_made_is_removed(tmp_path: Path) -> None:
    own = store.demo_folder(tmp_path / "own")
    (own / "recovered-1").mkdir()
    other = tmp_path / "other"
    other.mkdir()

    assert store.remove(own)
    assert not own.exists()
    assert not store.remove(own)
    with pytest.raises(UserError) as caught:
        store.remove(other)
    assert caught.value.code == "LV-DEM-03"
    assert other.exists()


def test_the_next_number_skips_what_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "recovered-1").mkdir()
    (tmp_path / "recovered-1" / "x.lv").touch()
    (tmp_path / "recovered-2").mkdir()

    assert store.next_number(tmp_path, "recovered-") == 2


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        pytest.param("/var/tmp/state", "/var/tmp/state", id="absolute"),  # noqa: S108 - a name only
        pytest.param("relative", "~/.local/state", id="relative-does-not-count"),
        pytest.param("", "~/.local/state", id="empty"),
    ],
)
def test_state_home(monkeypatch: pytest.MonkeyPatch, named: str, expected: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", named)

    assert Path(expected).expanduser() == store.state_home()
