from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.mda import MDA_MAGIC
from lvtui.lvm.sift import TEXT_NEEDLE, sift

SECTOR = 512


def planted(sectors: int, things: dict[int, bytes]) -> bytearray:
    window = bytearray(SECTOR * (sectors + 1))
    for at, thing in things.items():
        window[SECTOR + at : SECTOR + at + len(thing)] = thing
    return window


@settings(derandomize=True, max_examples=100, deadline=None)
@given(
    st.sets(st.integers(0, 31), max_size=6),
    st.sets(st.integers(0, 31), max_size=6),
    st.integers(0, 511),
)
def test_labels_and_headers_are_found_on_sectors_only(
    labels: set[int], headers: set[int], shift: int
) -> None:
    things = {at * SECTOR + shift: b"LABELONE" for at in labels}
    things |= {at * SECTOR + 4 + shift + 16: MDA_MAGIC for at in headers}
    window = planted(34, things)

    found = sift(window, SECTOR, len(window))

    on_sector = [SECTOR * (at + 1) for at in sorted(labels)]
    assert list(found.labels) == (on_sector if shift == 0 else [])


def test_headers_are_found_by_their_magic() -> None:
    window = planted(8, {4: MDA_MAGIC, 5 * SECTOR + 4: MDA_MAGIC, 6 * SECTOR + 5: MDA_MAGIC})

    assert sift(window, SECTOR, len(window)).headers == (SECTOR, 6 * SECTOR)


def test_a_needle_is_found_across_windows_once() -> None:
    disk = bytearray(16 * SECTOR)
    at = 8 * SECTOR - 30
    disk[at : at + len(TEXT_NEEDLE)] = TEXT_NEEDLE
    first = bytearray(SECTOR) + disk[: 8 * SECTOR]
    second = disk[7 * SECTOR : 8 * SECTOR] + disk[8 * SECTOR :]

    assert sift(first, SECTOR, len(first)).texts == ()
    assert sift(second, SECTOR, len(second)).texts == (SECTOR - 30,)


def test_a_needle_of_the_window_before_is_not_found_again() -> None:
    tail = bytearray(SECTOR)
    tail[SECTOR - len(TEXT_NEEDLE) :] = TEXT_NEEDLE

    assert sift(tail + bytearray(4 * SECTOR), SECTOR, 5 * SECTOR).texts == ()


def test_the_end_of_a_source_may_lie_inside_a_sector() -> None:
    window = planted(3, {2 * SECTOR: b"LABELONE"})

    assert sift(window, SECTOR, SECTOR + 2 * SECTOR + 100).labels == ()
