from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvtui.errors import DestinationError, LockedError, UserError
from lvtui.host import case
from lvtui.host.stacking import stack_of

NOTHING: frozenset[str] = frozenset()


def test_a_case_is_private_and_listed(tmp_path: Path) -> None:
    home = tmp_path / "a" / "lvtui"
    first = case.make_case(sources=NOTHING, home=home)
    second = case.make_case(sources=NOTHING, home=home)
    case.store_session(first, {"step": "copy"})
    os.utime(second, (1, 1))

    assert first.name.startswith("case-")
    assert len(first.name) == len("case-7f3a")
    assert [found.path for found in case.list_cases(home)] == [first, second]
    assert case.list_cases(home)[0].session == {"step": "copy"}
    assert {path.stat().st_mode & 0o777 for path in (home, first, second)} == {0o700}
    assert (first / "session.json").stat().st_mode & 0o777 == 0o600


def test_no_cases_are_an_empty_list(tmp_path: Path) -> None:
    assert case.list_cases(tmp_path / "no") == ()


def test_a_case_never_lies_on_the_damaged_disk(tmp_path: Path) -> None:
    with pytest.raises(DestinationError, match="damaged disk"):
        case.make_case(sources=stack_of(tmp_path), home=tmp_path / "home")

    assert not (tmp_path / "home").exists()


def test_a_second_lvtui_is_kept_out_of_a_case(tmp_path: Path) -> None:
    path = case.make_case(sources=NOTHING, home=tmp_path)
    with case.OpenCase(path) as first:
        first.note("chose", source="/dev/sdb")
        with pytest.raises(LockedError) as raised:
            case.OpenCase(path)
        assert case.case_facts(path).is_locked
    with case.OpenCase(path) as again:
        again.note("chose", source="/dev/sdc")

    assert raised.value.exit_code == 13
    assert path.name in str(raised.value)
    assert len((path / "journal.jsonl").read_text().splitlines()) == 2


def test_a_named_case_must_be_private(tmp_path: Path) -> None:
    named = case.use_case(tmp_path / "mine", sources=NOTHING)
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(named)

    assert case.use_case(named, sources=NOTHING) == named
    for other in ("open", "link"):
        with pytest.raises(UserError, match="only you"):
            case.use_case(tmp_path / other, sources=NOTHING)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_damaged_session_is_none(tmp_path: Path, content: bytes) -> None:
    path = case.make_case(sources=NOTHING, home=tmp_path)
    (path / "session.json").write_bytes(content)

    assert case.load_session(path) is None
    assert len(case.list_cases(tmp_path)) == 1
