"""Rows of the Versions page, and that thousands of them open at once."""

from __future__ import annotations

import time
from dataclasses import replace

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.lvm.carve import CopyState
from lvtui.lvm.history import History, Version
from lvtui.ui.app import LvtuiApp
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.versions_list import (
    Gap,
    OtherHistory,
    VersionNotes,
    before_of,
    change_rows,
    entries_of,
    entry_row,
    that_matter,
)
from tests.ui.scene import SIZE, app_of, lines_of, text_of, texts_of, until

Damaged = tuple[Session, Discovery]
MANY = 5000


def history_of(damaged: Damaged) -> History:
    history = damaged[1].history
    assert history is not None
    return history


def many_versions(history: History, count: int) -> History:
    """The demo's versions over and over, numbered on: each a version of its own."""
    versions: list[Version] = []
    for number in range(count):
        version = history.versions[number % len(history.versions)]
        first = version.copies[0]
        index = first.index._replace(seqno=number + 1)
        copies = (first._replace(index=index),)
        versions.append(
            version._replace(id=f"{number + 1}-many", copies=copies, current=number == count - 1)
        )
    return replace(history, versions=tuple(versions), current=versions[-1], missing_seqnos=())


def test_gap_stands_where_versions_are_missing(damaged: Damaged) -> None:
    history = history_of(damaged)
    cut = replace(
        history,
        versions=tuple(v for v in history.versions if v.seqno not in {40, 41, 50}),
        missing_seqnos=((40, 41), (50, 50)),
    )
    entries = entries_of(cut)
    notes = VersionNotes.of(cut, ())
    shown = [text_of(entry_row(e, None, notes, 0)) for e in entries if isinstance(e, Gap)]

    assert shown == [
        "   ...   50 not found (1 version missing)",
        "   ...   40-41 not found (2 versions missing)",
    ]
    place = entries.index(Gap(40, 41))
    around = [entries[place - 1], entries[place + 1]]
    assert [entry.seqno for entry in around if isinstance(entry, Version)] == [42, 39]


def test_marks_name_use_loss_and_recommendation(damaged: Damaged) -> None:
    _, discovery = damaged
    history = history_of(damaged)
    notes = VersionNotes.of(history, discovery.lost)
    said = {version.seqno: notes.of_version(version) for version in history.versions}

    assert said[89] == "in use now"
    assert said[87] == "lost here"
    assert said[86] == "recommended"


def test_torn_version_is_listed_with_its_word(damaged: Damaged) -> None:
    history = history_of(damaged)
    torn = history.versions[3]._replace(state=CopyState.TORN, vg=None)
    line = text_of(entry_row(torn, None, VersionNotes.of(history, ()), 0))

    assert " cut " in line


def test_change_names_what_went(damaged: Damaged) -> None:
    history = history_of(damaged)
    older = before_of(history)
    removing = next(version for version in history.versions if version.seqno == 87)
    lines = texts_of(change_rows(older[removing.id], removing, 3))

    assert lines[0].startswith(" 86 -> 87  - VHD-47c6dc36  136.0 MiB  34 extents, 2 pieces")


def test_filter_keeps_versions_in_which_volumes_came_or_went(damaged: Damaged) -> None:
    history = history_of(damaged)
    notes = VersionNotes.of(history, damaged[1].lost)
    kept = that_matter(history, notes)
    older = before_of(history)
    for version in history.versions:
        before = older.get(version.id)
        if before is None or before.vg is None or version.vg is None:
            continue
        now = {lv.uuid for lv in version.vg.lvs}
        if now != {lv.uuid for lv in before.vg.lvs}:
            assert version.id in kept


def test_other_histories_are_rows(damaged: Damaged) -> None:
    history = history_of(damaged)
    other = OtherHistory(1, replace(history, vg_name="VG_old"))
    line = text_of(
        entry_row(entries_of(history, [other])[-1], None, VersionNotes.of(history, ()), 0)
    )

    assert "Enter opens 89 versions of another group: VG_old" in line


async def test_5000_versions_open_and_move_quickly(damaged: Damaged) -> None:
    session, discovery = damaged
    many = many_versions(history_of(damaged), MANY)
    walk = Walk(
        session=session, discovery=replace(discovery, histories=(many,)), reports=discovery.lost
    ).to("versions")
    app = app_of(walk)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        started = time.perf_counter()
        page = VersionsScreen(walk)
        await app.push_screen(page)
        opened_seconds = time.perf_counter() - started
        await pilot.pause()
        key_seconds = await timed_key(app, "down")
        page_seconds = await timed_key(app, "pagedown")
        filter_seconds = await timed_key(app, "f")
        await pilot.press("f", "end")
        await pilot.pause()
        lines = lines_of(app)

    assert "rows 4993-5000 of 5 000" in "\n".join(lines)
    # The bars are 500, 10 and 50 ms on a quiet machine; this one may be shared.
    assert opened_seconds < 0.5
    assert key_seconds < 0.05
    assert page_seconds < 0.1
    assert filter_seconds < 1


async def timed_key(app: LvtuiApp, key: str) -> float:
    """Seconds from the key to the drawn rows, the test's own waiting left out."""
    listing = app.screen.query_one("#versions")
    started = time.perf_counter()
    if key == "f":
        app.screen.action_filter()  # type: ignore[attr-defined]
    else:
        listing.action_move(1) if key == "down" else listing.action_page(1)  # type: ignore[attr-defined]
    app.screen._compositor.render_strips()
    return time.perf_counter() - started
