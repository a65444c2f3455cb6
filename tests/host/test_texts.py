"""Files and tarballs that somebody hands over: bounded, whatever they hold."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvtui.errors import LvtuiError, SourceReadError, UserError
from lvtui.host import tarball, texts
from lvtui.host.texts import collect
from lvtui.units import MiB

LONG = "a/" * 80 + "name.vg"


def tar_of(files: dict[str, bytes], *, kind: str = "w:gz", form: int = tarfile.GNU_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=kind, format=form) as archive:  # type: ignore[call-overload] # a name of its own
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_member_of_a_tarball_is_given_with_its_name(kind: str, form: int) -> None:
    files = {"lvm/backup/vg": b"one", "empty": b"", "block": b"b" * 512, LONG: b"c" * 1000}
    if form == tarfile.USTAR_FORMAT:
        del files[LONG]
        files["p/" * 60 + "name"] = b"prefix"

    found = {m.name: m.data for m in tarball.members(tar_of(files, kind=kind, form=form))}

    assert found == files


def test_links_devices_and_folders_of_a_tarball_are_passed_over() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("x")
            info.type, info.linkname = kind, "/etc/shadow"
            archive.addfile(info)

    assert list(tarball.members(out.getvalue())) == []


def test_one_packed_file_is_that_file() -> None:
    (member,) = tarball.members(gzip.compress(b"text"))

    assert (member.name, member.data, member.problem) == ("", b"text", None)


@given(st.binary(max_size=4096), st.integers(0, 4095), st.sampled_from(["w", "w:gz", "w:xz"]))
def test_no_bytes_make_it_fail(noise: bytes, at: int, kind: str) -> None:
    good = tar_of({"one": b"1" * 700, "two": b"2"}, kind=kind)
    at %= len(good)
    for data in (noise, good[:at], good[:at] + noise + good[at + len(noise) :]):
        for member in tarball.members(data):
            assert len(member.data) <= tarball.MEMBER_BYTES_MAX


def test_what_unpacks_to_too_much_ends_with_a_sentence_and_in_bounded_memory(
    tmp_path: Path,
) -> None:
    """A header that calls for 8 GiB of its own, members of 60 MiB, each a few bytes packed."""
    bomb = tmp_path / "bomb.tgz"
    script = (
        "import sys; from lvtui.host.tarball import members\n"
        "found = [(len(m.data), str(m.problem)) for m in members(open(sys.argv[1],'rb').read())]\n"
        "print(found[-1][1], int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]))"
    )
    pax = tarfile.TarInfo("x")
    pax.type, pax.size = tarfile.XHDTYPE, 8 << 30
    member = tarfile.TarInfo("y")
    member.size = 40 * MiB
    for info in (pax, member):
        with gzip.open(bomb, "wb", compresslevel=1) as out:
            block = info.tobuf(tarfile.GNU_FORMAT)
            for _ in range(8):
                out.write(block)
                for _ in range(40):
                    out.write(bytes(1 * MiB))
        said = subprocess.run(
            [sys.executable, "-c", script, bomb], capture_output=True, text=True, check=True
        ).stdout
        words, _, peak_kib = said.rpartition(" ")
        assert "unpacks to more than 256.0 MiB" in words
        if info is pax:
            assert int(peak_kib) < 96 * 1024


def test_a_folder_gives_its_files_in_order_and_follows_no_link_out_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "lvm"
    (folder / "archive").mkdir(parents=True)
    (folder / "archive" / "b.vg").write_bytes(b"b")
    (folder / "archive" / "a.vg").write_bytes(b"a")
    (folder / "out").symlink_to("/etc")
    (folder / "shadow").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (folder / "dump.tgz").write_bytes(tar_of({"m/vg": b"c"}))
    found = [(f.name.removeprefix(f"{folder}/"), f.data, f.alone) for f in collect((str(folder),))]

    assert found == [
        ("archive/a.vg", b"a", False),
        ("archive/b.vg", b"b", False),
        ("dump.tgz:m/vg", b"c", False),
    ]


def test_a_file_that_is_named_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "vg").write_bytes(b"text")
    (tmp_path / "link").symlink_to("vg")
    (found,) = collect((str(tmp_path / "link"), str(tmp_path / "link")))

    assert (found.data, found.alone) == (b"text", True)


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("nowhere", UserError, "LV-BAK-02"),
        ("", UserError, "LV-BAK-02"),
        ("a\0b", UserError, "LV-BAK-02"),
        ("/dev/null", SourceReadError, "LV-BAK-01"),
        ("large", SourceReadError, "LV-BAK-05"),
    ],
)
def test_what_is_no_file_is_refused_in_a_sentence(
    tmp_path: Path, name: str, error: type[LvtuiError], code: str
) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(texts.FILE_BYTES_MAX + 1)
    path = name if name.startswith("/") or not name else f"{tmp_path}/{name}"
    with pytest.raises(error) as raised:
        list(collect((path,)))

    assert raised.value.code == code


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceReadError):
        list(collect((str(tmp_path / "pipe"),)))


def test_too_many_files_in_a_folder_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "FILES_MAX", 3)
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x")
    found = list(collect((str(tmp_path),)))

    assert [bool(file.problem) for file in found] == [False, False, False, True]
