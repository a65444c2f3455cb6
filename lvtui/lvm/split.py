"""Cuts a text into its blocks: the only place that looks at braces.

Each block `name { … }` keeps its own bytes without those of the blocks inside it (its flat section;
a NUL stands where a block was cut out), so that the grammar never sees a brace. Iterative, one match
a brace, bounded in depth, size and count: a bomb is refused at its first excess byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from lvtui.errors import FormatError
from lvtui.lvm.tokens import BLANK, FLAGS, RAW_STRING, SPACE, STRING, WORD

DEPTH_MAX = 16
SECTION_BYTES_MAX = 64 * 1024
BLOCKS_MAX = 65_536
"""20 000 LVs of two segments fit."""

BLOCK_BYTES_MIN = 3
"""`a{}`"""

CLOSING_BRACE = "a closing brace"
"""What is expected where a text was cut off."""

HOLE = b"\0"
"""Stands for a nested block; no text has one, because a NUL ends it."""

_OWN = re.compile(rf"(?:[^{{}}\"'#\0]++|{STRING}|{RAW_STRING}|#[^\n\0]*+)*".encode(), FLAGS)
"""Everything up to a brace; in front of an opening one the name is still to be told apart."""
_OWN_NAME = re.compile(
    rf"((?:[{BLANK}=\[\],]++|{STRING}|{RAW_STRING}|#[^\n\0]*+|{WORD}(?!{SPACE}\{{))*)"
    rf"({WORD}){SPACE}\{{".encode(),
    FLAGS,
)
_NAME = re.compile(WORD.encode())
_BLANK = b" \t\r\n\f\v"


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

    def masked(self, start: int, end: int) -> Block:
        """The same block with a 0 for what stands from `start` to `end` in its flat section."""
        flat = self.flat
        parts = [flat[:start], b"0", flat[end:]]
        starts = [self.locate(0), self.locate(start), self.locate(end)]
        return replace(self, parts=parts, starts=starts)

    def add(self, text: bytes, start: int, end: int) -> None:
        """Append bytes of its own; blanks alone are none."""
        part = text[start:end]
        if part and not part.isspace():
            self.parts.append(part)
            self.starts.append(start)
            self.flat_bytes += end - start


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


def _find_brace(text: bytes, block: Block, offset: int) -> int:
    """The offset of the next brace, or of the text's end."""
    # The end is bounded so that no single match costs more than one section may have.
    limit = offset + SECTION_BYTES_MAX - block.flat_bytes + 1
    own = _OWN.match(text, offset, limit)
    after = own.end() if own is not None else offset
    if after == limit:
        raise _too_long(block, offset)
    if after < len(text) and text[after] not in b"{}":
        if limit < len(text):
            raise _too_long(block, after)
        raise syntax_error(text, after, "the end of a string")
    return after


def _find_name(text: bytes, start: int, brace: int) -> tuple[int, bytes]:
    """The name in front of an opening brace, and its offset."""
    part = text[start:brace].rstrip(_BLANK)
    at = max(part.rfind(b" "), part.rfind(b"\n"), part.rfind(b"\t")) + 1
    name = part[at:]
    if _NAME.fullmatch(name) and b"#" not in part[part.rfind(b"\n", 0, at) + 1 : at]:
        return start + at, name
    # A comment, or a bracket or a string without a blank behind it: the slow and exact way.
    own = _OWN_NAME.fullmatch(text, start, brace + 1)
    if own is None:
        raise syntax_error(text, brace, "a section's name before its brace")
    return own.start(2), own[2]


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
    parent.parts.append(HOLE)
    parent.starts.append(offset)
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
        brace = _find_brace(text, block, offset)
        if text.startswith(b"{", brace):
            at, name = _find_name(text, offset, brace)
            block.add(text, offset, at)
            stack.append(block)
            block = _open(text, block, name, at)
            block.first = len(blocks)
            if len(blocks) + len(stack) > BLOCKS_MAX:
                raise FormatError(
                    "LV-TXT-05",
                    "the metadata text has more than {expected:count} sections, at byte {offset}",
                    offset_bytes=at,
                    expected=BLOCKS_MAX,
                    found=BLOCKS_MAX + 1,
                )
            offset = brace + 1
            continue
        block.add(text, offset, brace)
        block.index = len(blocks)
        blocks.append(block)
        if brace == len(text):
            break
        if not stack:
            raise syntax_error(text, brace, "a statement or a section")
        offset = block.end = brace + 1
        block = stack.pop()
    if stack:
        raise syntax_error(text, offset, CLOSING_BRACE)
    block.end = brace
    return blocks
