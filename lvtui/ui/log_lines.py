"""The last lines of lvtui's own log, for F2. Log text is English and passes `safe`."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime

from lvtui.safe import safe
from lvtui.ui.widgets.text import Row, columns, row, say

LINES_MAX = 2000


class LogLines(logging.Handler):
    """Keeps the newest lines in memory; the file is the case's."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: deque[Row] = deque(maxlen=LINES_MAX)
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as a row."""
        self._count += 1
        utc = datetime.fromtimestamp(record.created, UTC)
        cells = (
            (safe(str(self._count)), -5),
            (safe(f"{utc:%H:%M:%S}Z"), 9),
            (safe(f"{utc.astimezone():%H:%M:%S}"), 8),
            (safe(record.levelname), 7),
        )
        text = safe(record.getMessage(), limit_chars=400)
        self.lines.append(row(say("{head} {text}", head=columns(*cells), text=text)))


def log_rows() -> tuple[Row, ...]:
    """The lines that the handler of the `lvtui` logger holds."""
    for handler in logging.getLogger("lvtui").handlers:
        if isinstance(handler, LogLines) and handler.lines:
            return tuple(handler.lines)
    return (row(say(" Nothing was logged yet.")),)
