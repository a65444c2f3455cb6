"""An image on another host: `ssh://[USER@]HOST[:PORT]/PATH` as a value. The only place that reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lvtui.errors import UserError

PREFIX = "ssh://"
_FORM = re.compile(
    r"ssh://(?:(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})@)?"
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^\x00-\x1f\x7f]{1,4000})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file on another host."""

    host: str
    user: str | None
    port: int | None
    path: str

    @property
    def login(self) -> str:
        """What ssh calls its destination; it never begins with a dash."""
        host = self.host.strip("[]")
        return host if self.user is None else f"{self.user}@{host}"


def is_remote(to: str) -> bool:
    """Whether `to` names a file on another host."""
    return to.startswith(PREFIX)


def parse_remote(to: str) -> Remote:
    """Read it.

    Raises:
        UserError: `LV-SSH-01`, it is none.
    """
    found = _FORM.fullmatch(to)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port < 65536):
        raise UserError(
            "LV-SSH-01",
            "{to} names no file on another host. Write ssh://USER@HOST/PATH; USER@ and a :PORT "
            "behind HOST may be left out.",
            to=to,
        )
    return Remote(host=found["host"], user=found["user"], port=port, path=found["path"])
