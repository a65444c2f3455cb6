"""Where the quick way found nothing, or not enough: what was searched, and what else can be tried."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult

from lvtui.flow.devices import DeviceRow
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import FramePage, Key, Panel, keys
from lvtui.ui.shown import size
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, cut_middle, row, say, wrapped


class Choice(StrEnum):
    """What to try next."""

    NONE = ""
    SEARCH = "search"
    IMAGE = "image"
    TEXTS = "texts"


CHOICES: tuple[tuple[Choice, str], ...] = (
    (Choice.SEARCH, "Search the whole disk for metadata text and labels (only reads)"),
    (Choice.IMAGE, "Use an image of the disk, or another disk: type its path"),
    (Choice.TEXTS, "Use /etc/lvm backups: files or folders with texts of the group"),
)


class SearchPage(FramePage[Choice]):
    """What to try with a disk beyond the quick way."""

    step: ClassVar[str] = "device"

    def __init__(self, walk: Walk, device: DeviceRow) -> None:
        super().__init__(walk)
        self.device = device

    def compose_content(self) -> ComposeResult:
        """What was searched, the choices, how long a search takes."""
        yield TextBlock(id="found")
        yield RowList(id="choices")
        yield TextBlock(id="cost")

    def draw(self) -> None:
        """Say what is known of the disk."""
        path = cut_middle(safe(self.device.path, limit_chars=400), 40)
        if self.device.is_blank:
            head = say("No LVM metadata was found on {path}.", path=path)
        else:
            head = say(
                "{path}: {n:count} versions found the quick way.",
                path=path,
                n=self.device.versions,
            )
        searched = say(
            "Searched, of {size}: the first 4 sectors for a label, and every place where LVM puts a "
            "metadata area, also in partitions and RAID members. Was the head of the disk "
            "overwritten, or did the disk belong to a RAID? Then the texts lie elsewhere.",
            size=size(self.device.size_bytes),
        )
        self.block("found").show(
            row(SafeStr(" "), bold(head)), EMPTY, *wrapped(searched, self.width - 2), EMPTY
        )
        rows = self.query_one("#choices", RowList)
        rows.show(len(CHOICES), self._row, cursor=max(rows.cursor, 0))
        self.block("cost").show(
            row(say(" A search reads all of it once: at 150 MiB/s a TiB takes two hours.")),
            row(say(" It can be cancelled at any time with Esc.")),
        )

    def _row(self, index: int) -> Row:
        return row(say("{n}  {words}", n=index + 1, words=CHOICES[index][1]))

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a choice."""
        self.dismiss(CHOICES[event.index][0])

    def action_back(self) -> None:
        """Another disk."""
        self.dismiss(Choice.NONE)

    def panel(self) -> Panel:
        """What the choices do."""
        return Panel(
            why=say("Old texts survive in places that the quick way does not look at."),
            writes=say("nothing. The disk is opened read-only."),
            dont=say("run pvcreate or pvck --repair to get the label back: they overwrite."),
            command=say("lvtui lost {path} --deep", path=self.device.path),
        )

    def key_bar(self) -> Iterable[Key]:
        """Choose or go back."""
        return keys(("1-9", "Pick"), ("Enter", "Choose"), ("Esc", "Another disk"), ("F10", "Quit"))
