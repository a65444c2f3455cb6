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

from lvtui.errors import FormatError
from lvtui.lvm.build import FieldError
from lvtui.lvm.group import VgHead, build_head, build_vg
from lvtui.lvm.model import LogicalVolume, Section, VolumeGroup
from lvtui.lvm.render import render
from lvtui.lvm.ring import RingCut, cut_ring, whole_volume
from lvtui.lvm.sections import SectionStore
from lvtui.lvm.split import (
    BLOCK_BYTES_MIN,
    BLOCKS_MAX,
    DEPTH_MAX,
    HOLE,
    SECTION_BYTES_MAX,
    Block,
    split,
    syntax_error,
)
from lvtui.lvm.tokens import SectionError
from lvtui.lvm.trailer import Trailer, TrailerReader
from lvtui.lvm.volumes import VolumeStore, fill, located, text_of

__all__ = ["DEPTH_MAX", "SECTION_BYTES_MAX", "TEXT_BYTES_MAX", "TextParser", "render"]

TEXT_BYTES_MAX = 64 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_CONTENTS = "Text Format Volume Group"
_LVS_DEPTH = 2
_PVS, _LVS = b"physical_volumes", b"logical_volumes"
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


def _only_block(text: bytes, blocks: list[Block]) -> Block:
    outer = blocks[-1]
    if outer.flat != HOLE or outer.children[0].start != 0 or outer.children[0].end != len(text):
        raise _NotRingFormError
    return outer.children[0]


def _check_contents(trailer: Trailer, end: int, *, pasted: bool) -> None:
    fields = {statement.key: statement.value for statement in trailer.statements}
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


class TextParser:
    """Parses the texts of one corpus; keeps what is distinct."""

    def __init__(self) -> None:
        self._sections = SectionStore()
        self._volumes = VolumeStore(self._sections)
        self._trailers = TrailerReader(self._sections)
        self._pieces = _Pieces(self._piece)
        self._heads: dict[bytes, VgHead] = {}

    @property
    def parser_calls(self) -> int:
        """How often pyparsing ran: equals `distinct_sections`, exactly."""
        return self._sections.parser_calls

    @property
    def distinct_sections(self) -> int:
        """How many distinct flat sections the texts so far had."""
        return self._sections.distinct_sections

    def watch(self, tick: Callable[[], None] | None) -> None:
        """Have `tick` called every few hundred sections that are parsed anew; it may raise to stop."""
        self._sections.tick = tick

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
        return self.parse_ring_form(text) or self.parse_any_form(text, pasted=pasted)

    def parse_ring_form(self, text: bytes) -> VolumeGroup | None:
        """Parse a text by the fast cut; None where it is not in the ring's form, or is broken."""
        # How many sections are too many is the splitter's to tell.
        if len(text) > BLOCKS_MAX * BLOCK_BYTES_MIN and text.count(b"{") > BLOCKS_MAX:
            return None
        cut = cut_ring(text)
        if cut is None or len(cut.outer) > SECTION_BYTES_MAX:
            return None
        try:
            head = self._heads.get(cut.skeleton) or self._skeleton(cut)
            lvs = tuple(map(self._pieces.__getitem__, cut.volumes))
            trailer = self._trailers.read(cut.outer)
        except (FormatError, FieldError, SectionError, _NotRingFormError):
            return None
        if not trailer.canonical:
            return None
        return build_vg(head, cut.seqno, lvs, trailer)

    def parse_any_form(self, text: bytes, *, pasted: bool = False) -> VolumeGroup:
        """Parse a text by the splitter.

        Raises:
            FormatError: as `parse`.
        """
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
            self._volumes.lv(text, blocks, block) for block in self._members(text, group, _LVS)
        )
        try:
            trailer = self._trailers.read(outer.flat)
        except SectionError as error:
            raise syntax_error(text, outer.locate(error.flat_offset), error.expected) from None
        _check_contents(trailer, len(text), pasted=pasted)
        return build_vg(head, seqno, lvs, trailer)

    def _skeleton(self, cut: RingCut) -> VgHead:
        blocks = split(cut.skeleton)
        _, head = self._head(cut.skeleton, blocks, _only_block(cut.skeleton, blocks))
        self._heads[cut.skeleton] = head
        return head

    def _piece(self, piece: bytes) -> LogicalVolume:
        volume = self._volumes.lv_of_piece(piece)
        if volume is None:
            text = whole_volume(piece)
            blocks = split(text, depth=_LVS_DEPTH)
            volume = self._volumes.lv(text, blocks, _only_block(text, blocks))
        return volume

    def _members(self, text: bytes, group: Block, name: bytes) -> list[Block]:
        members: list[Block] = []
        for container in group.children:
            if container.name == name:
                if any(item is not None for item in self._volumes.items(text, container)):
                    raise syntax_error(text, container.start, "a section that holds only sections")
                members += container.children
        return members

    def _head(self, text: bytes, blocks: list[Block], group: Block) -> tuple[int, VgHead]:
        pvs = tuple(
            self._volumes.pv(text, blocks, block) for block in self._members(text, group, _PVS)
        )
        masked = _SEQNO.match(group.flat)
        items = self._volumes.items(
            text, group if masked is None else group.masked(*masked.span(1))
        )
        # The volumes live beside the section, in `pvs` and `lvs`: their containers leave no item.
        kept = iter([child.name not in {_PVS, _LVS} for child in group.children])
        items = tuple(item for item in items if item is not None or next(kept))
        nested = [
            self._volumes.section(text, blocks, child)
            for child in group.children
            if child.name not in {_PVS, _LVS}
        ]
        section = Section(text_of(group.name), fill(items, nested))
        head = located(lambda: build_head(section, pvs, seqno_masked=masked is not None), group)
        return (head.seqno if masked is None else int(masked[1])), head
