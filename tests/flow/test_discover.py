from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lvtui.errors import Cancelled, LvtuiError, NoMetadataError, SourceReadError, UserError
from lvtui.flow.answers import lost_answer, versions_answer
from lvtui.flow.discover import discover, find_lost, find_version
from lvtui.flow.practice import prepare_demo
from lvtui.flow.spec import parse_spec

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    source = prepare_demo(tmp_path_factory.mktemp("state")).source
    assert source is not None
    return source


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    found = json.loads((DATA / "demo" / "truth.json").read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("content", "error", "code"),
    [
        pytest.param(b"", SourceReadError, 14, id="empty-file"),
        pytest.param(b"x", NoMetadataError, 3, id="one-byte"),
        pytest.param(b"hello, this is a letter\n" * 200, NoMetadataError, 3, id="text-file"),
        pytest.param(bytes(1 << 20), NoMetadataError, 3, id="blank-disk"),
        pytest.param(b"\xff" * (1 << 20), NoMetadataError, 3, id="all-ones"),
    ],
)
def test_a_source_without_lvm_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes, error: type[LvtuiError], code: int
) -> None:
    path = tmp_path / "disk"
    path.write_bytes(content)

    with pytest.raises(error) as raised:
        discover(str(path))

    assert raised.value.exit_code == code
    assert str(path) in str(raised.value)


def test_a_missing_path_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        discover(str(tmp_path / "nowhere"))
    with pytest.raises(SourceReadError):
        discover(str(tmp_path))


def test_a_comma_in_an_existing_path_is_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a,b"
    path.write_bytes(b"x")

    assert parse_spec(str(path)) == (str(path),)
    assert parse_spec("a,b") == ("a", "b")
    for refused in ("a,,b", "a,a", ","):
        with pytest.raises(UserError):
            parse_spec(refused)


def test_reading_can_be_cancelled(demo: str) -> None:
    with pytest.raises(Cancelled):
        discover(demo, progress=lambda *_: False)


def test_discovery_never_writes_to_the_image(demo: str) -> None:
    before = Path(demo).stat()
    discover(demo)
    after = Path(demo).stat()

    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)


def test_versions_and_lost_agree_on_the_current_version(demo: str) -> None:
    discovery = discover(demo)
    versions, lost = versions_answer(discovery), lost_answer(discovery)

    assert [v["id"] for v in versions["versions"] if v["current"]] == [
        current["id"] for current in lost["currents"]
    ]
    assert versions["source"]["current_seqno"] == lost["currents"][0]["seqno"]
    assert len({v["id"] for v in versions["versions"]}) == len(versions["versions"])


def test_quick_lists_the_same_texts_without_parsing(demo: str) -> None:
    keys = ("id", "seqno", "offset_bytes", "length_bytes", "text_sha256", "lv_count", "state")
    full, quick = (
        [
            {key: version[key] for key in keys}
            for version in versions_answer(discover(demo, quick=quick))["versions"]
        ]
        for quick in (False, True)
    )

    assert full == quick


def test_a_lost_volume_is_found_by_name_uuid_and_unique_prefix(demo: str) -> None:
    discovery = discover(demo)
    wanted = discovery.lost[0]

    for name in (
        wanted.lost.lv.name,
        wanted.lost.lv.uuid,
        wanted.lost.lv.uuid.replace("-", "")[:12],
        wanted.lost.lv.name[:12],
        wanted.vdi_uuid or "",
    ):
        assert find_lost(discovery, name) == wanted
    for name in ("", "VHD-", "nothing"):
        with pytest.raises(UserError):
            find_lost(discovery, name)


def test_a_version_is_found_by_id_and_by_seqno(demo: str) -> None:
    discovery = discover(demo)
    history = discovery.history
    assert history is not None
    assert history.current is not None

    assert find_version(discovery, history.current.id) is history.current
    assert find_version(discovery, str(history.current.seqno)) is history.current
    with pytest.raises(UserError):
        find_version(discovery, "no-such")


def test_an_older_version_gives_the_volume_as_it_stood_there(demo: str) -> None:
    discovery = discover(demo)
    newest = find_lost(discovery, discovery.lost[0].lost.lv.name)
    older = next(
        version
        for version in newest.lost.history.versions
        if version.vg is not None and version.vg.lv(newest.lost.lv.uuid) is not None
    )
    found = find_lost(discovery, newest.lost.lv.name, at=older.id)

    assert found.lost.last_seen is older
    assert found.lost.lv == older.vg.lv(newest.lost.lv.uuid) if older.vg else False


def test_every_verdict_agrees_with_what_was_really_overwritten(
    demo: str, truth: dict[str, Any]
) -> None:
    found = {lost["uuid"]: lost for lost in lost_answer(discover(demo))["lost"]}

    assert {lost["lv_uuid"] for lost in truth["lost"]} == found.keys()
    for lost in truth["lost"]:
        answer = found[lost["lv_uuid"]]
        assert answer["size_bytes"] == lost["size_bytes"]
        assert answer["overwritten_bytes"] == lost["overwritten_bytes"]
        assert answer["at_risk_bytes"] == lost["at_risk_bytes"]
        touched = lost["overwritten_bytes"] + lost["at_risk_bytes"]
        is_child = answer["vhd"] is not None and answer["vhd"]["type"] == "differencing"
        if not is_child:  # a child is no better than its parents
            assert (answer["verdict"] == "intact") == (touched == 0)
        if answer["verdict"] == "intact":
            assert lost["sha256_now"] == lost["sha256_when_lost"]
