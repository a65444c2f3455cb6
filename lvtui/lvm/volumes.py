"""PVs, LVs and segments of a corpus, interned by their bytes: each distinct one is built once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from lvtui.errors import FormatError
from lvtui.lvm.build import FieldError, build_lv, build_pv, build_segment, is_segment
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, Section, Segment, Statement
from lvtui.lvm.ring import cut_volume
from lvtui.lvm.sections import Items, SectionStore
from lvtui.lvm.split import Block, syntax_error
from lvtui.lvm.tokens import SectionError

_Built = TypeVar("_Built")


def text_of(raw: bytes) -> str:
    """Bytes of a disk as a string that gives the same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def fill(items: Items, nested: Iterable[Section]) -> tuple[Statement | Section, ...]:
    """A section's items with its nested sections in their places."""
    sections = iter(nested)
    return tuple([next(sections) if item is None else item for item in items])


def located(build: Callable[[], _Built], block: Block) -> _Built:
    """Build a value of a block; what cannot be represented is told with its place in the text."""
    try:
        return build()
    except FieldError as error:
        places = re.finditer(rb"(?<![^\s\0])" + re.escape(error.key.encode()), block.flat)
        at = max((place.start() for place in places), default=None)
        raise FormatError(
            "LV-TXT-06",
            "the section {name} of the metadata text, at its byte {offset}: "
            "{key} must be {expected}, {found} is found",
            offset_bytes=block.start if at is None else block.locate(at),
            name=error.section,
            key=error.key,
            expected=error.expected,
            found=error.found,
        ) from None


class VolumeStore:
    """Volumes and segments by their bytes, over a store of sections."""

    def __init__(self, sections: SectionStore) -> None:
        self._sections = sections
        self._pvs: dict[bytes, PhysicalVolume] = {}
        self._lvs: dict[bytes, LogicalVolume] = {}
        self._segments: dict[bytes, Segment] = {}

    def items(self, text: bytes, block: Block) -> Items:
        """What a block itself holds.

        Raises:
            FormatError: the grammar refuses it.
        """
        try:
            return self._sections.items(block.flat)
        except SectionError as error:
            raise syntax_error(text, block.locate(error.flat_offset), error.expected) from None

    def section(self, text: bytes, blocks: list[Block], block: Block) -> Section:
        """A block with all that is in it; `blocks` in closing order, so that no recursion is due."""
        built: dict[int, Section] = {}
        for each in (*blocks[block.first : block.index], block):
            nested = [built[child.start] for child in each.children]
            built[each.start] = Section(text_of(each.name), fill(self.items(text, each), nested))
        return built[block.start]

    def pv(self, text: bytes, blocks: list[Block], block: Block) -> PhysicalVolume:
        """The physical volume of a block."""
        raw = text[block.start : block.end]
        known = self._pvs.get(raw)
        if known is None:
            section = self.section(text, blocks, block)
            known = self._pvs[raw] = located(lambda: build_pv(section), block)
        return known

    def lv(self, text: bytes, blocks: list[Block], block: Block) -> LogicalVolume:
        """The logical volume of a block."""
        raw = text[block.start : block.end]
        known = self._lvs.get(raw)
        if known is None:
            segments: list[Segment] = []
            nested: list[Section] = []
            for child in block.children:
                if is_segment(text_of(child.name)):
                    segments.append(self._segment(text, blocks, child))
                    nested.append(segments[-1].section)
                else:
                    nested.append(self.section(text, blocks, child))
            section = Section(text_of(block.name), fill(self.items(text, block), nested))
            known = self._lvs[raw] = located(lambda: build_lv(section, tuple(segments)), block)
        return known

    def lv_of_piece(self, piece: bytes) -> LogicalVolume | None:
        """The logical volume of a piece of a ring's text; None where the splitter has to look.

        Raises:
            SectionError, FieldError: without a place; the splitter will tell it.
        """
        cut = cut_volume(piece)
        if cut is None:
            return None
        known = self._lvs.get(cut.raw)
        if known is None:
            segments = tuple([self._flat_segment(name, flat) for name, flat in cut.segments])
            items = self._sections.items(cut.flat)
            section = Section(
                text_of(cut.name), fill(items, [segment.section for segment in segments])
            )
            known = self._lvs[cut.raw] = build_lv(section, segments)
        return known

    def _segment(self, text: bytes, blocks: list[Block], block: Block) -> Segment:
        raw = text[block.start : block.end]
        known = self._segments.get(raw)
        if known is None:
            section = self.section(text, blocks, block)
            known = self._segments[raw] = located(lambda: build_segment(section), block)
        return known

    def _flat_segment(self, name: bytes, flat: bytes) -> Segment:
        raw = name + b" {" + flat + b"}"
        known = self._segments.get(raw)
        if known is None:
            items = self._sections.items(flat)
            known = self._segments[raw] = build_segment(Section(text_of(name), fill(items, ())))
        return known
