"""LVM text ⇄ model: an iterative splitter, a pyparsing grammar for flat sections, a renderer.

The splitter cuts a text into flat sections (VG head, each PV, each LV, each segment, each other
block) without their nested blocks, so that pyparsing never sees a brace and depth is bounded by 16.
Each distinct section of a corpus is parsed exactly once: `TextParser` interns by the section's bytes,
with what the index scan reads (seqno, the trailer) masked first.
Grammar: lvm2 `libdm/libdm-config.c`; facts: comments to end of line anywhere, `#` and braces inside
strings, octal by a leading zero, same key twice: last wins.
"""

from __future__ import annotations

from lvtui.lvm.model import VolumeGroup

DEPTH_MAX = 16
SECTION_BYTES_MAX = 64 * 1024


class TextParser:
    """Parses the texts of one corpus; keeps what is distinct."""

    def __init__(self) -> None:
        self.parser_calls = 0
        """How often pyparsing ran: equals `distinct_sections`, exactly."""
        self.distinct_sections = 0

    def parse(self, text: bytes) -> VolumeGroup:
        """Parse one whole text, in ring order or in backup-file order with comments.

        Raises:
            FormatError: with the offset in the text, what was expected and what was found.
        """
        raise NotImplementedError


def render(vg: VolumeGroup) -> bytes:
    """LVM's own on-disk syntax (ring form: no indentation, VG first, then the trailer)."""
    raise NotImplementedError
