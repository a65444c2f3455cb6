"""What of LVM stands in a window of a disk: labels, area headers and ends of texts, at disk speed.

Labels and headers begin on a sector, so that one 8-byte word of each sector is looked at; texts are
found by the words that each has behind its sections, a needle long enough to be found by leaps. No
regular expression, nothing that looks at each byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lvtui.lvm.label import LABEL_ID
from lvtui.lvm.mda import MDA_MAGIC, MDA_MAGIC_AT
from lvtui.units import SECTOR_BYTES

TEXT_NEEDLE = b'contents = "Text Format Volume Group"\nversion = 1\n\ndescription = "'
"""In the ring's texts behind the sections."""

_WORD_BYTES = 8
_WORDS_A_SECTOR = SECTOR_BYTES // _WORD_BYTES
_MAGIC_WORD = MDA_MAGIC[_WORD_BYTES - MDA_MAGIC_AT : 2 * _WORD_BYTES - MDA_MAGIC_AT]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Offsets in the window; nothing of it is checked yet."""

    labels: tuple[int, ...]
    headers: tuple[int, ...]
    texts: tuple[int, ...]
    """Of `TEXT_NEEDLE`."""


def sift(window: bytearray, start: int, end: int) -> Sifted:
    """Look through `window[start:end]`.

    Args:
        window: bytes of the disk.
        start: on a sector of the disk; what stands before it was looked through already, and a
            needle may have begun there.
        end: labels and headers are found in whole sectors before it.
    """
    whole = (end - start) // SECTOR_BYTES * SECTOR_BYTES
    labels: tuple[int, ...] = ()
    headers: tuple[int, ...] = ()
    with memoryview(window) as view, view[start : start + whole].cast("Q") as words:
        if whole:
            labels = tuple(start + at for at in _sectors(words, 0, LABEL_ID))
            headers = tuple(start + at for at in _sectors(words, 1, _MAGIC_WORD))
    return Sifted(labels, headers, tuple(_texts(window, start, end)))


def _sectors(words: memoryview[int], number: int, word: bytes) -> Iterator[int]:
    """Offsets of the sectors whose word of that number is this one."""
    gathered = words[number::_WORDS_A_SECTOR].tobytes()
    at = gathered.find(word)
    while at >= 0:
        if at % _WORD_BYTES == 0:
            yield at // _WORD_BYTES * SECTOR_BYTES
        at = gathered.find(word, at + 1)


def _texts(window: bytearray, start: int, end: int) -> Iterator[int]:
    at = window.find(TEXT_NEEDLE, max(0, start - len(TEXT_NEEDLE) + 1), end)
    while at >= 0:
        yield at
        at = window.find(TEXT_NEEDLE, at + len(TEXT_NEEDLE), end)
