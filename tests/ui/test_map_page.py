"""The map's pointer, two versions side by side."""

from __future__ import annotations

import re

from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.ui.diff_page import DiffPage, pairs_of
from lvtui.ui.map_page import MapPage
from lvtui.ui.map_piece import edges_of, piece_at, piece_of
from lvtui.ui.textpage import TextPage
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from tests.ui.scene import SIZE, app_of, lines_of, until, until_shown, walk_at

Damaged = tuple[Session, Discovery]


def test_pieces_cover_the_volume_and_agree_with_its_conflicts(damaged: Damaged) -> None:
    for report in damaged[1].lost:
        edges = edges_of(report)
        pieces = [piece_of(report, edges, index) for index in range(len(edges) - 1)]

        assert sum(piece.extent_count for piece in pieces) == report.lost.lv.extent_count
        held = sum(piece.extent_count for piece in pieces if piece.conflict is not None)
        of = {
            extent
            for one in report.verdict.conflicts
            for extent in range(one.lv_start_extent, one.lv_start_extent + one.extent_count)
        }
        assert held == len(of)
        assert all(piece_at(edges, piece.start_extent) == n for n, piece in enumerate(pieces))


async def test_enter_goes_round_the_pieces_and_esc_leaves(damaged: Damaged) -> None:
    session, discovery = damaged
    number, report = next(
        (number, report)
        for number, report in enumerate(discovery.lost)
        if len(edges_of(report)) > 3 and not report.is_temporary
    )
    app = app_of(walk_at(session, discovery, "volumes", marked=0))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))
        await pilot.press(*["down"] * number, "m")
        await until(pilot, lambda: isinstance(app.screen, MapPage))
        seen = []
        for _ in range(len(edges_of(report))):
            found = re.search(r"Piece (\d+) of (\d+)", "\n".join(lines_of(app)))
            assert found is not None
            seen.append(int(found[1]))
            await pilot.press("enter")
        await pilot.press("left", "right", "right")
        pointed = [line for line in lines_of(app) if "^" in line]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, VolumesScreen))

    assert seen == [*range(1, len(edges_of(report))), 1]
    assert len(pointed) == 1


async def test_f3_shows_two_columns_and_enter_the_fields(damaged: Damaged) -> None:
    session, discovery = damaged
    app = app_of(walk_at(session, discovery, "versions"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        await pilot.press("up", "f3")
        await until(pilot, lambda: isinstance(app.screen, DiffPage))
        page = app.screen
        assert isinstance(page, DiffPage)
        text = lines_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TextPage))
        await pilot.press("escape", "f3")
        await until_shown(pilot, "On device")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))

    lost = discovery.lost[0].lost
    assert page.before is lost.last_seen
    assert any(line.startswith(" > -  ") and " | -" in line for line in text)
    assert any("A  version" in line and "| B  version" in line for line in text)


async def test_space_takes_any_version_as_the_other_side(damaged: Damaged) -> None:
    session, discovery = damaged
    app = app_of(walk_at(session, discovery, "versions"))
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, VersionsScreen))
        await pilot.press("home", "space", "end")
        older = app.screen.chosen if isinstance(app.screen, VersionsScreen) else None
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, DiffPage))
        page = app.screen
        assert isinstance(page, DiffPage)

    history = discovery.histories[0]
    assert older is not None
    assert (page.before.id, page.after.id) == (older.id, history.versions[-1].id)
    pairs, same = pairs_of(page.before, page.after)
    assert page.after.vg is not None
    assert same + sum(pair.after is not None for pair in pairs) == len(page.after.vg.lvs)
