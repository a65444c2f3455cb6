"""The plain walk: the same steps as questions, from a file of answers or from the keyboard."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import UserError
from lvtui.flow.copy import find_jobs, progress_of
from lvtui.flow.discover import Discovery
from lvtui.flow.session import Session
from lvtui.ui import terminal
from lvtui.ui.plain import run_plain
from lvtui.ui.plain_ask import Asker, Choice, Left
from lvtui.units import MiB

Damaged = tuple[Session, Discovery]


def sha256_of(path: str | Path) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_answers_walk_from_device_to_a_verified_image_and_a_report(
    fresh: Damaged, capsys: pytest.CaptureFixture[str]
) -> None:
    session, discovery = fresh
    assert session.source is not None
    assert session.case_dir is not None
    assert session.destination is not None
    before = sha256_of(session.source)
    name = discovery.lost[0].lost.lv.name
    answers = ("# device, version, volume, checks, plan, place", "", "", name, "", "", "", "copy")
    code = run_plain(session, answers, "")
    said = capsys.readouterr().out
    (job,) = find_jobs(Path(session.case_dir))
    result = progress_of(job).result
    image, _manifest = sorted(Path(session.destination).iterdir())

    assert code == 0
    assert result is not None
    assert result.verified
    assert sha256_of(image) == result.destination_sha256
    assert sha256_of(session.source) == before
    steps = ["Device", "Versions", "Volumes", "Checks", "Plan", "Copy", "Report"]
    heads = [line.split(": ")[1] for line in said.splitlines() if line.startswith("Step ")]
    assert heads == steps
    assert "read back: equal" in said.replace("\n  ", " ")
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) <= 120
    assert (Path(session.case_dir) / "report.md").exists()


def test_enter_alone_never_starts_a_copy(
    fresh: Damaged, capsys: pytest.CaptureFixture[str]
) -> None:
    session, _ = fresh
    assert session.case_dir is not None
    answers = ("", "", "1", *[""] * 200)
    with pytest.raises(UserError) as ended:
        run_plain(session, answers, "")

    assert ended.value.code == "LV-ASK-10"
    assert find_jobs(Path(session.case_dir)) == ()
    assert "Type copy to start" in capsys.readouterr().out


def test_read_only_walk_is_refused_at_the_copy_and_writes_nothing(
    fresh: Damaged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session, _ = fresh
    before = sorted(path for path in tmp_path.rglob("*"))
    answers = ("", "", "1", "", "", "", "q")
    code = run_plain(replace(session, read_only=True), answers, "")

    assert code == 0
    assert "Started with --read-only" in capsys.readouterr().out
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_b_goes_back_and_q_leaves_with_answers_kept(
    fresh: Damaged, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_plain(fresh[0], ("", "", "1", "", "b", "b", "b", "q"), "")
    said = capsys.readouterr().out
    heads = [line.split(": ")[1] for line in said.splitlines() if line.startswith("Step ")]

    assert code == 0
    assert heads == [
        "Device",
        "Versions",
        "Volumes",
        "Checks",
        "Plan",
        "Checks",
        "Volumes",
        "Versions",
    ]


def test_disk_with_nothing_is_searched_when_asked(
    damaged: Damaged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = damaged[0].source
    assert source is not None
    image = tmp_path / "shifted.img"
    with Path(source).open("rb") as disk, image.open("wb") as file:
        file.seek(41 * MiB)
        file.write(disk.read(12 * MiB))
        file.truncate(64 * MiB)
    session = Session(source=str(image), case_dir=str(tmp_path / "case"), step="device")
    code = run_plain(session, ("1", "search", "q"), "")
    said = capsys.readouterr().out

    assert code == 0
    assert "Search the whole disk" in said
    assert "Searched " in said
    assert "Read: 89 versions" in said


def test_choices_are_found_by_number_name_and_unique_beginning() -> None:
    choices = (Choice(words="one", names=("abc",)), Choice(words="two", names=("abd", "x")))

    assert Asker(["2"]).choose("?", choices, None) == 1
    assert Asker(["abc"]).choose("?", choices, None) == 0
    assert Asker(["x"]).choose("?", choices, None) == 1
    assert Asker(["b"]).choose("?", choices, None) is None
    assert Asker([""]).choose("?", choices, 1) == 1
    assert Asker(["2, abc 2"]).choose_several("?", choices) == (1, 0)
    for wrong in ("ab", "3", "0", "", "\u0661"):
        with pytest.raises(UserError):
            Asker([wrong]).choose("?", choices, None)
    with pytest.raises(Left):
        Asker(["q"]).choose("?", choices, None)


def test_choice_with_a_reason_is_refused_with_it() -> None:
    choices = (Choice(words="disk", why_not="it is mounted"),)
    with pytest.raises(UserError, match="it is mounted"):
        Asker(["1"]).choose("?", choices, None)


@pytest.mark.parametrize(
    ("environ", "is_tty", "expected"),
    [
        ({"TERM": "dumb"}, True, True),
        ({"TERM": "xterm"}, True, False),
        ({"TERM": "xterm", "ACCESSIBLE": "1"}, True, True),
        ({"TERM": "xterm", "ACCESSIBLE": "0"}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_questions_are_asked_where_pages_cannot_be_shown(
    environ: dict[str, str], *, is_tty: bool, expected: bool
) -> None:
    assert terminal.wants_plain(environ, is_tty=is_tty) is expected


def test_command_reads_its_answers_from_a_file_without_a_terminal(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    answers.write_text("# only look\n\nq\n")
    environ = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "TERM": "dumb"}
    argv = [sys.executable, "-m", "lvtui", "demo", "--plain", "--answers"]
    done = subprocess.run(
        [*argv, str(answers)], env=environ, capture_output=True, text=True, check=False
    )
    gone = subprocess.run(
        [*argv, str(tmp_path / "no")], env=environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "Step 2 of 7: Versions" in done.stdout
    assert gone.returncode == 2
    assert "LV-ASK-14" in gone.stderr
