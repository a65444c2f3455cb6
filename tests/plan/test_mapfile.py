from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import FormatError
from lvtui.plan.mapfile import (
    BlockStatus,
    CopyMap,
    MapBlock,
    Phase,
    is_sealed,
    parse,
    render,
)
from lvtui.source import ByteRange

needs_ddrescuelog = pytest.mark.skipif(
    shutil.which("ddrescuelog") is None, reason="gddrescue is not installed"
)
fixed = settings(derandomize=True, max_examples=150, deadline=None)
statuses = st.sampled_from(list(BlockStatus))


@st.composite
def maps(draw: st.DrawFn) -> CopyMap:
    lengths = st.one_of(st.integers(1, 2**40), st.integers(1, 200))
    runs = draw(st.lists(st.tuples(lengths, statuses), min_size=1, max_size=30))
    offset = draw(st.sampled_from([0, 0, 512]))
    blocks: list[MapBlock] = []
    for length, status in runs:
        if blocks and blocks[-1].status is status:
            continue
        blocks.append(MapBlock(offset, length, status))
        offset += length
    return CopyMap(
        blocks=tuple(blocks),
        position_bytes=draw(st.integers(0, offset)),
        phase=draw(st.sampled_from(list(Phase))),
        current_pass=draw(st.integers(1, 5)),
    )


@given(maps(), st.lists(st.text("ab #\t", max_size=20), max_size=3))
@fixed
def test_what_is_rendered_is_read_back(copy_map: CopyMap, comments: list[str]) -> None:
    text = render(copy_map, tuple(comments))

    assert parse(text) == copy_map
    assert is_sealed(text)


@given(maps(), st.data())
@fixed
def test_a_torn_or_changed_map_is_not_sealed(copy_map: CopyMap, data: st.DataObject) -> None:
    text = render(copy_map)
    cut = data.draw(st.integers(0, len(text) - 1))
    digit = data.draw(st.sampled_from([m.start() for m in re.finditer("[0-9]", text)]))
    changed = text[:digit] + ("1" if text[digit] != "1" else "2") + text[digit + 1 :]

    assert not is_sealed(text[:cut])
    assert not is_sealed(changed)


@given(st.integers(1, 200), st.lists(st.tuples(st.integers(0, 199), st.integers(0, 80), statuses)))
@fixed
def test_advance_is_painting_bytes(size: int, strokes: list[tuple[int, int, BlockStatus]]) -> None:
    copy_map, painted = CopyMap.untried(size), [BlockStatus.UNTRIED] * size
    for start, length, status in strokes:
        run = ByteRange(min(start, size), min(length, size - min(start, size)))
        copy_map = copy_map.advance(run, status)
        painted[run.offset_bytes : run.end_bytes] = [status] * run.length_bytes

    shown = [block.status for block in copy_map.blocks for _ in range(block.length_bytes)]
    assert shown == painted
    neighbours = zip(copy_map.blocks, copy_map.blocks[1:], strict=False)
    assert all(one.status is not other.status for one, other in neighbours)
    assert all(
        one.end_bytes == other.offset_bytes
        for one, other in zip(copy_map.blocks, copy_map.blocks[1:], strict=False)
    )


@pytest.mark.parametrize("run", [ByteRange(90, 11), ByteRange(101, 1), ByteRange(-1, 2)])
def test_advance_refuses_what_is_outside(run: ByteRange) -> None:
    with pytest.raises(ValueError, match="ByteRange"):
        CopyMap.untried(100).advance(run, BlockStatus.DONE)


def test_within_cuts_at_the_ends() -> None:
    copy_map = CopyMap.untried(100).advance(ByteRange(40, 20), BlockStatus.BAD)

    assert copy_map.within(ByteRange(50, 30)) == (
        MapBlock(50, 10, BlockStatus.BAD),
        MapBlock(60, 20, BlockStatus.UNTRIED),
    )


@needs_ddrescuelog
@given(copy_map=maps())
@settings(derandomize=True, max_examples=60, deadline=None)
def test_ddrescuelog_sees_the_same_blocks(
    tmp_path_factory: pytest.TempPathFactory, copy_map: CopyMap
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    path.write_text(render(copy_map, ("Command line: x", "lvtui: {}")))

    for status in BlockStatus:
        ranges = copy_map.ranges(status)
        if sum(run.length_bytes for run in ranges) > 10_000:
            continue  # it lists every single block
        said = ddrescuelog(f"--list-blocks={status}", "--block-size=1", path)
        expected = [at for run in ranges for at in range(run.offset_bytes, run.end_bytes)]
        assert [int(line) for line in said.split()] == expected
    rescued = re.search(r"rescued:\s+\S+ \S+\s+in\s+(\d+) area", ddrescuelog("-t", path))
    assert rescued is not None
    assert int(rescued[1]) == len(copy_map.ranges(BlockStatus.DONE))


def ddrescuelog(*args: str | Path) -> str:
    return subprocess.run(["ddrescuelog", *args], capture_output=True, text=True, check=True).stdout


@needs_ddrescuelog
@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        pytest.param("0 ? 1\n0 65536 +\n", True, id="plain"),
        pytest.param("0 ?\n0 10 +\n", True, id="without-a-pass"),
        pytest.param("010 + 1\n0 010 +\n8 5 -\n", True, id="octal"),
        pytest.param("0 + 010\n0 10 +\n", True, id="pass-is-decimal"),
        pytest.param("0 + 1\n0 0 +\n0 10 +\n", True, id="an-empty-first-block"),
        pytest.param("0 + 1\n5 10 +\n", True, id="not-from-zero"),
        pytest.param("0 + 1 # c\n#x\n\n \n0 0XA + #x\n", True, id="comments"),
        pytest.param("0x10 G 2\n0 0x10 ?\n", True, id="generating"),
        pytest.param("0 ? 0\n0 10 +\n", False, id="pass-zero"),
        pytest.param("-1 + 1\n0 10 +\n", False, id="negative"),
        pytest.param("08 + 1\n0 5 +\n", False, id="not-octal"),
        pytest.param("0 + 0x2\n0 5 +\n", False, id="pass-in-hex"),
        pytest.param("0 ! 1\n0 5 +\n", False, id="unknown-phase"),
        pytest.param("0 + 1\n0 5 F\n", False, id="a-phase-is-no-status"),
        pytest.param("0 + 1\n0 5 +\n6 5 +\n", False, id="a-hole"),
        pytest.param("0 + 1\n0 5 +\n4 5 -\n", False, id="overlap"),
        pytest.param("0 + 1\n0 5 +\n5 0 -\n", False, id="an-empty-block"),
        pytest.param("0 + 1\n0 5\n", False, id="no-status"),
        pytest.param("0 + 1\n0 -5 +\n", False, id="negative-size"),
        pytest.param("0 + 1\n0" + " " * 130 + "5 +\n", False, id="a-long-line"),
        pytest.param("hello\n", False, id="words"),
    ],
)
def test_the_grammar_is_that_of_ddrescue(tmp_path: Path, text: str, *, accepted: bool) -> None:
    path = tmp_path / "map"
    path.write_text(text)
    done = subprocess.run(["ddrescuelog", "-t", path], capture_output=True, check=False)
    try:
        parse(text)
    except FormatError:
        ours = False
    else:
        ours = True

    assert (done.returncode == 0, ours) == (accepted, accepted)


@needs_ddrescuelog
@given(text=st.text("0x18 +?-\n#F", max_size=30).map(lambda body: "0 ? 1\n" + body))
@settings(derandomize=True, max_examples=120, deadline=None)
def test_what_ddrescue_refuses_is_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("map") / "map"
    path.write_text(text)
    done = subprocess.run(["ddrescuelog", "-t", path], capture_output=True, check=False)
    try:
        parse(text)
    except FormatError:
        return

    assert done.returncode == 0 or b"Nothing to do" in done.stderr, text


@pytest.mark.skipif(shutil.which("ddrescue") is None, reason="gddrescue is not installed")
def test_ddrescue_goes_on_with_our_map(tmp_path: Path) -> None:
    source, image, path = tmp_path / "source", tmp_path / "image", tmp_path / "map"
    source.write_bytes(bytes(range(256)) * 1024)
    image.write_bytes(source.read_bytes()[:65536])
    path.write_text(render(CopyMap.untried(262144).advance(ByteRange(0, 65536), BlockStatus.DONE)))
    subprocess.run(["ddrescue", "-q", source, image, path], check=True)

    assert image.read_bytes() == source.read_bytes()
    assert parse(path.read_text()).blocks == (MapBlock(0, 262144, BlockStatus.DONE),)
    assert not is_sealed(path.read_text())


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n"])
def test_no_status_line_is_no_map(text: str) -> None:
    with pytest.raises(FormatError, match="no status line"):
        parse(text)
