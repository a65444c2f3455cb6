"""Whether the volume group changes under the copy: the metadata headers of its PVs, again and again."""

from __future__ import annotations

from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.joblog import JobLog
from lvtui.host.files import Files
from lvtui.message import Message, message


class SourceWatch:
    """Compares the headers with those of the job's start.

    What a change means for the copied ranges needs the text parsed and the verdict computed again,
    which the worker must not load: that is for a short child (`lvtui _recheck JOB`), started here.
    Until it exists a change is told and logged.
    """

    def __init__(self, folder: JobFolder, image: JobImage, log: JobLog, files: Files) -> None:
        """Keep the headers of the job's first start."""
        self._image = image
        self._log = log
        first = folder.headers()
        if first is None:
            first = image.headers()
            folder.write_headers(files, first)
        self._first = self._last = first

    def look(self) -> Message | None:
        """The warning when a header is not what it was at the start."""
        now = self._image.headers()
        if now != self._last:
            self._log.append("source-changed", headers=list(now))
            self._last = now
        if now == self._first:
            return None
        return message(
            "The LVM metadata of the source changed while it is copied: something uses this "
            "volume group. Ranges that were given to another volume may hold its data."
        )
