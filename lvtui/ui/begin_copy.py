"""From the answers to a running copy; the last call before anything is written."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from lvtui.errors import CheckStop
from lvtui.flow.copy import default_file_name, make_job, start_job
from lvtui.flow.extract import destinations
from lvtui.flow.formats import format_of
from lvtui.plan.remote import is_remote
from lvtui.ui.walk import Walk


def shown_path(walk: Walk, index: int, folder: str) -> str:
    """Where the image of the n-th marked volume goes, for the screen: no disk is asked."""
    report = walk.marked[index]
    name = default_file_name(report, format_of(report, walk.session.format))
    if is_remote(folder):
        return folder + name if folder.endswith("/") else folder
    given = PurePosixPath(folder)
    is_file = len(walk.marked) == 1 and given.suffix == PurePosixPath(name).suffix
    return str(given if is_file else given / name)


def image_path(walk: Walk, index: int, folder: str) -> str:
    """The same, after a look at the folder.

    Raises:
        LvtuiError: several volumes need a folder.
    """
    return destinations(walk.marked, folder, walk.session.format)[index]


def begin_copy(walk: Walk, index: int, folder: str) -> str:
    """Start the worker of the n-th marked volume; returns its job directory.

    Raises:
        LvtuiError: the destination is refused, the volume cannot be mapped, the case is locked.
    """
    if walk.discovery is None or walk.session.case_dir is None:
        raise CheckStop(
            "LV-WIZ-01",
            "There is no case folder to keep the copy's place in. Choose the disk again; the Device "
            "page says what is missing.",
        )
    report = walk.marked[index]
    spec = make_job(
        walk.discovery,
        report,
        to=image_path(walk, index, folder),
        fmt=format_of(report, walk.session.format),
        rate_bytes_per_s=walk.session.rate_bytes_per_s,
    )
    return str(start_job(Path(walk.session.case_dir), spec, terminal=False))
