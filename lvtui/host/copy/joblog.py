"""The worker's log: what happened to a job. A full disk under it does not stop the copy."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from lvtui.host.chainlog import ChainLog
from lvtui.host.files import Files


class JobLog:
    """A chained log that is kept as far as the file system lets it."""

    def __init__(self, path: Path, files: Files) -> None:
        """Open it.

        Raises:
            FormatError: somebody changed it.
        """
        self._log: ChainLog | None = None
        with contextlib.suppress(OSError):
            self._log = ChainLog(path, files)

    def append(self, event: str, **values: Any) -> None:  # noqa: ANN401 - JSON
        """Add a line."""
        if self._log is not None:
            with contextlib.suppress(OSError):
                self._log.append(event, **values)

    def close(self) -> None:
        """Close it."""
        if self._log is not None:
            self._log.close()
