"""CopyMap: which bytes of an image are there, in GNU ddrescue's map file format.

The only place that reads or writes that grammar, so that a copy can be looked at with ddrescueview and
continued by ddrescue. Source of the format: the GNU ddrescue 1.27 manual, "Mapfile structure", and its
mapfile.cc:

    # comment, to the end of the line
    current_pos  status  [current_pass]        the status line; status one of ? * / - F G +
    pos  size  status                          blocks, ascending and contiguous; one of ? * / - +

Numbers are C's: decimal, 0x hex, a leading 0 means octal. A line of ours ends the text:
`# lvtui-sha256 <of the text above>`. ddrescue drops comments when it rewrites a map, so a map without
that line is somebody else's, or torn.
"""

from __future__ import annotations

import bisect
import hashlib
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from lvtui.errors import FormatError
from lvtui.source import ByteRange

NUMBER_MAX = 2**63 - 1
LINE_CHARS_MAX = 127
"""ddrescue refuses a longer line (comment taken off)."""

SEAL = "# lvtui-sha256 "

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,16}|0[0-7]{0,22}|[1-9][0-9]{0,18}", re.ASCII)


class BlockStatus(StrEnum):
    """What became of a block."""

    UNTRIED = "?"
    UNTRIMMED = "*"
    UNSCRAPED = "/"
    BAD = "-"
    DONE = "+"


class Phase(StrEnum):
    """What the copy is doing."""

    COPYING = "?"
    TRIMMING = "*"
    SCRAPING = "/"
    RETRYING = "-"
    FILLING = "F"
    GENERATING = "G"
    FINISHED = "+"


@dataclass(frozen=True, slots=True)
class MapBlock:
    """A run of bytes of one status."""

    offset_bytes: int
    length_bytes: int
    status: BlockStatus

    @property
    def end_bytes(self) -> int:
        """The offset of the first byte behind it."""
        return self.offset_bytes + self.length_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMap:
    """A whole map; blocks are ascending, contiguous from the first on, neighbours differ."""

    blocks: tuple[MapBlock, ...]
    position_bytes: int = 0
    phase: Phase = Phase.COPYING
    current_pass: int = 1

    @classmethod
    def untried(cls, size_bytes: int) -> CopyMap:
        """The map of a copy that has not begun."""
        return cls(blocks=(MapBlock(0, size_bytes, BlockStatus.UNTRIED),) if size_bytes else ())

    @property
    def end_bytes(self) -> int:
        """Where the map ends."""
        return self.blocks[-1].end_bytes if self.blocks else 0

    def total_bytes(self, status: BlockStatus) -> int:
        """How many bytes have `status`."""
        return sum(block.length_bytes for block in self.blocks if block.status is status)

    def ranges(self, status: BlockStatus) -> tuple[ByteRange, ...]:
        """Where `status` is."""
        return tuple(
            ByteRange(block.offset_bytes, block.length_bytes)
            for block in self.blocks
            if block.status is status
        )

    def next(self, status: BlockStatus, from_bytes: int) -> ByteRange | None:
        """The first run of `status` at or behind `from_bytes`, cut there."""
        for block in self.blocks[max(self._index(from_bytes), 0) :]:
            start = max(block.offset_bytes, from_bytes)
            if block.status is status and start < block.end_bytes:
                return ByteRange(start, block.end_bytes - start)
        return None

    def last(self, status: BlockStatus, to_bytes: int) -> ByteRange | None:
        """The last run of `status` before `to_bytes`, cut there."""
        for block in reversed(self.blocks[: self._index(to_bytes) + 1]):
            end = min(block.end_bytes, to_bytes)
            if block.status is status and block.offset_bytes < end:
                return ByteRange(block.offset_bytes, end - block.offset_bytes)
        return None

    def within(self, where: ByteRange) -> tuple[MapBlock, ...]:
        """The blocks of `where`, cut at its ends."""
        found = []
        first = max(self._index(where.offset_bytes), 0)
        for block in self.blocks[first:]:
            if block.offset_bytes >= where.end_bytes:
                break
            start = max(block.offset_bytes, where.offset_bytes)
            end = min(block.end_bytes, where.end_bytes)
            if start < end:
                found.append(MapBlock(start, end - start, block.status))
        return tuple(found)

    def advance(self, where: ByteRange, status: BlockStatus) -> CopyMap:
        """The map with `where` set to `status`; the position goes behind it.

        Raises:
            ValueError: `where` is not inside the map.
        """
        if where.length_bytes == 0:
            return self
        start, end = where.offset_bytes, where.end_bytes
        if not self.blocks or start < self.blocks[0].offset_bytes or end > self.end_bytes:
            raise ValueError(where)
        first, last = self._index(start), self._index(end - 1)
        middle = [MapBlock(start, end - start, status)]
        head, tail = self.blocks[first], self.blocks[last]
        if head.offset_bytes < start:
            middle.insert(0, replace(head, length_bytes=start - head.offset_bytes))
        if tail.end_bytes > end:
            middle.append(MapBlock(end, tail.end_bytes - end, tail.status))
        # the neighbours join in, so that runs of one status stay one block
        low, high = max(first - 1, 0), min(last + 2, len(self.blocks))
        run = (*self.blocks[low:first], *middle, *self.blocks[last + 1 : high])
        blocks = (*self.blocks[:low], *_joined(run), *self.blocks[high:])
        return replace(self, blocks=blocks, position_bytes=end)

    def _index(self, offset_bytes: int) -> int:
        """The index of the block that holds `offset_bytes`, -1 before the first."""
        return bisect.bisect_right(self.blocks, offset_bytes, key=_offset) - 1


def _offset(block: MapBlock) -> int:
    return block.offset_bytes


def _joined(blocks: tuple[MapBlock, ...]) -> tuple[MapBlock, ...]:
    joined: list[MapBlock] = []
    for block in blocks:
        if not block.length_bytes:  # the grammar allows one at position 0
            continue
        if joined and joined[-1].status is block.status:
            length_bytes = joined[-1].length_bytes + block.length_bytes
            joined[-1] = replace(joined[-1], length_bytes=length_bytes)
        else:
            joined.append(block)
    return tuple(joined)


def render(copy_map: CopyMap, comments: tuple[str, ...] = ()) -> str:
    """The text of a map, sealed; `comments` become `# …` lines at its head."""
    lines = [f"# {comment}" for comment in comments]
    lines.append("# current_pos  current_status  current_pass")
    lines.append(
        f"0x{copy_map.position_bytes:08X}     {copy_map.phase}               {copy_map.current_pass}"
    )
    lines.append("#      pos        size  status")
    lines.extend(
        f"0x{block.offset_bytes:08X}  0x{block.length_bytes:08X}  {block.status}"
        for block in copy_map.blocks
    )
    text = "\n".join(lines) + "\n"
    return f"{text}{SEAL}{hashlib.sha256(text.encode()).hexdigest()}\n"


def is_sealed(text: str) -> bool:
    """Whether `text` is a whole map that `render` made: its last line fits the rest."""
    body, seal, digest = text.rpartition(SEAL)
    return bool(seal) and digest == hashlib.sha256(body.encode()).hexdigest() + "\n"


def parse(text: str) -> CopyMap:
    """Read a map of lvtui's or ddrescue's making.

    What ddrescue refuses is refused here; what only its scanf lets pass (words without a blank
    between, a fourth word, a sign) is refused too.

    Raises:
        FormatError: `LV-MPF-01` no status line, `LV-MPF-02` a line that is none of the grammar,
            `LV-MPF-03` blocks that do not follow each other.
    """
    status_line: CopyMap | None = None
    blocks: list[MapBlock] = []
    for number, line in enumerate(text.split("\n"), start=1):
        fields = _fields(line, number)
        if not fields:
            continue
        if status_line is None:
            status_line = _status_line(fields, number)
        else:
            block = _block(fields, number)
            if blocks and block.offset_bytes != blocks[-1].end_bytes:
                raise FormatError(
                    "LV-MPF-03",
                    "Line {line} of the map file does not begin where the line before it ends.",
                    line=number,
                )
            blocks.append(block)
    if status_line is None:
        raise FormatError("LV-MPF-01", "The map file holds no status line.")
    return replace(status_line, blocks=_joined(tuple(blocks)))


def _fields(line: str, number: int) -> list[str]:
    """The words of a line, its comment taken off (`#` counts at the start or after a blank)."""
    kept = re.split(r"(?:^|(?<=\s))#", line, maxsplit=1)[0].strip()
    if len(kept) > LINE_CHARS_MAX:
        raise _bad(number)
    return kept.split()


def _bad(number: int) -> FormatError:
    return FormatError(
        "LV-MPF-02", "Line {line} of the map file is not as GNU ddrescue writes it.", line=number
    )


def _number(field: str, number: int) -> int:
    if not _NUMBER.fullmatch(field):
        raise _bad(number)
    is_octal = len(field) > 1 and field[0] == "0" and field[1] in "01234567"
    value = int(field, 8) if is_octal else int(field, 0)
    if value > NUMBER_MAX:
        raise _bad(number)
    return value


def _status_line(fields: list[str], number: int) -> CopyMap:
    if len(fields) not in {2, 3} or fields[1] not in set(Phase):
        raise _bad(number)
    current_pass = 1
    if len(fields) == 3:
        # read as decimal by ddrescue, whatever it looks like
        if not re.fullmatch(r"[0-9]{1,9}", fields[2], re.ASCII) or int(fields[2]) < 1:
            raise _bad(number)
        current_pass = int(fields[2])
    return CopyMap(
        blocks=(),
        position_bytes=_number(fields[0], number),
        phase=Phase(fields[1]),
        current_pass=current_pass,
    )


def _block(fields: list[str], number: int) -> MapBlock:
    if len(fields) != 3 or fields[2] not in set(BlockStatus):
        raise _bad(number)
    offset_bytes, length_bytes = _number(fields[0], number), _number(fields[1], number)
    if (length_bytes == 0 and offset_bytes != 0) or offset_bytes + length_bytes > NUMBER_MAX:
        raise _bad(number)
    return MapBlock(offset_bytes, length_bytes, BlockStatus(fields[2]))
