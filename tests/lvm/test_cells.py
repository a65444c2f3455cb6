from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lvtui.lvm.cells import _ROWS_MIN, Cells, cells_of

ROWS = st.lists(
    st.tuples(
        st.integers(0, 5000), st.integers(1, 4000), st.integers(0, 50), st.integers(0, 9)
    ).map(lambda row: (row[0], row[0] + row[1], row[2], row[3])),
    min_size=1,
    max_size=40,
)


@given(ROWS, st.integers(0, 9000), st.integers(1, 300), st.integers(0, 51))
def test_no_row_that_reaches_in_and_lasts_is_missed(
    rows: list[tuple[int, int, int, int]], start: int, length: int, since: int
) -> None:
    end = start + length
    reaching = {
        number
        for number, row in enumerate(rows)
        if row[0] < end and row[1] > start and row[2] >= since
    }

    near = Cells(rows).numbers(start, end, since)

    if near is not None:
        assert reaching <= set(near)
        assert near == sorted(set(near), reverse=True)
        assert all(rows[number][2] >= since for number in near)


def test_a_range_over_many_cells_asks_all_rows() -> None:
    rows = [(at, at + 1, 0, at) for at in range(1000)]

    assert Cells(rows).numbers(0, 1000, 0) is None


def test_few_rows_need_no_cells() -> None:
    rows = [(at, at + 1, 0, at) for at in range(_ROWS_MIN)]

    assert cells_of(rows[:-1]) is None
    assert cells_of(rows) is not None
