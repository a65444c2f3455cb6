from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from lvtui.host import xen_logs
from lvtui.host.xen_logs import removals, xapi_names
from lvtui.xen.records import LogLine

VDI = "1b2c9f04-5c1d-4d0e-9f7a-000000000001"
OTHER = "99aa01c7-5c1d-4d0e-9f7a-000000000002"
SR = "22c0a7d1-5c1d-4d0e-9f7a-000000000003"


def log(*texts: str) -> str:
    return "".join(f"Nov 22 02:51:3{n} xs-01 SM: [1234] {text}\n" for n, text in enumerate(texts))


def test_lines_that_say_what_became_of_a_disk_are_found_oldest_first(tmp_path: Path) -> None:
    old = log(f"['/sbin/lvrename', 'VHD-{VDI}', 'x']", f"lock: opening lock file {VDI}")
    new = log(f"vdi_delete {{'vdi_uuid': '{VDI}'}}", f"['/sbin/lvremove', '-f', 'VHD-{OTHER}']")
    (tmp_path / "SMlog.1.gz").write_bytes(gzip.compress(old.encode()))
    (tmp_path / "SMlog").write_text(new)
    os.utime(tmp_path / "SMlog.1.gz", (10**9, 10**9))

    found = removals(frozenset({VDI}), folder=tmp_path)

    expected = (
        LogLine("SMlog.1.gz", "Nov 22 02:51:30", f"['/sbin/lvrename', 'VHD-{VDI}', 'x']"),
        LogLine("SMlog", "Nov 22 02:51:30", f"vdi_delete {{'vdi_uuid': '{VDI}'}}"),
    )
    assert found == {VDI: expected}


def test_a_torn_archive_and_a_binary_log_tell_what_they_can_and_raise_nothing(
    tmp_path: Path,
) -> None:
    whole = gzip.compress(log(f"vdi_delete {VDI}").encode() * 1000)
    (tmp_path / "SMlog.2.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "SMlog.1").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "SMlog").write_text(log(f"Deleting vdi: {VDI}"))

    assert len(removals(frozenset({VDI}), folder=tmp_path)[VDI]) == 1


def test_no_more_is_read_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xen_logs, "ALL_BYTES_MAX", 4096)
    (tmp_path / "SMlog").write_text("x" * 100_000 + "\n" + log(f"vdi_delete {VDI}"))

    assert removals(frozenset({VDI}), folder=tmp_path) == {}
    assert removals(frozenset({VDI}), folder=tmp_path / "none") == {}


def program(folder: Path, text: str) -> Path:
    path = folder / "xe"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return path


def test_names_come_from_xapis_list_as_it_is_printed(tmp_path: Path) -> None:
    record = "uuid ( RO)          : {uuid}\n    name-label ( RW): {name}\n\n\n"
    said = record.format(uuid=VDI, name="mail: root ( RW)") + record.format(uuid=OTHER, name="")
    (tmp_path / "said").write_text(said)
    xe = program(tmp_path, f'test "$2" = sr-uuid={SR} && cat {tmp_path}/said')

    assert xapi_names(SR, xe=xe) == {VDI: "mail: root ( RW)", OTHER: ""}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("echo 'Error: Connection refused (calling connect )' >&2; exit 1", id="down"),
        pytest.param("head -c 100000 /dev/urandom", id="noise"),
        pytest.param("exit 0", id="nothing"),
    ],
)
def test_an_xapi_that_does_not_answer_costs_names_only(tmp_path: Path, text: str) -> None:
    assert xapi_names(SR, xe=program(tmp_path, text)) == {}
    assert xapi_names(SR, xe=tmp_path / "none") == {}
