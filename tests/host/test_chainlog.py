from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lvtui.errors import FormatError
from lvtui.host.chainlog import ChainLog, read_chain
from lvtui.host.files import SystemFiles


def write(path: Path, *events: str) -> None:
    log = ChainLog(path, SystemFiles())
    for event in events:
        log.append(event, size_bytes=1)
    log.close()


def events(path: Path) -> list[str]:
    return [entry.record["event"] for entry in read_chain(path.read_bytes())[0]]


def test_lines_follow_each_other_over_restarts(tmp_path: Path) -> None:
    write(tmp_path / "log", "a", "b")
    write(tmp_path / "log", "c")

    assert events(tmp_path / "log") == ["a", "b", "c"]


def test_a_torn_last_line_is_cut_wherever_it_is_torn(tmp_path: Path) -> None:
    write(tmp_path / "whole", "a", "b")
    whole = (tmp_path / "whole").read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        (tmp_path / "log").write_bytes(whole[:end])
        write(tmp_path / "log", "c")

        assert events(tmp_path / "log") == ["a", "c"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: [lines[0], lines[2]], id="a-line-less"),
        pytest.param(lambda lines: [lines[1], lines[0], lines[2]], id="another-order"),
        pytest.param(lambda lines: [lines[0], *lines], id="a-line-twice"),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b'"b"', b'"x"'), lines[2]], id="changed"
        ),
        pytest.param(lambda lines: [lines[0], b"{}\n", lines[2]], id="replaced"),
        pytest.param(lambda lines: [lines[0], b"not JSON\n", lines[2]], id="not-json"),
    ],
)
def test_any_other_change_is_found(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = tmp_path / "log"
    write(path, "a", "b", "c")
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))

    with pytest.raises(FormatError, match="does not fit together"):
        ChainLog(path, SystemFiles())
