"""What must be settled before Textual is imported: theme, keys, encoding, and whether to start.

Each line was measured (Textual 8.2.8, pty and tmux): a theme chosen after the start together with
NO_COLOR gives black on black; the default ESCDELAY turns an arrow key on a bad link into Escape;
`TERM=dumb` gets 24-bit colour and mouse sequences all the same; with LC_ALL=C boxes come out as text.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Mapping

from lvtui.message import Message, message

SETTINGS: Mapping[str, str] = {
    "TEXTUAL_THEME": "ansi-dark",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "TEXTUAL_FPS": "10",
    "TEXTUAL_DISABLE_KITTY_KEY": "1",
    "ESCDELAY": "500",
}
"""What a slow line, an old terminal and a colourless one all stand."""

ASCII_TERMS = frozenset({"linux", "vt100", "vt102", "vt220", "ansi", "cons25"})
"""Their fonts lack box and block characters, or nobody knows."""


def settle_environment() -> None:
    """Give Textual its settings; an operator's own values win."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)


def check(
    environ: Mapping[str, str] | None = None, *, is_tty: bool | None = None
) -> Message | None:
    """Why the wizard cannot be shown here, or None."""
    term = (os.environ if environ is None else environ).get("TERM", "")
    if is_tty is None:
        is_tty = sys.stdin.isatty() and sys.__stderr__ is not None and sys.__stderr__.isatty()
    if not is_tty:
        return message(
            "The wizard needs a terminal, and this is none. The commands work without one: "
            "lvtui scan, lvtui lost SOURCE, lvtui extract SOURCE LV --to FILE (see lvtui --help)."
        )
    if term in {"", "dumb", "unknown"}:
        return message(
            "The terminal calls itself {term}, so the wizard cannot draw its pages. Set TERM to what "
            "it is (often TERM=xterm), or use the commands: lvtui scan, lvtui lost SOURCE, "
            "lvtui extract SOURCE LV --to FILE.",
            term=term or '"" (TERM is not set)',
        )
    return None


def wants_plain(environ: Mapping[str, str] | None = None, *, is_tty: bool | None = None) -> bool:
    """Whether questions are asked instead of pages: asked for, or the terminal can nothing else."""
    env = os.environ if environ is None else environ
    if env.get("ACCESSIBLE", "") not in {"", "0"}:
        return True
    if is_tty is None:
        is_tty = sys.stdin.isatty()
    return is_tty and env.get("TERM", "") in {"", "dumb", "unknown"}


def is_ascii(environ: Mapping[str, str] | None = None, encoding: str | None = None) -> bool:
    """Whether to draw with ASCII characters only (F4 changes it)."""
    env = os.environ if environ is None else environ
    if env.get("LVTUI_ASCII", "") not in {"", "0"}:
        return True
    if encoding is None:
        encoding = getattr(sys.__stderr__, "encoding", None) or "ascii"
    return env.get("TERM", "") in ASCII_TERMS or encoding.lower().replace("-", "") != "utf8"


def prepare_output() -> None:
    """Let a character that the terminal's encoding lacks become `?`, never an escape or an error."""
    reconfigure = getattr(sys.__stderr__, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def is_gone() -> bool:
    """Whether the terminal was taken away: then nobody reads, and reading spins on its end."""
    if not hasattr(select, "poll") or sys.__stdin__ is None:
        return False
    poll = select.poll()
    poll.register(sys.__stdin__.fileno(), select.POLLHUP)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def host_name() -> str:
    """The name of this host, for the first row."""
    return os.uname().nodename.split(".", maxsplit=1)[0]


def say_after(lines: tuple[str, ...]) -> None:
    """Write lines to the normal screen after the wizard has left it."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
