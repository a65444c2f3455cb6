from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import LvtuiError, NeedsRootError, SourceReadError, UserError
from lvtui.host.device import SourceDevice, read_head
from lvtui.host.sectors import preadv
from lvtui.source import ByteRange
from tests.loop import loop_device

MIB = 1 << 20
NOISE = random.Random(4).randbytes(9 * MIB + 512)


class BadMedium:
    """Reads as the kernel does, but some bytes answer with an error; counts what was asked."""

    def __init__(self, *bad: ByteRange, error: int = errno.EIO) -> None:
        self.bad = bad
        self.error = error
        self.reads: list[tuple[int, int]] = []
        self.failed = 0

    def __call__(self, descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        self.reads.append((offset_bytes, len(buffer)))
        end = offset_bytes + len(buffer)
        first = min(
            (
                max(gap.offset_bytes, offset_bytes)
                for gap in self.bad
                if gap.offset_bytes < end and offset_bytes < gap.end_bytes
            ),
            default=end,
        )
        if first == offset_bytes:
            self.failed += 1
            raise OSError(self.error, os.strerror(self.error))
        # The kernel gives what lies before the error and fails the next call.
        return preadv(descriptor, buffer[: first - offset_bytes], offset_bytes)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(NOISE)
    return path


@pytest.fixture(params=[512, 4096])
def device(request: pytest.FixtureRequest, image: Path) -> Iterator[tuple[str, int]]:
    """A loop device with sectors of 512 and of 4096 bytes on 9 MiB of noise."""
    os.truncate(image, 9 * MIB)
    with loop_device(image, sector_bytes=request.param, read_only=True) as path:
        yield path, int(request.param)


# what is opened


def test_a_file_is_read_as_it_is(image: Path) -> None:
    with SourceDevice(str(image)) as source:
        assert (source.size_bytes, source.is_block, source.is_direct) == (len(NOISE), False, False)
        assert source.pread(0, len(NOISE)).data == NOISE
        assert source.gaps == ()


def test_the_source_cannot_be_written_through_its_descriptor(image: Path) -> None:
    with SourceDevice(str(image)) as source, pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(source._fd, b"x", 0)


def test_the_descriptor_is_not_inherited_and_is_closed(image: Path) -> None:
    with SourceDevice(str(image)) as source:
        descriptor = source._fd
        assert not os.get_inheritable(descriptor)
    source.close()

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_identity_is_that_of_the_opened_file_not_of_its_path(image: Path) -> None:
    with SourceDevice(str(image)) as source:
        found = image.stat()
        image.rename(image.with_suffix(".moved"))
        image.write_bytes(b"another")

        assert source.identity.kind == "file"
        assert source.identity.rdev is None
        assert source.identity.inode == f"{found.st_dev}:{found.st_ino}"
        assert source.identity.size_bytes == len(NOISE)
        assert source.identity.head_sha256 == hashlib.sha256(NOISE[:4096]).hexdigest()
        assert source.pread(0, 16).data == NOISE[:16]


@pytest.mark.parametrize(
    ("make", "error", "code", "exit_code"),
    [
        pytest.param(lambda _: None, UserError, "LV-SRC-01", 2, id="nothing"),
        pytest.param(lambda p: p.symlink_to(p), UserError, "LV-SRC-01", 2, id="link-to-itself"),
        pytest.param(lambda p: p.symlink_to("gone"), UserError, "LV-SRC-01", 2, id="dangling-link"),
        pytest.param(lambda p: p.mkdir(), SourceReadError, "LV-SRC-02", 14, id="directory"),
        pytest.param(os.mkfifo, SourceReadError, "LV-SRC-04", 14, id="pipe-nobody-writes-to"),
        pytest.param(
            lambda p: p.symlink_to("/dev/null"), SourceReadError, "LV-SRC-04", 14, id="character"
        ),
        pytest.param(lambda p: p.touch(), SourceReadError, "LV-SRC-05", 14, id="empty"),
    ],
)
def test_what_is_no_source_is_told_in_a_sentence(
    tmp_path: Path, make: object, error: type[LvtuiError], code: str, exit_code: int
) -> None:
    path = tmp_path / "source"
    assert callable(make)
    make(path)

    with pytest.raises(error) as caught:
        SourceDevice(str(path))

    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000, "/dev/null/x"])
def test_a_path_that_cannot_be_one_is_no_such_path(path: str) -> None:
    with pytest.raises(UserError) as caught:
        SourceDevice(path)

    assert caught.value.code == "LV-SRC-01"


def test_a_file_that_may_not_be_read_needs_root(image: Path) -> None:
    image.chmod(0)
    program = (
        "import os, sys\n"
        "from lvtui.errors import NeedsRootError\n"
        "from lvtui.host.device import SourceDevice\n"
        "if os.geteuid() == 0:\n"
        "    os.setgid(65534); os.setuid(65534)\n"
        "try:\n"
        "    SourceDevice(sys.argv[1])\n"
        "except NeedsRootError as error:\n"
        "    print(error.code, error.exit_code)\n"
    )
    for folder in (image.parent, *image.parent.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)

    done = subprocess.run(
        [sys.executable, "-c", program, str(image)], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["LV-SRC-03", str(NeedsRootError.exit_code)]


def test_the_light_worker_can_load_it() -> None:
    program = (
        "import sys, lvtui.host.device\n"
        "print(sorted({'textual', 'rich', 'pyparsing'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


# reading


@settings(derandomize=True, max_examples=100, deadline=None)
@given(offset=st.integers(0, 9 * MIB + 2048), length=st.integers(0, 5 * MIB))
def test_any_range_of_a_file_reads_as_a_slice(
    tmp_path_factory: pytest.TempPathFactory, offset: int, length: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "slices.img"
    if not path.exists():
        path.write_bytes(NOISE)

    with SourceDevice(str(path)) as source:
        piece = source.pread(offset, length)

    assert piece.data == NOISE[offset : offset + length]
    assert piece.gaps == ()


@pytest.mark.parametrize(("offset", "length"), [(-1, 10), (0, 0), (0, -1), (10**18, 10)])
def test_a_range_outside_gives_nothing(image: Path, offset: int, length: int) -> None:
    with SourceDevice(str(image)) as source:
        assert source.pread(offset, length).data == b""


def test_short_reads_are_read_on(image: Path) -> None:
    def a_little(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        return preadv(descriptor, buffer[:100_000], offset_bytes)

    with SourceDevice(str(image), read_into=a_little) as source:
        piece = source.pread(0, len(NOISE))

    assert (piece.data, piece.gaps) == (NOISE, ())


def test_a_one_byte_source_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tiny"
    path.write_bytes(b"x")

    assert read_head(str(path)).data == b"x"


def test_what_a_source_lost_after_it_was_opened_is_a_gap(image: Path) -> None:
    with SourceDevice(str(image)) as source:
        os.truncate(image, 8 * MIB)
        piece = source.pread(8 * MIB - 4096, 8192)

    assert piece.data == NOISE[8 * MIB - 4096 : 8 * MIB] + bytes(4096)
    assert piece.gaps == (ByteRange(8 * MIB, 4096),)


def test_holes_of_a_sparse_file_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "sparse.img"
    with path.open("wb") as file:
        file.truncate(32 * MIB)
        file.seek(16 * MIB)
        file.write(b"x" * 4096)
        file.flush()
        os.fsync(file.fileno())
        if os.lseek(file.fileno(), 0, os.SEEK_DATA) != 16 * MIB:
            pytest.skip("this file system does not tell where holes are")

    with SourceDevice(str(path)) as source:
        found = [source.seek_data(at) for at in (0, 16 * MIB, 16 * MIB + 5, 17 * MIB, 32 * MIB)]

    assert found == [16 * MIB, 16 * MIB, 16 * MIB + 5, 32 * MIB, 32 * MIB]


# bad media


@pytest.mark.parametrize("error", [errno.EIO, errno.ENODATA, errno.EILSEQ, errno.EREMOTEIO])
def test_one_bad_page_of_a_file_is_a_gap_and_the_rest_is_read(image: Path, error: int) -> None:
    bad = ByteRange(5 * MIB + 8192, 4096)
    medium = BadMedium(bad, error=error)

    with SourceDevice(str(image), read_into=medium) as source:
        piece = source.pread(0, len(NOISE))
        assert source.gaps == (bad,)

    assert piece.gaps == (bad,)
    assert piece.data[: bad.offset_bytes] == NOISE[: bad.offset_bytes]
    assert piece.data[bad.offset_bytes : bad.end_bytes] == bytes(4096)
    assert piece.data[bad.end_bytes :] == NOISE[bad.end_bytes :]
    assert medium.failed < 10


@settings(derandomize=True, max_examples=50, deadline=None)
@given(pages=st.sets(st.integers(0, 2303), max_size=12), offset=st.integers(0, 8 * MIB))
def test_gaps_are_exactly_the_bad_pages_within_what_was_asked(
    tmp_path_factory: pytest.TempPathFactory, pages: set[int], offset: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "pages.img"
    if not path.exists():
        path.write_bytes(NOISE)
    medium = BadMedium(*(ByteRange(page * 4096, 4096) for page in sorted(pages)))

    with SourceDevice(str(path), read_into=medium) as source:
        piece = source.pread(offset, MIB)

    end = offset + MIB
    expected = bytearray(NOISE)
    for page in pages:
        expected[page * 4096 : page * 4096 + 4096] = bytes(4096)
    asked_pages = {page for page in pages if page * 4096 < end and offset < page * 4096 + 4096}
    named = {
        page
        for gap in piece.gaps
        for page in range(gap.offset_bytes // 4096, (gap.end_bytes + 4095) // 4096)
    }
    assert named == asked_pages
    assert all(offset <= gap.offset_bytes and gap.end_bytes <= end for gap in piece.gaps)
    assert sum(gap.length_bytes for gap in piece.gaps) == sum(
        min(end, page * 4096 + 4096) - max(offset, page * 4096) for page in asked_pages
    )
    assert piece.data == bytes(expected[offset:end])


def test_a_dead_disk_does_not_hold_the_reader_for_ever(image: Path) -> None:
    medium = BadMedium(ByteRange(MIB, 8 * MIB))

    with SourceDevice(str(image), read_into=medium) as source:
        piece = source.pread(0, 9 * MIB)

    assert piece.gaps == (ByteRange(MIB, 8 * MIB),)
    assert piece.data == NOISE[:MIB] + bytes(8 * MIB)
    assert medium.failed < 1300


def test_a_device_that_is_gone_is_no_row_of_bad_sectors(image: Path) -> None:
    medium = BadMedium(ByteRange(MIB, 8 * MIB), error=errno.ENXIO)

    with SourceDevice(str(image), read_into=medium) as source:
        with pytest.raises(SourceReadError) as caught:
            source.pread(0, 2 * MIB)
        assert source.pread(0, 4096).data == NOISE[:4096]

    assert (caught.value.code, caught.value.exit_code) == ("LV-SRC-07", 14)


def test_an_unreadable_head_still_opens(image: Path) -> None:
    with SourceDevice(str(image), read_into=BadMedium(ByteRange(0, 4096))) as source:
        assert source.identity.head_sha256 == hashlib.sha256(bytes(4096)).hexdigest()
        assert source.gaps == (ByteRange(0, 4096),)


# block devices


def test_a_block_device_is_read_past_the_page_cache(device: tuple[str, int]) -> None:
    path, sector_bytes = device
    found = Path(path).stat()

    with SourceDevice(path) as source:
        assert (source.is_block, source.is_direct, source.sector_bytes) == (
            True,
            True,
            sector_bytes,
        )
        assert source.size_bytes == 9 * MIB
        assert source.identity.kind == "block"
        assert source.identity.rdev == f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
        assert source.identity.inode is None
        assert source.seek_data(5 * MIB) == 5 * MIB


@pytest.mark.parametrize(
    ("offset", "length"),
    [
        (0, 9 * MIB),
        (1, 1),
        (511, 2),
        (4095, 4098),
        (4 * MIB - 1, 2),
        (9 * MIB - 1, 10),
        (7, 5 * MIB),
    ],
)
def test_any_range_of_a_device_reads_as_a_slice(
    device: tuple[str, int], offset: int, length: int
) -> None:
    with SourceDevice(device[0]) as source:
        piece = source.pread(offset, length)

    assert piece.data == NOISE[: 9 * MIB][offset : offset + length]


def test_a_bad_sector_of_a_device_is_a_gap_of_one_sector(device: tuple[str, int]) -> None:
    path, sector_bytes = device
    bad = ByteRange(5 * MIB + 3 * sector_bytes, sector_bytes)
    medium = BadMedium(bad)

    with SourceDevice(path, read_into=medium) as source:
        piece = source.pread(4 * MIB + 1, 2 * MIB)

    assert piece.gaps == (bad,)
    assert all(at % sector_bytes == 0 and length % sector_bytes == 0 for at, length in medium.reads)
    expected = bytearray(NOISE)
    expected[bad.offset_bytes : bad.end_bytes] = bytes(sector_bytes)
    assert piece.data == bytes(expected[4 * MIB + 1 : 6 * MIB + 1])


def test_a_read_that_touches_a_bad_sector_with_one_byte_names_that_byte(
    device: tuple[str, int],
) -> None:
    path, sector_bytes = device

    with SourceDevice(path, read_into=BadMedium(ByteRange(MIB, sector_bytes))) as source:
        piece = source.pread(MIB - 3, 4)

    assert (piece.data, piece.gaps) == (NOISE[MIB - 3 : MIB] + b"\0", (ByteRange(MIB, 1),))


def test_where_direct_reads_are_refused_the_cache_is_dropped_instead(
    device: tuple[str, int],
) -> None:
    refused = []

    def refuse_direct(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
        import fcntl  # noqa: PLC0415 - only this seam looks at the flags

        if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT:
            refused.append(offset_bytes)
            raise OSError(errno.EINVAL, "no direct reads here")
        return preadv(descriptor, buffer, offset_bytes)

    with SourceDevice(device[0], read_into=refuse_direct) as source:
        piece = source.pread(5, 5 * MIB)
        assert not source.is_direct

    assert refused == [0]
    assert piece.data == NOISE[5 : 5 + 5 * MIB]


def test_a_direct_read_sees_what_another_writer_wrote(image: Path) -> None:
    os.truncate(image, 9 * MIB)
    with loop_device(image) as path, SourceDevice(path) as source:
        assert source.pread(MIB, 512).data == NOISE[MIB : MIB + 512]
        subprocess.run(
            [
                "dd",
                "if=/dev/zero",
                f"of={path}",
                "bs=512",
                f"seek={MIB // 512}",
                "count=1",
                "oflag=direct",
                "status=none",
            ],
            check=True,
        )

        assert source.pread(MIB, 512).data == bytes(512)


def test_a_loop_device_without_a_file_holds_nothing(tmp_path: Path) -> None:
    image = tmp_path / "empty.img"
    image.touch()
    with loop_device(image) as path, pytest.raises(SourceReadError) as caught:
        SourceDevice(path)

    assert caught.value.code == "LV-SRC-05"


def test_errors_of_the_kernel_itself_become_gaps(image: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    program = (
        "import sys\n"
        "from lvtui.host.device import SourceDevice\n"
        "with SourceDevice(sys.argv[1]) as source:\n"
        "    piece = source.pread(1 << 20, 8192)\n"
        "print([(g.offset_bytes, g.length_bytes) for g in piece.gaps], any(piece.data[:4096]))\n"
    )
    # The read in one piece fails, the careful one behind it, and the first page of that.
    done = subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "-P", str(image),
         "-e", "inject=pread64:error=EIO",
         "-e", "inject=preadv,preadv2:error=EIO:when=1..2", sys.executable, "-c", program, str(image)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "ptrace" in done.stderr.lower():
        pytest.skip("ptrace is not allowed here")

    assert done.stderr == ""
    assert done.stdout.strip() == "[(1048576, 4096)] False"
