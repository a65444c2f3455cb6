"""From the answers to a running copy; the last call before anything is written."""

from __future__ import annotations

from pathlib import Path

from lvtui.errors import LvtuiError
from lvtui.flow.copy import default_file_name, make_job, start_job
from lvtui.ui.walk import Walk


def image_path(walk: Walk, index: int, folder: str) -> str:
    """Where the image of the n-th marked volume goes: a folder, or a file for a single volume."""
    name = default_file_name(walk.marked[index], walk.session.format)
    if len(walk.marked) == 1 and Path(folder).suffix in {".lv", ".img", ".raw", ".vhd"}:
        return folder
    return str(Path(folder) / name)


def begin_copy(walk: Walk, index: int, folder: str) -> str:
    """Start the worker of the n-th marked volume; returns its job directory.

    Raises:
        LvtuiError: the destination is refused, the volume cannot be mapped, the case is locked.
    """
    if walk.discovery is None or walk.session.case_dir is None:
        raise LvtuiError("LV-UI-01", "There is no case to keep the copy in. Choose the disk again.")
    spec = make_job(
        walk.discovery,
        walk.marked[index],
        to=image_path(walk, index, folder),
        fmt=walk.session.format,
        rate_bytes_per_s=walk.session.rate_bytes_per_s,
    )
    return str(start_job(Path(walk.session.case_dir), spec))
