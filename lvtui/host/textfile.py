"""A small text file of the operator, as lines."""

from __future__ import annotations

import os
from pathlib import Path

from lvtui.errors import UserError

BYTES_MAX = 1 << 20


def read_lines(path: str) -> tuple[str, ...]:
    """The lines of a file.

    Raises:
        UserError: `LV-ASK-14`, it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(BYTES_MAX)
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno or 0) if isinstance(error, OSError) else "a wrong name"
        raise UserError("LV-ASK-14", "{path} cannot be read: {why}.", path=path, why=why) from error
    return tuple(data.decode("utf-8", "replace").splitlines())
