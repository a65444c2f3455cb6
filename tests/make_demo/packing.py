"""An image file → the runs that `lvtui.demo.disk` packs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from lvtui.demo.disk import STORED, Run

PAGE = 4096
LONGEST = 1 << 20  # stored runs are written in one piece each


def _pages(image: Path) -> Iterator[tuple[int, int, bytes]]:
    """(offset, the byte that fills the page or STORED, bytes) of every page that is not zero."""
    with image.open("rb") as f:
        offset = 0
        while chunk := f.read(LONGEST):
            if chunk.count(0) != len(chunk):
                for at in range(0, len(chunk), PAGE):
                    page = chunk[at : at + PAGE]
                    fill = page[0] if page.count(page[0]) == len(page) else STORED
                    if fill:
                        yield offset + at, fill, page
            offset += len(chunk)


def runs_of(image: Path) -> list[Run]:
    """Neighbouring pages of one kind joined."""
    runs: list[Run] = []
    for offset, fill, page in _pages(image):
        last = runs[-1] if runs else None
        joins = last and last.fill == fill and last.offset_bytes + last.length_bytes == offset
        if last and joins and (fill != STORED or last.length_bytes < LONGEST):
            runs[-1] = Run(
                last.offset_bytes,
                last.length_bytes + len(page),
                fill,
                last.data + page if fill == STORED else b"",
            )
        else:
            runs.append(Run(offset, len(page), fill, page if fill == STORED else b""))
    return runs


def sha256_of(image: Path) -> str:
    """Of the whole image."""
    with image.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()
