"""The one table of commands: parser, help and README are made from it, so that they cannot drift."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """One argument of argparse."""

    names: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)


def option(*names: str, **settings: Any) -> Option:  # noqa: ANN401 - argparse's own
    """An option or positional."""
    return Option(names, settings)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command."""

    name: str
    group: str
    help: str
    run: str
    """`module:function` in `lvtui.cli`: a command loads what it needs, not what the others need."""
    options: tuple[Option, ...] = ()


SOURCE = option("source", metavar="SOURCE", help="block device, image file, or several by commas")
PV = option(
    "--pv",
    metavar="UUID=PATH",
    action="append",
    default=[],
    help="where a PV is that no label names (UUID=PATH@OFFSET: from byte OFFSET on)",
)
TEXTS = option(
    "--texts",
    metavar="PATH",
    action="append",
    default=[],
    help="backup or archive file, folder of them, lvmdump tarball: its texts join SOURCE's",
)
NO_LIMIT = option("--no-limit", action="store_true", help="read any amount of metadata texts")
DEEP = option("--deep", action="store_true", help="search all of SOURCE, whatever is found")
LVS = option("lvs", metavar="LV", nargs="+", help="name, uuid, or a unique prefix of either")
AT = option("--at", metavar="ID", help="version (default: the newest that has the LV)")
CASE = option("--case", metavar="DIR", help="case folder (default: a new one)")
CASE_ARG = option("case_arg", metavar="CASE", nargs="?", help="case (default: the newest)")
FORMAT = option(
    "--format",
    choices=("lv", "vhd", "raw"),
    default="lv",
    help="lv: the volume byte for byte; vhd: one stand-alone VHD; raw: the disk",
)
TOKEN = option("--token", metavar="NNNN", help="the four digits of exactly that plan")
RATE = option("--rate", metavar="BYTES/S", type=int, help="limit the copy's rate")
WIZARD = (
    option("--ascii", action="store_true", help="ASCII glyphs only"),
    option("--no-color", action="store_true", help="no colours"),
    option("--read-only", action="store_true", help="offer nothing that writes"),
    option("--plain", action="store_true", help="numbered questions instead of pages"),
    option("--answers", metavar="FILE", help="with --plain: answers, one a line"),
)

COMMANDS = (
    CommandLine(
        "demo",
        "",
        "the wizard on a built-in damaged disk; touches nothing",
        "act:demo",
        (*WIZARD, option("--clean", action="store_true", help="remove the demo's folder")),
    ),
    CommandLine(
        "scan",
        "look",
        "devices with an LVM label or metadata",
        "look:scan",
        (option("devices", metavar="DEVICE", nargs="*"),),
    ),
    CommandLine(
        "versions",
        "look",
        "every metadata version that can be carved",
        "look:versions",
        (
            SOURCE,
            PV,
            TEXTS,
            NO_LIMIT,
            DEEP,
            option("--quick", action="store_true", help="by structure only"),
        ),
    ),
    CommandLine(
        "show",
        "look",
        "one version as LVM text, a diff, or raw bytes",
        "look:show",
        (
            SOURCE,
            PV,
            TEXTS,
            NO_LIMIT,
            DEEP,
            AT,
            option("--diff", metavar="ID2", help="compare with another version"),
            option("--raw", metavar="OFFSET[+LENGTH]", help="bytes as hex and text"),
        ),
    ),
    CommandLine(
        "lost",
        "look",
        "LVs that older versions have and the current one has not",
        "look:lost",
        (SOURCE, PV, TEXTS, NO_LIMIT, DEEP),
    ),
    CommandLine(
        "check",
        "look",
        "the VHD in a lost or present LV: chain, damage, what is on the disk",
        "look:check",
        (
            SOURCE,
            PV,
            TEXTS,
            NO_LIMIT,
            DEEP,
            option("lv", metavar="LV", help="name, uuid, or a unique prefix of either"),
            AT,
            option("--bitmaps", action="store_true", help="read every bitmap, too: slower"),
        ),
    ),
    CommandLine(
        "extract",
        "act",
        "copy lost LVs out by their extents; nothing is written to SOURCE",
        "act:extract",
        (
            SOURCE,
            PV,
            TEXTS,
            NO_LIMIT,
            DEEP,
            LVS,
            option("--to", metavar="FILE", required=True, help="file; a folder for several LVs"),
            FORMAT,
            AT,
            option("--partial", action="store_true", help="with marked gaps, however large"),
            option("--detach", action="store_true", help="return at once; see attach"),
            RATE,
            CASE,
        ),
    ),
    CommandLine(
        "plan",
        "act",
        "the commands as a script, nothing run",
        "act:plan",
        (
            SOURCE,
            PV,
            TEXTS,
            NO_LIMIT,
            DEEP,
            LVS,
            option(
                "--way",
                choices=("a", "b", "c"),
                default="a",
                help="a: dd lines, SOURCE only read; b: vgcfgrestore; c: b, un-hidden in place",
            ),
            option("--to", metavar="FILE", help="image that the lines write (default: LV name)"),
            AT,
            CASE,
        ),
    ),
    CommandLine(
        "apply",
        "act",
        "the next plan of a case: shown with its token, run with it",
        "change:apply",
        (CASE_ARG, TOKEN),
    ),
    CommandLine(
        "undo",
        "act",
        "what takes the last changes back: shown with its token, run with it",
        "change:undo",
        (CASE_ARG, TOKEN),
    ),
    CommandLine("doctor", "look", "what this host has of what lvtui needs", "change:doctor"),
    CommandLine("attach", "act", "watch the copies of a case", "watch:attach", (CASE_ARG,)),
    CommandLine("status", "look", "state of the copies of a case", "watch:status", (CASE_ARG,)),
    CommandLine(
        "report",
        "look",
        "what was lost, what came back, how that was proven",
        "watch:report",
        (CASE_ARG, option("--html", action="store_true", help="one page without scripts")),
    ),
    CommandLine("pause", "act", "pause the copies of a case", "watch:pause", (CASE_ARG,)),
    CommandLine(
        "resume",
        "act",
        "go on where the case waits",
        "watch:resume",
        (
            CASE_ARG,
            RATE,
            option(
                "--retry", metavar="N", type=int, help="try bad places N times more (default 1)"
            ),
            option(
                "--enough",
                action="store_true",
                help="try bad places no more: end with what is there, the rest named",
            ),
        ),
    ),
    CommandLine(
        "verify",
        "look",
        "read images again and compare them with what was copied",
        "watch:verify",
        (option("what", metavar="WHAT", nargs="?", help="case (default: the newest) or image"),),
    ),
)
