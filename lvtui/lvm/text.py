"""LVM's text → model: each distinct section of a corpus goes through the grammar exactly once.

A text is cut by `ring.py` (the form in the ring) or by `split.py` (any other), its sections are
parsed by `grammar.py` and kept by `sections.py`, given meaning by `build.py`; `render.py` is the way
back. What the index scan reads (the seqno; the trailer's description, host and time) is masked
before sections are compared: heads that differ by the seqno alone are one section.
Grammar: lvm2 `libdm/libdm-config.c`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from lvtui.errors import FormatError
from lvtui.lvm.build import FieldError, build_lv, build_pv, build_segment, is_segment
from lvtui.lvm.group import VgHead, build_head, build_vg
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, Section, Segment, Statement, VolumeGroup
from lvtui.lvm.render import render
from lvtui.lvm.ring import RingCut, cut_ring, whole_volume
from lvtui.lvm.sections import Items, SectionStore
from lvtui.lvm.split import (
    BLOCKS_MAX,
    DEPTH_MAX,
    HOLE,
    SECTION_BYTES_MAX,
    Block,
    split,
    syntax_error,
)
from lvtui.lvm.tokens import SectionError
from lvtui.lvm.trailer import read_trailer

__all__ = ["DEPTH_MAX", "SECTION_BYTES_MAX", "TEXT_BYTES_MAX", "TextParser", "render"]

TEXT_BYTES_MAX = 64 * 1024 * 1024

_Built = TypeVar("_Built")

_BOM = b"\xef\xbb\xbf"
_CONTENTS = "Text Format Volume Group"
_LVS_DEPTH = 2
_SEQNO = re.compile(rb'\s*id\s*=\s*"[^"\\]*"\s*seqno\s*=\s*(0|[1-9][0-9]{0,8})(?=\s)')


class _NotRingFormError(Exception):
    """The fast cut proposed a piece that is not one block."""


class _Pieces(dict[bytes, LogicalVolume]):
    """LVs by their piece of a ring cut; one that was not seen yet is parsed when it is asked for."""

    def __init__(self, parse: Callable[[bytes], LogicalVolume]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, piece: bytes) -> LogicalVolume:
        volume = self[piece] = self._parse(piece)
        return volume


def _str(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _only_block(text: bytes, blocks: list[Block]) -> Block:
    outer = blocks[-1]
    if outer.flat != HOLE or outer.children[0].start != 0 or outer.children[0].end != len(text):
        raise _NotRingFormError
    return outer.children[0]


class TextParser:
    """Parses the texts of one corpus; keeps what is distinct."""

    def __init__(self) -> None:
        self._store = SectionStore()
        self._heads: dict[bytes, VgHead] = {}
        self._pvs: dict[bytes, PhysicalVolume] = {}
        self._lvs: dict[bytes, LogicalVolume] = {}
        self._segments: dict[bytes, Segment] = {}
        self._pieces = _Pieces(self._piece)

    @property
    def parser_calls(self) -> int:
        """How often pyparsing ran: equals `distinct_sections`, exactly."""
        return self._store.parser_calls

    @property
    def distinct_sections(self) -> int:
        """How many distinct flat sections the texts so far had."""
        return self._store.distinct_sections

    def parse(self, text: bytes, *, pasted: bool = False) -> VolumeGroup:
        """Parse one whole text, in ring order or in backup-file order with comments.

        Args:
            text: its bytes; a byte order mark, CRLF, and what follows a NUL do not matter.
            pasted: the text may be a VG's block alone, as people paste it, without a trailer.

        Raises:
            FormatError: with the offset in the text, what was expected and what was found.
        """
        if len(text) > TEXT_BYTES_MAX:
            raise FormatError(
                "LV-TXT-01",
                "the metadata text of {found:bytes} is longer than {expected:bytes}",
                offset_bytes=TEXT_BYTES_MAX,
                expected=TEXT_BYTES_MAX,
                found=len(text),
            )
        if (nul := text.find(b"\0")) >= 0:
            text = text[:nul]
        vg = self.parse_ring_form(text) or self.parse_any_form(text)
        self._check_contents(vg, len(text), pasted=pasted)
        return vg

    def parse_ring_form(self, text: bytes) -> VolumeGroup | None:
        """Parse a text by the fast cut; None where it is not in the ring's form or is broken."""
        cut = cut_ring(text)
        # The limit on sections is the splitter's to tell.
        if cut is None or text.count(b"{") > BLOCKS_MAX:
            return None
        try:
            head = self._heads.get(cut.skeleton) or self._skeleton(cut)
            lvs = tuple(map(self._pieces.__getitem__, cut.volumes))
            trailer = read_trailer(HOLE + cut.outer, self._store)
        except (FormatError, SectionError, _NotRingFormError):
            return None
        return build_vg(head, cut.seqno, lvs, trailer)

    def parse_any_form(self, text: bytes) -> VolumeGroup:
        """Parse a text by the splitter."""
        if text.startswith(_BOM):
            text = b"   " + text[len(_BOM) :]
        blocks = split(text)
        outer = blocks[-1]
        if not outer.children:
            raise syntax_error(text, outer.end, "the section of a volume group")
        if len(outer.children) > 1:
            raise syntax_error(text, outer.children[1].start, "one volume group to a text")
        (group,) = outer.children
        seqno, head = self._head(text, blocks, group)
        lvs = tuple(
            self._lv(text, blocks, block)
            for container in group.children
            if container.name == b"logical_volumes"
            for block in self._members(text, container)
        )
        try:
            trailer = read_trailer(outer.flat, self._store)
        except SectionError as error:
            raise syntax_error(text, outer.locate(error.flat_offset), error.expected) from None
        return build_vg(head, seqno, lvs, trailer)

    def _check_contents(self, vg: VolumeGroup, end: int, *, pasted: bool) -> None:
        fields = {statement.key: statement.value for statement in vg.trailer}
        if pasted and "contents" not in fields:
            return
        for key, expected in (("contents", _CONTENTS), ("version", 1)):
            if fields.get(key) != expected:
                raise FormatError(
                    "LV-TXT-07",
                    "the metadata text does not say {key} = {expected}, but {found}",
                    offset_bytes=end,
                    key=key,
                    expected=expected,
                    found=str(fields.get(key, "nothing"))[:64],
                )

    def _skeleton(self, cut: RingCut) -> VgHead:
        blocks = split(cut.skeleton)
        _, head = self._head(cut.skeleton, blocks, _only_block(cut.skeleton, blocks))
        self._heads[cut.skeleton] = head
        return head

    def _piece(self, piece: bytes) -> LogicalVolume:
        text = whole_volume(piece)
        blocks = split(text, depth=_LVS_DEPTH)
        return self._lv(text, blocks, _only_block(text, blocks))

    def _head(self, text: bytes, blocks: list[Block], group: Block) -> tuple[int, VgHead]:
        pvs = tuple(
            self._pv(text, blocks, block)
            for container in group.children
            if container.name == b"physical_volumes"
            for block in self._members(text, container)
        )
        flat = group.flat
        seqno = 0
        masked = _SEQNO.match(flat)
        if masked is not None:
            seqno = int(masked[1])
            flat = flat[: masked.start(1)] + b"0" + flat[masked.end(1) :]
        items = iter(self._items(text, group, flat, masked))
        children: list[Statement | Section] = []
        nested = iter(group.children)
        for item in items:
            if item is not None:
                children.append(item)
            elif (block := next(nested)).name not in {b"physical_volumes", b"logical_volumes"}:
                children.append(self._section(text, blocks, block))
        section = Section(_str(group.name), tuple(children))
        head = self._build(group, lambda: build_head(section, pvs, seqno_masked=masked is not None))
        return (seqno if masked is not None else head.seqno), head

    def _members(self, text: bytes, container: Block) -> list[Block]:
        if any(item is not None for item in self._items(text, container, container.flat)):
            raise syntax_error(text, container.start, "a section that holds only sections")
        return container.children

    def _pv(self, text: bytes, blocks: list[Block], block: Block) -> PhysicalVolume:
        raw = text[block.start : block.end]
        known = self._pvs.get(raw)
        if known is None:
            section = self._section(text, blocks, block)
            known = self._pvs[raw] = self._build(block, lambda: build_pv(section))
        return known

    def _lv(self, text: bytes, blocks: list[Block], block: Block) -> LogicalVolume:
        raw = text[block.start : block.end]
        known = self._lvs.get(raw)
        if known is None:
            segments: list[Segment] = []
            built: dict[int, Section] = {}
            for child in block.children:
                if is_segment(_str(child.name)):
                    segment = self._segment(text, blocks, child)
                    segments.append(segment)
                    built[child.start] = segment.section
                else:
                    built[child.start] = self._section(text, blocks, child)
            section = Section(_str(block.name), self._children(text, block, built))
            known = self._build(block, lambda: build_lv(section, tuple(segments)))
            self._lvs[raw] = known
        return known

    def _segment(self, text: bytes, blocks: list[Block], block: Block) -> Segment:
        raw = text[block.start : block.end]
        known = self._segments.get(raw)
        if known is None:
            section = self._section(text, blocks, block)
            known = self._segments[raw] = self._build(block, lambda: build_segment(section))
        return known

    def _section(self, text: bytes, blocks: list[Block], block: Block) -> Section:
        built: dict[int, Section] = {}
        for each in (*blocks[block.first : block.index], block):
            built[each.start] = Section(_str(each.name), self._children(text, each, built))
        return built[block.start]

    def _children(
        self, text: bytes, block: Block, built: dict[int, Section]
    ) -> tuple[Statement | Section, ...]:
        nested = iter(block.children)
        return tuple(
            built[next(nested).start] if item is None else item
            for item in self._items(text, block, block.flat)
        )

    def _items(
        self, text: bytes, block: Block, flat: bytes, masked: re.Match[bytes] | None = None
    ) -> Items:
        try:
            return self._store.items(flat)
        except SectionError as error:
            offset = error.flat_offset
            if masked is not None and offset > masked.start(1):
                offset += masked.end(1) - masked.start(1) - 1
            raise syntax_error(text, block.locate(offset), error.expected) from None

    def _build(self, block: Block, build: Callable[[], _Built]) -> _Built:
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
