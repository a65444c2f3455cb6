"""What of an interrupted copy can be trusted: its last part is read back and compared.

A drive may have lied about what it had made durable; what was written just before a crash is where
that shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lvtui.host.copy.manifest import CHUNK_BYTES, Manifest, chunk_bytes, chunk_count
from lvtui.host.copy.mapstore import Checkpoint
from lvtui.host.copy.open_image import OpenImage
from lvtui.host.copy.ranges import forget_part, is_whole
from lvtui.plan.mapfile import BlockStatus, CopyMap
from lvtui.source import ByteRange


def trusted(checkpoint: Checkpoint, manifest: Manifest, target: OpenImage) -> Checkpoint:
    """The checkpoint with those chunks untried again that are not what their digests say.

    Looked at are those of the last checkpoint; where one of them is wrong, all. What is there of a
    recent chunk that is not whole has no digest: it is copied again.

    Raises:
        OSError: the image cannot be read.
    """
    copy_map, size_bytes = checkpoint.copy_map, manifest.size_bytes
    recent = [index for index in checkpoint.recent if index < chunk_count(size_bytes)]
    for index in recent:
        copy_map = forget_part(copy_map, _chunk(index, size_bytes))
    wrong = _wrong(copy_map, recent, manifest, target)
    if wrong:
        wrong = _wrong(copy_map, range(chunk_count(size_bytes)), manifest, target)
    for chunk in wrong:
        copy_map = copy_map.advance(chunk, BlockStatus.UNTRIED)
    return replace(checkpoint, copy_map=copy_map)


def _wrong(
    copy_map: CopyMap, indexes: Iterable[int], manifest: Manifest, target: OpenImage
) -> list[ByteRange]:
    whole = [
        chunk
        for index in indexes
        if is_whole(copy_map, chunk := _chunk(index, manifest.size_bytes))
    ]
    found = target.back_digests(whole)
    return [
        chunk
        for chunk, digest in zip(whole, found, strict=True)
        if digest != manifest.digest(chunk.offset_bytes // CHUNK_BYTES)
    ]


def _chunk(index: int, size_bytes: int) -> ByteRange:
    return ByteRange(index * CHUNK_BYTES, chunk_bytes(index, size_bytes))
