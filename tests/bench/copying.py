"""One copy by the worker's own engine, in a process of its own, for `tests.bench.copy`.

python -m tests.bench.copying SOURCE IMAGE SIZE [--plain]

Up to the last checkpoint, as the peers do: nothing is read back. With `--plain` nothing is hashed, and
the image is made durable once, at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from lvtui.host.copy import engine, run
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.hasher import ChunkHasher
from lvtui.host.device import SourceDevice
from lvtui.host.files import SystemFiles
from lvtui.host.machine import SystemClock
from lvtui.plan.facts import CopyState
from lvtui.plan.job import JobPiece, JobSource, JobSpec


class NoHasher(ChunkHasher):
    """Hashes nothing."""

    def update(self, data: bytes) -> None:
        """Forget it."""

    def zeros(self, length_bytes: int) -> None:
        """Forget it."""


def main() -> int:
    """Copy; the exit code is 0 for a whole copy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("image")
    parser.add_argument("size_bytes", type=int)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    if options.plain:
        setattr(engine, "CHECKPOINT_BYTES", 2**62)  # noqa: B010 - one fsync, as the peer
        setattr(engine, "CHECKPOINT_SECONDS", 1e9)  # noqa: B010
        setattr(engine, "ChunkHasher", NoHasher)  # noqa: B010
    setattr(run._Run, "_finish", lambda *_: None)  # noqa: B010 - nothing is read back
    with SourceDevice(options.source) as device:
        identity = device.identity
    source = JobSource(path=options.source, pv_uuid=None, identity=identity, metadata_areas=())
    piece = JobPiece(
        out_offset_bytes=0, length_bytes=options.size_bytes, source=0, source_offset_bytes=0
    )
    spec = JobSpec(
        lv_name="bench",
        lv_uuid="bench",
        vg_uuid=None,
        version_id="1",
        format="lv",
        size_bytes=options.size_bytes,
        sources=(source,),
        pieces=(piece,),
        to=options.image,
    )
    part = Path(options.image + ".part")
    part.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=part.parent) as scratch:
        folder = JobFolder(Path(scratch))
        folder.write_spec(SystemFiles(), spec)
        progress = run.run(folder, SystemFiles(), SystemClock())
    os.rename(part, options.image)  # noqa: PTH104
    return int(progress.state is not CopyState.DONE)


if __name__ == "__main__":
    sys.exit(main())
