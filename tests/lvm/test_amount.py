"""What a hostile or huge ring costs: refusals, progress, and a way to stop."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lvtui.errors import Cancelled, UserError
from lvtui.flow.discover import discover
from lvtui.lvm import amount
from lvtui.lvm.amount import DISTINCT_BYTES_MAX, find_excess
from lvtui.lvm.history import build_histories
from lvtui.lvm.text import TextParser
from tests.lvm.groups import Vg, ring
from tests.rings import AREA_AT, RealRing, RingMaker, lvm_text

SECTIONS = 8_000


def _distinct(number: int) -> bytes:
    """A text of sections of 36 bytes that no other text has."""
    sections = "".join(
        f'x{at} {{\nid = "{at}"\na = {at}\n}}\n'
        for at in range(number * SECTIONS, (number + 1) * SECTIONS)
    ).encode()
    text = lvm_text(seqno=number)
    return text.replace(b"\n}\n# Generated", b"\n\nmany {\n" + sections + b"}\n}\n# Generated")


def test_a_ring_of_distinct_sections_takes_3_s_a_mib_at_most_and_can_be_stopped() -> None:
    maker = RingMaker(2 << 20)
    for number in range(1, 4):
        maker.write(_distinct(number))
    maker.point()
    from lvtui.lvm.carve import carve_area  # noqa: PLC0415 - only here

    copies = carve_area(maker.area(), bytes(maker.data))
    asked: list[tuple[int, int, int]] = []

    def note(*far: int) -> bool:
        asked.append((far[0], far[1], far[2]))
        return True

    started = time.process_time()

    build_histories(copies, progress=note)

    mib = sum(copy.length_bytes for copy in copies) / (1 << 20)
    assert time.process_time() - started < 3 * mib
    assert len(asked) > 3 * SECTIONS // 512
    assert asked == sorted(asked)
    with pytest.raises(Cancelled):
        build_histories(copies, progress=lambda done, _all, _versions: done == 0)


def test_a_stopped_parse_leaves_the_parser_of_use() -> None:
    parser = TextParser()
    copies = ring([Vg(1), Vg(2)])
    with pytest.raises(Cancelled):
        build_histories(copies, parser=parser, progress=lambda *_: False)

    (history,) = build_histories(copies, parser=parser)

    assert [version.usable for version in history.versions] == [True, True]


def test_only_distinct_whole_text_of_one_group_counts(xs_ring: RealRing) -> None:
    from lvtui.lvm.carve import carve_area  # noqa: PLC0415 - only here

    copies = carve_area(xs_ring.area, xs_ring.area_data)
    again = tuple(copy._replace(device=device) for device in range(6) for copy in copies)

    assert sum(copy.length_bytes for copy in again) > DISTINCT_BYTES_MAX
    assert find_excess(again) is None


def test_more_text_than_a_group_has_is_refused_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, residue_ring: RealRing
) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(residue_ring.head[:AREA_AT] + residue_ring.area_data)
    monkeypatch.setattr(amount, "DISTINCT_BYTES_MAX", 64 * 1024)

    with pytest.raises(UserError, match="--no-limit") as refused:
        discover(str(disk))
    found = discover(str(disk), limit=False)

    assert refused.value.code == "LV-SRC-15"
    assert len(found.histories[0].versions) > 40
