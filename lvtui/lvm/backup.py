"""Metadata texts that stand in files: what `vgcfgbackup` wrote, what people pasted, saved heads of PVs.

A backup file has the trailer's statements first, tabs, and comments behind sizes (lvm2
`lib/format_text/export.c`, `archive.c`). Pasting leaves other indentation, CRLF, a byte order mark, or
a group's block alone; all that is read. What was cut, quoted or prettified is refused with its line.
Such a text has no checksum and no place on a disk. A file that holds bytes instead of text is taken
for the head of a PV, as `lvmdump -m` saves it: its areas are carved.
"""

from __future__ import annotations

import codecs
import re

from lvtui.errors import FormatError
from lvtui.lvm.areas import find_areas
from lvtui.lvm.carve import CopyState, MetadataCopy, Origin, carve_range, carve_source
from lvtui.lvm.index import TextIndex
from lvtui.lvm.label import LABEL_SCAN_SECTORS, find_labels
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.split import CLOSING_BRACE
from lvtui.lvm.text import TextParser
from lvtui.lvm.tokens import STRING
from lvtui.source import BytesSource
from lvtui.units import SECTOR_BYTES

NO_DEVICE = -1
"""`MetadataCopy.device` of a text in a file; heads of PVs count down from there."""
_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ARCHIVED = re.compile(r"(?:^|/)[^/]*_\d{5,}-\d+\.vg(?:\.gz)?$")
_BEFORE, _AFTER = "Created *before* executing", "Created *after* executing"
_SPOILED = re.compile(
    rf"{STRING}|#[^\n\0]*+|(?P<quoted>^[ \t]*>)|(?P<odd>[^\x00-\x7f])",
    re.MULTILINE | re.DOTALL,
)
"""What pasting leaves outside of strings and comments: marks of a mail, and what is not ASCII."""
_TEXT_MARKS = (b"seqno", b"physical_volumes", b"extent_size")
_FOUND_CHARS_MAX = 80


def is_text(data: bytes) -> bool:
    """Whether a file can hold one metadata text: it has no NUL but in its last bytes."""
    if any(data.startswith(mark) for mark, _ in _UTF16):
        return True
    return b"\0" not in data.rstrip(b"\0\n")


def looks_like_metadata(data: bytes) -> bool:
    """Whether a text speaks of a volume group at all: folders hold other files as well."""
    text = _as_utf8(data)
    return all(mark in text for mark in _TEXT_MARKS)


def read_backup(data: bytes, *, file: str, parser: TextParser) -> MetadataCopy:
    """The text of one file.

    Args:
        data: its bytes.
        file: its name, for the operator; one in the form of an archive file tells its origin.
        parser: of the corpus that it joins.

    Raises:
        FormatError: `LV-TXT-08`, with the number of the line that is not LVM's.
    """
    text = _as_utf8(data).rstrip(b"\0")
    _refuse_spoiled(text, file)
    try:
        vg = parser.parse(text, pasted=True)
    except FormatError as error:
        raise _refused(text, error, file) from error
    return MetadataCopy(
        device=NO_DEVICE,
        area=None,
        offset_bytes=0,
        length_bytes=len(text),
        state=CopyState.WHOLE,
        text=text,
        index=_index(vg),
        origin=_origin(vg, file),
        file=file,
    )


def read_head(data: bytes, *, file: str, number: int) -> tuple[MetadataCopy, ...]:
    """Every text in the saved head of a PV; empty where none is.

    What its header called committed was so when the head was saved, which nobody can tell from it.

    Args:
        data: the first bytes of a PV, or of a disk that is one.
        file: its name, for the operator.
        number: 0 for the first such file, and so on: each is a ring of its own.
    """
    source = BytesSource(data)
    device = NO_DEVICE - 1 - number
    labels = find_labels(data[: LABEL_SCAN_SECTORS * SECTOR_BYTES])
    areas = find_areas(labels[0] if labels else None, source, device)
    copies = carve_source(source, areas, device)
    if not copies:
        copies = carve_range(data, device=device, offset_bytes=0)
    return tuple(copy._replace(file=file) for copy in copies)


def has_trailer(copy: MetadataCopy) -> bool:
    """Whether a text says when it was written; one that does not gets a new trailer."""
    return copy.index.creation_time is not None


def _as_utf8(data: bytes) -> bytes:
    for mark, encoding in _UTF16:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace").encode()
    return data


def _index(vg: VolumeGroup) -> TextIndex:
    return TextIndex(
        vg_name=vg.name,
        vg_uuid=vg.uuid,
        seqno=vg.seqno,
        creation_time=vg.creation_time,
        creation_host=vg.creation_host,
        description=vg.description,
        lv_count=len(vg.lvs),
    )


def _origin(vg: VolumeGroup, file: str) -> Origin:
    """An archive is what stood before a command, a backup what stood after it."""
    said = vg.description or ""
    if said.startswith(_BEFORE) or (not said.startswith(_AFTER) and _ARCHIVED.search(file)):
        return Origin.ARCHIVE_FILE
    return Origin.BACKUP_FILE


def _refuse_spoiled(text: bytes, file: str) -> None:
    shown = text.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    for found in _SPOILED.finditer(shown):
        if found["quoted"] is not None:
            template = (
                "{file} cannot be used: its line {line} is quoted as in a mail ({found}). Nothing "
                "was changed. Take the file itself, not an answer that quotes it."
            )
        elif found["odd"] is not None:
            template = (
                "{file} cannot be used: its line {line} has a character that LVM never writes there "
                "({found}): typographic quotes or blanks. Nothing was changed. Take the file "
                "itself, not a formatted copy."
            )
        else:
            continue
        raise _error(template, file, shown, found.start())


def _refused(text: bytes, error: FormatError, file: str) -> FormatError:
    shown = text.decode("utf-8", "surrogateescape")
    at = len(text[: error.offset_bytes].decode("utf-8", "surrogateescape"))
    expected = dict(error.message.values).get("expected")
    if expected == CLOSING_BRACE or at >= len(shown.rstrip()):
        return _error(
            "{file} cannot be used: it is cut off at its line {line} ({found}). Nothing was changed. "
            "Take the whole file.",
            file,
            shown,
            len(shown.rstrip()),
        )
    return _error(
        "{file} cannot be used: its line {line} is not LVM's ({found}): {why}. Nothing was changed.",
        file,
        shown,
        at,
        why=str(error),
    )


def _error(template: str, file: str, text: str, at: int, **values: str) -> FormatError:
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return FormatError(
        "LV-TXT-08",
        template,
        offset_bytes=len(text[:at].encode("utf-8", "surrogateescape")),
        file=file,
        line=text.count("\n", 0, at) + 1,
        found=text[start : end if end >= 0 else len(text)].strip()[:_FOUND_CHARS_MAX],
        **values,
    )
