"""From the table of commands to options: argparse, its help, and errors as sentences."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from lvtui import __version__
from lvtui.cli.table import CASE, COMMANDS, SOURCE, TEXTS, WIZARD
from lvtui.errors import UserError

HEAD = """\
Nothing is written to your disk unless you type four digits shown on the page and press F8.
Try: lvtui demo

examples
  lvtui                               the wizard, on the disks of this host
  lvtui demo                          the wizard on a built-in damaged disk
  lvtui lost /dev/sdb                 which volumes are gone, and is their data still there
  lvtui extract /dev/sdb VHD-1b2c9f04 --to /mnt/nas/web01.lv
"""

TAIL = """\
SOURCE is a block device or an image file; several PVs of one VG are joined by commas.
exit codes: 0 done, 1 bug, 2 usage, 3 no LVM found, 4 a check says stop, 5 cancelled, 6 finished with
damage, 7 verification differs, 8 a write failed and was undone, 9 and was not undone, 10 needs root,
11 the source changed, 12 destination, 13 case locked, 14 source unreadable, 130 interrupted
"""


def handler(run: str) -> Callable[[argparse.Namespace], int]:
    """The function that `CommandLine.run` names."""
    module, _, name = run.partition(":")
    found: Callable[[argparse.Namespace], int] = getattr(import_module(f"lvtui.cli.{module}"), name)
    return found


def _columns() -> int:
    """The terminal's width, less a margin, as argparse takes it; asked without loading `shutil`."""
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size().columns
    except (OSError, ValueError):
        columns = 0
    return (columns or 80) - 2


class _Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns())


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(
            "LV-USE-01", "{problem}. See: {prog} --help", problem=message, prog=self.prog
        )


def parse(args: Sequence[str]) -> argparse.Namespace:
    """Options with `run`: the command's function, or the wizard's for a path or nothing.

    Raises:
        UserError: usage.
    """
    first = next((arg for arg in args if not arg.startswith("-")), None)
    by_name = {command.name: command for command in COMMANDS}
    if first in by_name and args[0] == first:
        command = by_name[first]
        parser: argparse.ArgumentParser = _Parser(
            prog=f"lvtui {command.name}", description=command.help, formatter_class=_Help
        )
        _common(parser)
        for item in command.options:
            parser.add_argument(*item.names, **item.settings)
        options = parser.parse_intermixed_args(list(args[1:]))
        options.run = handler(command.run)
        return options
    parser = _wizard_parser()
    options = parser.parse_args(list(args))
    options.run = handler("act:wizard")
    return options


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on stdout, nothing else")
    parser.add_argument("--debug", action="store_true", help=argparse.SUPPRESS)


def _wizard_parser() -> argparse.ArgumentParser:
    lines = [HEAD]
    for group in ("", "look", "act"):
        lines.append(group or "commands")
        lines.extend(
            f"  {command.name:<10} {command.help}" for command in COMMANDS if command.group == group
        )
    parser = _Parser(
        prog="lvtui",
        usage="lvtui [SOURCE] | lvtui COMMAND --help",
        description="\n".join(lines),
        epilog=TAIL,
        formatter_class=_Help,
    )
    _common(parser)
    parser.add_argument("--version", action="version", version=f"lvtui {__version__}")
    parser.add_argument("source", metavar="SOURCE", nargs="?", help=SOURCE.settings["help"])
    for item in (TEXTS, CASE):
        parser.add_argument(*item.names, **item.settings)
    for item in WIZARD:
        parser.add_argument(*item.names, **item.settings)
    return parser
