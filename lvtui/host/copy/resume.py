"""What of an interrupted copy can be trusted: its last part is read back and compared.

A drive may have lied about what it had made durable; what was written just before a crash is where
that shows.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from lvtui.host.copy.engine import CHECKPOINT_BYTES
from lvtui.host.copy.manifest import CHUNK_BYTES, UNIT_BYTES, Manifest, chunk_bytes
from lvtui.host.copy.mapstore import Checkpoint
from lvtui.host.copy.target import Target
from lvtui.host.copy.verify import BackReader
from lvtui.plan.mapfile import BlockStatus, CopyMap
from lvtui.source import ByteRange

WINDOW_CHUNKS = CHECKPOINT_BYTES // CHUNK_BYTES
"""A checkpoint covers no more; as long as a window holds a lie, the one before is read too."""


def trusted(checkpoint: Checkpoint, manifest: Manifest, target: Target) -> Checkpoint:
    """The checkpoint with those chunks untried again that are not what their digests say.

    Raises:
        OSError: the image cannot be read.
    """
    copy_map = checkpoint.copy_map
    last = -(-min(copy_map.position_bytes, manifest.size_bytes) // CHUNK_BYTES)
    with BackReader(target.path) as reader:
        while last > 0:
            first = max(last - WINDOW_CHUNKS, 0)
            wrong = [
                chunk
                for index in range(first, last)
                if _is_whole(copy_map, chunk := _chunk(index, manifest.size_bytes))
                and _digest(reader, chunk) != manifest.digest(index)
            ]
            if not wrong:
                break
            for chunk in wrong:
                copy_map = copy_map.advance(chunk, BlockStatus.UNTRIED)
            last = first
    return replace(checkpoint, copy_map=copy_map)


def _chunk(index: int, size_bytes: int) -> ByteRange:
    return ByteRange(index * CHUNK_BYTES, chunk_bytes(index, size_bytes))


def _is_whole(copy_map: CopyMap, chunk: ByteRange) -> bool:
    """Whether all of a chunk was tried: only then it has a digest."""
    tried = {BlockStatus.DONE, BlockStatus.BAD}
    return all(block.status in tried for block in copy_map.within(chunk))


def _digest(reader: BackReader, chunk: ByteRange) -> bytes:
    digest = hashlib.sha256()
    for start in range(chunk.offset_bytes, chunk.end_bytes, UNIT_BYTES):
        digest.update(reader.read(start, min(UNIT_BYTES, chunk.end_bytes - start)))
    return digest.digest()
