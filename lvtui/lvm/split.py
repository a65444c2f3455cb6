"""Cuts a text into its blocks: the only place that looks at braces.

Each block `name { … }` keeps its own bytes without those of the blocks inside it (its flat section;
a NUL stands where a block was cut out), so that the grammar never sees a brace. Iterative, one match
a brace, bounded in depth, size and count: a bomb is refused at its first excess byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lvtui.errors import FormatError
from lvtui.lvm.tokens import FLAGS, RAW_STRING, SPACE, STRING, WORD

DEPTH_MAX = 16
SECTION_BYTES_MAX = 64 * 1024
BLOCKS_MAX = 100_000
"""20 000 LVs of three segments fit; LVM's largest areas hold a quarter of that."""

HOLE = b"\0"
"""Stands for a nested block; no text has one, because a NUL ends it."""

_CHUNK = re.compile(
    rf"(?:[ \t\r\n\f\v=\[\],]++|{STRING}|{RAW_STRING}|#[^\n\0]*+|{WORD}(?!{SPACE}\{{))*".encode(),
    FLAGS,
)
_BRACE = re.compile(rf"({WORD}){SPACE}\{{|(\}})".encode(), FLAGS)


@dataclass(slots=True)
class Block:
    """One block; the outermost one of a text has no name and no braces."""

    name: bytes
    start: int
    """Offset of the name's first byte."""
    depth: int
    first: int = 0
    index: int = 0
    """Its place in closing order; `blocks[first:index]` are all of its descendants."""
    end: int = 0
    """Offset behind the closing brace."""
    flat_bytes: int = 0
    parts: list[bytes] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Offset of each part in the text."""
    children: list[Block] = field(default_factory=list)

    @property
    def flat(self) -> bytes:
        """Its own bytes, with a hole for each child."""
        return b"".join(self.parts)

    def locate(self, flat_offset: int) -> int:
        """The offset in the text of an offset in `flat`."""
        for part, start in zip(self.parts, self.starts, strict=True):
            if flat_offset < len(part):
                return start + flat_offset
            flat_offset -= len(part)
        return self.end

    def add(self, part: bytes, start: int) -> None:
        """Append bytes of its own, or a hole."""
        self.parts.append(part)
        self.starts.append(start)


def _found(text: bytes, offset: int) -> str:
    if offset >= len(text):
        return "the end of the text"
    return text[offset : offset + 24].decode("utf-8", "backslashreplace")


def syntax_error(text: bytes, offset: int, expected: str) -> FormatError:
    """The one sentence for a text that is not LVM's."""
    return FormatError(
        "LV-TXT-04",
        "the metadata text is broken at its byte {offset}: {expected} is expected, {found} is found",
        offset_bytes=offset,
        expected=expected,
        found=_found(text, offset),
    )


def _too_long(block: Block, offset: int) -> FormatError:
    return FormatError(
        "LV-TXT-03",
        "the section {name} of the metadata text is longer than {expected:bytes}, at byte {offset}",
        offset_bytes=offset,
        name=block.name.decode("utf-8", "backslashreplace") or "(outermost)",
        expected=SECTION_BYTES_MAX,
        found=block.flat_bytes,
    )


def _take_own_bytes(text: bytes, block: Block, offset: int) -> int:
    """Add to `block` what stands before the next brace; return the offset of that."""
    # The end is bounded so that no single match costs more than one section may have.
    limit = offset + SECTION_BYTES_MAX - block.flat_bytes + 1
    chunk = _CHUNK.match(text, offset, limit)
    after = chunk.end() if chunk is not None else offset
    if after > offset:
        part = text[offset:after]
        if after == limit:
            raise _too_long(block, offset)
        if not part.isspace():
            block.add(part, offset)
            block.flat_bytes += after - offset
    if after < len(text) and text[after] in b"\"'":
        if limit < len(text):
            raise _too_long(block, after)
        raise syntax_error(text, after, "the end of a string")
    return after


def _open(text: bytes, parent: Block, name: bytes, offset: int) -> Block:
    if b"/" in name:
        raise syntax_error(text, offset, "a section's name without a slash")
    if parent.depth >= DEPTH_MAX:
        raise FormatError(
            "LV-TXT-02",
            "the metadata text is nested deeper than {expected} sections, at byte {offset}",
            offset_bytes=offset,
            expected=DEPTH_MAX,
            found=parent.depth + 1,
        )
    child = Block(name, offset, parent.depth + 1)
    parent.add(HOLE, offset)
    parent.children.append(child)
    return child


def split(text: bytes, *, depth: int = 0) -> list[Block]:
    """Cut a text into blocks, in the order of their closing braces; the outermost one is the last.

    Args:
        text: the whole text, or a part that stands between two statements.
        depth: how deep that part stands.

    Raises:
        FormatError: braces that do not match, a string without end, a limit passed.
    """
    blocks: list[Block] = []
    stack: list[Block] = []
    block = Block(b"", 0, depth)
    offset = 0
    while True:
        offset = _take_own_bytes(text, block, offset)
        brace = _BRACE.match(text, offset, offset + SECTION_BYTES_MAX)
        if brace is None:
            break
        if brace.lastindex == 1:
            stack.append(block)
            block = _open(text, block, brace[1], offset)
            block.first = len(blocks)
            if len(blocks) + len(stack) > BLOCKS_MAX:
                raise FormatError(
                    "LV-TXT-05",
                    "the metadata text has more than {expected:count} sections, at byte {offset}",
                    offset_bytes=offset,
                    expected=BLOCKS_MAX,
                    found=BLOCKS_MAX + 1,
                )
        else:
            if not stack:
                raise syntax_error(text, offset, "a statement or a section")
            block.end = brace.end()
            block.index = len(blocks)
            blocks.append(block)
            block = stack.pop()
        offset = brace.end()
    if offset < len(text):
        raise syntax_error(text, offset, "a section's name before its brace")
    if stack:
        raise syntax_error(text, offset, "a closing brace")
    block.end = offset
    block.index = len(blocks)
    blocks.append(block)
    return blocks
