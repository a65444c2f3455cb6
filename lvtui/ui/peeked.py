"""What a look into a disk answers to the page that asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message as Event

from lvtui.flow.peek import Peek


@dataclass
class Peeked(Event):
    """What a disk holds, by its LV's uuid."""

    lv_uuid: str
    found: Peek
