"""Help texts: for each page what it is, what to do, what if; the keys; the glossary."""

from __future__ import annotations

from lvtui.safe import SafeStr
from lvtui.ui.frame import Panel
from lvtui.ui.widgets.text import EMPTY, Row, bold, columns, row, say, wrapped

PAGES: dict[str, tuple[str, ...]] = {
    "start": (
        "Here you begin or go on. Nothing is read before you choose.",
        "What if the host is busy: reading is safe, lvtui opens disks read-only.",
        "What if I only want to look: choose practice. It needs no root and no XenServer.",
    ),
    "device": (
        (
            "Choose the disk that held the lost volume. Compare size and serial, not the letter: "
            "letters change when a disk is added."
        ),
        "What if the disk is not in the list: press Ins and type its path, or the path of an image.",
        "What if it has no label: choose it all the same; lvtui looks for LVM text without one.",
        "What if nothing was found on it: S searches it from end to end; T adds backup files of LVM.",
        "What if the disk is failing: image it first with ddrescue, then open the image.",
    ),
    "versions": (
        (
            "LVM writes its whole description anew at each change and leaves the old ones "
            "behind until the area is full. Each row is one of them. The newest that still has the "
            "lost volume is marked: recommended."
        ),
        "What if numbers are missing: the ring was written over. Verdicts say so.",
        "What if a text is cut: it is listed, and never used for a plan.",
    ),
    "volumes": (
        "Every volume that an older version has and the present one does not.",
        (
            "INTACT: its place was given to nobody since, and no version is missing. LIKELY: the same, "
            "but versions between are missing. AT RISK: the place was given away and freed again. "
            "DAMAGED: another volume owns a part now. UNSUPPORTED: a kind of volume that cannot be "
            "mapped. UNREADABLE: the disk gave errors."
        ),
        "What if my volume is not here: go back and look at other versions, or another disk.",
    ),
    "checks": (
        (
            "OK, WARN, STOP, or ? for what could not be asked. A word in brackets is for ways B and C, "
            "which write to the disk; the first word is for way A, which only reads."
        ),
        "What if something says STOP: way A can be taken all the same where only B and C stop.",
        "What if much says ?: xe or LVM did not answer here. A question is not an OK.",
    ),
    "plan": (
        "Way A reads the volume from its old place, directly. LVM is not asked and not changed.",
        "Ways B and C put the volume back into LVM. They write to the disk: after the digits and F8.",
        "What if a way is closed: its reason stands on the page. Way A is always open.",
        "What if I want to do it by hand: F3 shows the dd lines, F6 saves them as a script.",
    ),
    "copy": (
        (
            "Choose a folder with room that is not on the damaged disk. F8 starts the copy; it is "
            "written to NAME.part until it was read back and found equal."
        ),
        "What if the window closes: the copy goes on. Come back with: lvtui attach CASE",
        "What if the destination fills up: make room and resume; the place is kept.",
    ),
    "report": ("What was lost, what came back, where it is, and how that was proven.",),
}

KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "Open, next. Never starts anything that writes"),
    ("Esc, Left", "One step back; answers are kept"),
    ("Up Down PgUp PgDn Home End", "Move"),
    ("1-9", "Go to the row with that number"),
    ("Space", "Mark; on Versions: compare this one with another (F3)"),
    ("Tab", "Next field"),
    ("F1 or ?", "This help"),
    ("F2", "Log: what lvtui did"),
    ("F3", "More detail"),
    ("F4", "Plain or rich characters"),
    ("F5", "Read again"),
    ("F6", "Save the plan as a script, run nothing"),
    ("F7", "Undo: what lvtui changed, and taking it back"),
    ("F8", "Start the copy"),
    ("F9", "A shell of your own; exit comes back"),
    ("F10", "Quit; a running copy may go on"),
)

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("PV", "physical volume: a disk or partition that LVM uses"),
    ("VG", "volume group: one or more PVs under one name"),
    ("LV", "logical volume: a disk cut out of a VG"),
    ("extent", "the unit of space in a VG, mostly 4 MiB"),
    ("version", "one text of the VG's description; its number grows by one at each change"),
    ("SR", "storage repository: what XenServer calls a place for disks"),
    ("VDI", "virtual disk image: a VM's disk in an SR"),
    ("PBD", "the plug between a host and an SR"),
    ("VHD", "the disk format inside such an LV"),
    ("parent", "the VHD that a snapshot's child leans on"),
    ("MGT", "the SR's own volume with the names of its VDIs"),
)


def help_rows(step: str, panel: Panel, width: int) -> tuple[Row, ...]:
    """All of the help, this page first."""
    rows: list[Row] = [row(SafeStr(" "), bold(say("This page")))]
    for text in PAGES.get(step, ()):
        rows += [*wrapped(say(text), width - 2), EMPTY]
    rows += [
        row(say("   Why     "), panel.why),
        row(say("   Writes  "), panel.writes),
        row(say("   Don't   "), panel.dont),
        EMPTY,
        row(SafeStr(" "), bold(say("Keys"))),
    ]
    rows += [row(columns((say("  "), 2), (say(key), 28), (say(word), 46))) for key, word in KEYS]
    rows += [EMPTY, row(SafeStr(" "), bold(say("Words")))]
    rows += [
        row(columns((say("  "), 2), (say(term), 9), (say(text), 66))) for term, text in GLOSSARY
    ]
    rows += [
        EMPTY,
        row(SafeStr(" "), bold(say("I am stuck"))),
        *wrapped(
            say(
                "Leave with F10: everything is kept. Save the first 16 MiB of the disk to another one "
                "(dd if=DISK of=FILE bs=1M count=16), keep the log of this case, and ask somebody "
                "with both in hand. Until then do not reboot and do not rescan the SR."
            ),
            width - 2,
        ),
    ]
    return tuple(rows)
