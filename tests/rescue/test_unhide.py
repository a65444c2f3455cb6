from __future__ import annotations

import pytest

from lvtui.rescue.unhide import footer_writes
from lvtui.source import ByteRange, BytesSource
from lvtui.vhd.footer import parse_footer
from tests.vhd.images import HoledSource, Spec, make

UUID = bytes(range(16))
SIZE = 8 << 20
BLOCKS = {0: b"a" * 512, 5000: b"b" * 512}


def image(*, tail: str = "ok", hidden: int = 1, container: int | None = 8 << 20) -> bytearray:
    return make(
        Spec(size=SIZE, uuid=UUID, sectors=BLOCKS, hidden=hidden, tail=tail, container=container)
    ).data


def written(data: bytes) -> tuple[bytes, list[str]]:
    """The LV after the writes, and which places they were."""
    writes, problem = footer_writes(BytesSource(data))
    assert problem is None
    after = bytearray(data)
    for write in writes:
        end = write.offset_bytes + len(write.old)
        assert data[write.offset_bytes : end] == write.old
        after[write.offset_bytes : end] = write.new
    return bytes(after), [write.place for write in writes]


def test_both_footers_lose_the_mark_and_nothing_else_changes() -> None:
    before = bytes(image())
    after, places = written(before)

    assert places == ["head", "tail"]
    assert after == bytes(image(hidden=0))


def test_one_that_is_not_hidden_needs_no_write() -> None:
    assert written(bytes(image(hidden=0)))[1] == []


@pytest.mark.parametrize("tail", ["killed", "gone"])
def test_a_killed_or_missing_tail_is_made_of_the_corrected_head(tail: str) -> None:
    after, places = written(bytes(image(tail=tail)))

    assert places == ["head", "tail"]
    assert after[-512:] == after[:512]
    found = parse_footer(after[:512])
    assert found is not None
    assert not found.hidden


def test_a_stale_checksum_at_the_start_is_refused() -> None:
    data = image()
    data[85] = 0
    writes, problem = footer_writes(BytesSource(bytes(data)))

    assert writes == ()
    assert "bad" in str(problem)


def test_a_tail_is_not_written_where_data_are() -> None:
    """The LV ends inside the last block: what stands there is the guest's."""
    data = image(tail="gone")
    ends = make(Spec(size=SIZE, uuid=UUID, sectors=BLOCKS, hidden=1))
    last = max(ends.entry.values()) * 512 + 512 + (2 << 20)
    writes, problem = footer_writes(BytesSource(bytes(data[: last - 1024])))

    assert writes == ()
    assert "data reach" in str(problem)


@pytest.mark.parametrize(
    ("hole", "word"),
    [
        pytest.param(ByteRange(0, 512), "unreadable", id="head"),
        pytest.param(ByteRange((8 << 20) - 512, 512), "cannot be read", id="tail"),
        pytest.param(ByteRange(1536, 512), "block table", id="table"),
    ],
)
def test_what_cannot_be_read_is_not_written(hole: ByteRange, word: str) -> None:
    writes, problem = footer_writes(HoledSource(bytes(image(tail="killed")), (hole,)))

    assert writes == ()
    assert word in str(problem)
