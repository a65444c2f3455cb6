"""The slow readings of the Device page, as functions for a thread that report by events.

An event is posted, never a widget touched: `post` is safe from a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import with_case
from lvtui.flow.devices import DeviceRow, scan_devices
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.session import Session
from lvtui.safe import SafeStr
from lvtui.ui.widgets.text import say
from lvtui.units import MiB

Post = Callable[[Event], object]
GoesOn = Callable[[], bool]


@dataclass
class Scanned(Event):
    """The devices are known."""

    devices: tuple[DeviceRow, ...]


@dataclass
class Counted(Event):
    """How far the reading is."""

    words: SafeStr

    def can_replace(self, message: Event) -> bool:
        """Only the newest count matters."""
        return isinstance(message, Counted)


@dataclass
class Discovered(Event):
    """The chosen source was read, and the case folder made."""

    discovery: Discovery
    session: Session
    no_case: LvtuiError | None
    """Why there is no case folder: looking goes on, a copy cannot be started."""


@dataclass
class Failed(Event):
    """A worker met an error that an operator can read."""

    error: LvtuiError


def scan(paths: tuple[str, ...], post: Post, goes_on: GoesOn) -> None:
    """Look at the devices of this host, or at `paths` only."""
    count = 0

    def progress(path: str) -> bool:
        nonlocal count
        count += 1
        post(Counted(say("Looking at {path}, {count} so far.", path=path, count=count)))
        return goes_on()

    try:
        devices = scan_devices(paths, progress=progress)
    except LvtuiError as error:
        post(Failed(error))
        return
    if goes_on():
        post(Scanned(devices))


def read(session: Session, spec: str, post: Post, goes_on: GoesOn) -> None:
    """Read SOURCE, judge everything on it, make the case folder on another disk."""

    def progress(done_bytes: int, all_bytes: int, versions: int) -> bool:
        words = say(
            "Reading {done} of {all} MiB of LVM metadata, {n} versions so far.",
            done=f"{done_bytes / MiB:.1f}",
            all=f"{all_bytes / MiB:.1f}",
            n=versions,
        )
        post(Counted(words))
        return goes_on()

    try:
        discovery = discover(spec, progress=progress)
    except LvtuiError as error:
        post(Failed(error))
        return
    if not goes_on():
        return
    try:
        post(Discovered(discovery, with_case(session, discovery), None))
    except LvtuiError as error:
        post(Discovered(discovery, session, error))
