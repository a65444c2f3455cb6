"""The slow readings of the Device page, as functions for a thread that report by events.

An event is posted, never a widget touched: `post` is safe from a thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import with_case
from lvtui.flow.deep import DeepProgress
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
    more: SafeStr | None = None
    """A second line."""

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


def read(session: Session, spec: str, post: Post, goes_on: GoesOn, *, keep: bool = True) -> None:
    """Read SOURCE and the files beside it, judge everything, make the case folder on another disk.

    With `session.deep` all of SOURCE is searched, from end to end. Without `keep` there is no case:
    nothing at all is written.
    """

    def progress(done_bytes: int, all_bytes: int, versions: int) -> bool:
        words = say(
            "Reading {done} of {all} MiB of LVM metadata, {n} versions so far.",
            done=f"{done_bytes / MiB:.1f}",
            all=f"{all_bytes / MiB:.1f}",
            n=versions,
        )
        post(Counted(words))
        return goes_on()

    def searched(far: DeepProgress) -> bool:
        post(search_words(far))
        return goes_on()

    try:
        discovery = discover(
            spec,
            progress=progress,
            deep=searched if session.deep else None,
            whole=session.deep,
            texts=session.texts,
        )
    except LvtuiError as error:
        post(Failed(error))
        return
    if not goes_on():
        return
    session = replace(session, source=spec)
    if not keep or session.read_only:
        post(Discovered(discovery, session, None))
        return
    try:
        post(Discovered(discovery, with_case(session, discovery), None))
    except LvtuiError as error:
        post(Discovered(discovery, session, error))


def search_words(far: DeepProgress) -> Counted:
    """How far a search is: bytes, share, rate, time left, and what was found so far."""
    left = say("time left not known yet")
    if far.eta_seconds is not None:
        left = say("about {eta:duration} left", eta=far.eta_seconds)
    return Counted(
        say(
            "Searched {done:bytes} of {all:bytes} ({share:percent}), {rate:rate}, {left}",
            done=far.done_bytes,
            all=far.all_bytes,
            share=(far.done_bytes, far.all_bytes),
            rate=far.rate_bytes_per_s,
            left=left,
        ),
        say(
            "Found so far: {texts:count} metadata texts, {places:count} labels and area headers",
            texts=far.texts,
            places=far.places,
        ),
    )
