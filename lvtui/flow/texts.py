"""Texts that the operator names beside SOURCE (`--texts`): they join its versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.errors import FormatError, NoMetadataError
from lvtui.lvm.backup import has_trailer, is_text, looks_like_metadata, read_backup, read_head
from lvtui.lvm.carve import MetadataCopy
from lvtui.lvm.history import History
from lvtui.lvm.text import TextParser
from lvtui.message import Message, message

_NAMED_MAX = 8
"""Files that could not be used are named up to here, then counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What the files held."""

    copies: tuple[MetadataCopy, ...] = ()
    warnings: tuple[Message, ...] = ()
    """Files that were passed over, texts without a trailer."""


def read_texts(paths: tuple[str, ...], parser: TextParser) -> Texts:
    """Every text of the named files, folders and tarballs.

    Raises:
        FormatError: a file that was named itself is no text; in a folder it is passed over, and
            said. NoMetadataError: none of them holds one. UserError, SourceReadError: as `collect`.
    """
    if not paths:
        return Texts()
    from lvtui.host.texts import collect  # noqa: PLC0415 - packers, only where files are named

    copies: list[MetadataCopy] = []
    heads = 0
    passed_over: list[Message] = []
    notes: list[Message] = []
    for file in collect(paths):
        if file.problem is not None:
            passed_over.append(file.problem)
        elif is_text(file.data):
            if not file.alone and not looks_like_metadata(file.data):
                continue
            try:
                copy = read_backup(file.data, file=file.name, parser=parser)
            except FormatError as error:
                if file.alone:
                    raise
                passed_over.append(error.message)
                continue
            copies.append(copy)
            if not has_trailer(copy):
                notes.append(_no_trailer(copy))
        else:
            found = _head(file.data, file.name, heads, alone=file.alone)
            heads += 1
            copies += found
    if not copies:
        raise NoMetadataError(
            "LV-BAK-06",
            "No LVM metadata text was found in {paths}.{why} Nothing was changed.",
            paths=", ".join(paths),
            why="".join(f" {problem}" for problem in passed_over[:1]),
        )
    return Texts(copies=tuple(copies), warnings=(*notes, *_shortened(passed_over)))


def _head(data: bytes, file: str, number: int, *, alone: bool) -> tuple[MetadataCopy, ...]:
    found = read_head(data, file=file, number=number)
    if not found and alone:
        raise NoMetadataError(
            "LV-BAK-07",
            "{file} holds bytes, but no LVM metadata text: it is neither a backup file, nor a tarball "
            "of lvmdump, nor the saved head of a PV. Nothing was changed.",
            file=file,
        )
    return found


def _no_trailer(copy: MetadataCopy) -> Message:
    return message(
        "{file} (version {seqno} of VG {vg}) has no trailer: time and host of its writing are not "
        "known; where it is restored, a new trailer is written",
        file=copy.file or "?",
        seqno=copy.index.seqno or 0,
        vg=copy.index.vg_name or "?",
    )


def _shortened(problems: list[Message]) -> Iterable[Message]:
    yield from problems[:_NAMED_MAX]
    if len(problems) > _NAMED_MAX:
        more = len(problems) - _NAMED_MAX
        yield message("and {more:count} more files likewise", more=more)


def strangers(histories: Iterable[History]) -> tuple[Message, ...]:
    """Groups of which SOURCE itself holds no text, while it holds some of another."""
    files_only = {
        history.vg_uuid: history
        for history in histories
        if all(copy.file is not None for version in history.versions for copy in version.copies)
    }
    on_source = [h for h in histories if h.vg_uuid not in files_only and h.vg_uuid is not None]
    if not on_source:
        return ()
    return tuple(
        message(
            "VG {vg} ({uuid}) stands only in the files that were named: {source} is another group, "
            "their texts are not mixed",
            vg=history.vg_name or "?",
            uuid=history.vg_uuid or "uuid unknown",
            source=on_source[0].vg_name or "what is on SOURCE",
        )
        for history in files_only.values()
    )
