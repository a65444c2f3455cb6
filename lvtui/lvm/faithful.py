"""Whether a text of a ring is byte for byte what LVM writes: one that is not was damaged.

`render.py` gives back every byte of what the model holds, in the form of the release that the text
names. Versions share nearly all of their blocks, so each distinct one is rendered once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.render import has_linear_comment, render, render_trailer, render_volume
from lvtui.lvm.ring import cut_ring, whole_volume
from lvtui.lvm.split import HOLE

_HOST = re.compile(rb"(?<=\ncreation_host = )[^\n]*")


@dataclass(slots=True)
class Faithful:
    """Remembers of each block of a corpus whether it is LVM's own."""

    _blocks: dict[str, dict[bytes, bool]] = field(default_factory=dict)
    """By release, which decides about the form."""

    def damaged(self, text: bytes, vg: VolumeGroup) -> list[bytes]:
        """The blocks that are not what they render to; empty bytes for what each text has its own.

        Args:
            text: of a ring, without its NUL.
            vg: what it was parsed to.
        """
        cut = cut_ring(text)
        if cut is None or len(cut.volumes) != len(vg.lvs):
            return [] if _is_same(render(vg), text) else [b""]
        found = []
        if not _is_same("\n" + render_trailer(vg), cut.outer.removeprefix(HOLE)):
            found.append(b"")
        blocks = self._blocks.setdefault(release_of(vg), {})
        if not all(map(blocks.get, cut.volumes)):
            linear_comment = has_linear_comment(vg)
            for piece, lv in zip(cut.volumes, vg.lvs, strict=True):
                if piece not in blocks:
                    rendered = render_volume(lv, linear_comment=linear_comment)
                    blocks[piece] = _is_same(rendered, whole_volume(piece) + b"\n")
                if not blocks[piece]:
                    found.append(piece)
        if cut.skeleton not in blocks and not found:
            blocks[cut.skeleton] = _is_same(render(vg), text)
        if not blocks.get(cut.skeleton, True):
            found.append(cut.skeleton)
        return found


def release_of(vg: VolumeGroup) -> str:
    """`2.03.16(2)`; a text that names none is rendered as a new one."""
    words = (vg.generated_by or "").split(" ", 2)
    return words[2].split(" ", 1)[0] if len(words) > 2 else ""


def _is_same(rendered: bytes | str, text: bytes) -> bool:
    """Byte for byte, but for what damage cannot make and a model does not hold.

    A blank line more is a release's habit (damage makes no line feed without taking a character); a
    host's name is written without escapes, so that its backslashes cannot be counted.
    """
    own = rendered if isinstance(rendered, bytes) else rendered.encode("utf-8", "surrogateescape")
    return own == text or _is_loosely(own, text)


def _is_loosely(own: bytes, text: bytes) -> bool:
    wanted = iter(_HOST.sub(_single, own).split(b"\n"))
    due = next(wanted, None)
    for line in _HOST.sub(_single, text).split(b"\n"):
        if line == due:
            due = next(wanted, None)
        elif line:
            return False
    return due is None


def _single(host: re.Match[bytes]) -> bytes:
    return host[0].replace(b"\\\\", b"\\")
