"""The field cases: what a right tool must and must not do on disks like those of public reports."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from contextlib import ExitStack

import pytest

from lvtui.errors import FormatError
from lvtui.flow.answers import lost_answer, versions_answer
from lvtui.flow.devices import scan_devices
from lvtui.flow.discover import Discovery, discover
from lvtui.flow.judging import LostReport
from lvtui.flow.listing import lost_lines, versions_lines
from lvtui.host.device import SourceDevice
from lvtui.lvm.mapping import VolumeSource
from lvtui.source import ByteRange, Piece
from tests.field.catalogue import FieldCase, field_case
from tests.lab import toolbox

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))

TOGETHER = {"same_vg_name", "foreign_vg", "no_mda_pv", "striped2"}
"""Cases whose images are given as one SOURCE; of the others each target's own image is."""


def source_of(case: FieldCase, target: dict[str, object]) -> str:
    """SOURCE for a target."""
    if case.expect["case"] in TOGETHER:
        return ",".join(str(path) for path in case.images)
    segments = target["segments"]
    assert isinstance(segments, list)
    return str(case.path(segments[0][0]))


def read_whole(discovery: Discovery, report: LostReport) -> Piece:
    """All bytes of a lost LV, and what of it cannot be read."""
    with ExitStack() as stack:
        devices = [stack.enter_context(SourceDevice(s.path)) for s in discovery.sources]
        pvs = {uuid: devices[index] for uuid, index in discovery.pv_sources}
        volume = VolumeSource(report.ranges, pvs)
        return volume.pread(0, volume.size_bytes)


def report_of(discovery: Discovery, uuid: str) -> LostReport:
    """The report of a lost LV."""
    return next(r for r in discovery.lost if r.lost.lv.uuid == uuid)


@pytest.mark.parametrize(
    "name",
    [
        "same_vg_name",
        "torn_header",
        "guest_pv",
        "foreign_vg",
        "dev_size_short",
        "xs65_layout",
        "label3_bootarea",
        "no_mda_pv",
        "striped2",
        "odd_strings",
        "odd_names",
    ],
)
def test_the_targets_come_out_byte_for_byte_and_nothing_else_is_lost(name: str) -> None:
    case = field_case(name)
    specs = {source_of(case, target) for target in case.targets}
    found = [discover(spec) for spec in sorted(specs)]

    assert {r.lost.lv.uuid for d in found for r in d.lost} == {t["id"] for t in case.targets}
    for discovery in found:
        for target in case.targets:
            report = report_of(discovery, target["id"])
            piece = read_whole(discovery, report)
            assert report.lost.lv.name == target["lv"]
            assert report.verdict.word == "intact"
            assert piece.gaps == ()
            assert len(piece.data) == target["bytes"]
            assert hashlib.sha256(piece.data).hexdigest() == target["sha256"]


def test_two_vgs_of_one_name_are_kept_apart_by_their_id() -> None:
    case = field_case("same_vg_name")
    discovery = discover(",".join(map(str, case.images)))

    by_id = {h.vg_uuid: h.vg_name for h in discovery.histories}
    currents = {c["vg_uuid"] for c in lost_answer(discovery)["currents"]}

    assert set(by_id) == currents == set(case.expect["facts"]["vg_ids"].values())
    assert len(set(by_id.values())) == 1


@pytest.mark.parametrize("image", ["settled.img", "torn.img"])
def test_a_header_with_a_bad_checksum_still_names_the_current_text(image: str) -> None:
    discovery = discover(str(field_case("torn_header").path(image)))
    history = discovery.history

    assert history is not None
    assert history.current is not None
    assert history.current.seqno == 4
    assert history.current.crc == "ok"


def test_a_guests_own_vg_inside_a_volume_is_not_the_srs_history() -> None:
    case = field_case("guest_pv")
    discovery = discover(str(case.path("sr.img")))

    said = versions_answer(discovery)

    assert {v["vg_name"] for v in said["versions"]} == {case.expect["facts"]["sr_vg"]}
    assert said["source"]["vg_name"] == case.expect["facts"]["sr_vg"]


def test_what_lies_behind_the_devices_end_is_named_and_the_rest_is_given() -> None:
    case = field_case("shrunk_device")
    (target,) = case.targets
    discovery = discover(source_of(case, target))
    report = report_of(discovery, target["id"])
    piece = read_whole(discovery, report)
    there = target["readable_bytes"]

    assert report.verdict.word == "unreadable"
    assert "not on this device" in str(report.verdict.reasons[0])
    assert piece.gaps == (ByteRange(there, target["missing_tail"]),)
    assert hashlib.sha256(piece.data[:there]).hexdigest() == target["sha256_of_readable"]


@pytest.mark.parametrize(
    ("name", "image", "sector"),
    [
        pytest.param("xs65_layout", "xs65.img", 1, id="label-without-extension"),
        pytest.param("label3_bootarea", "disk.img", 3, id="label-in-sector-3"),
        pytest.param("no_mda_pv", "p1.img", 1, id="label-without-any-area"),
    ],
)
def test_an_unusual_label_is_not_called_damaged(name: str, image: str, sector: int) -> None:
    path = str(field_case(name).path(image))
    (row,) = scan_devices((path,))
    label = discover(path).sources[0].label

    assert row.label == "ok"
    assert label is not None
    assert label.sector == sector


def test_a_pv_without_any_metadata_area_is_no_reason_for_a_warning() -> None:
    case = field_case("no_mda_pv")

    assert discover(",".join(map(str, case.images))).warnings == ()


def test_a_striped_volume_is_told_as_striped() -> None:
    case = field_case("striped2")
    (lost,) = lost_answer(discover(",".join(map(str, case.images))))["lost"]
    (segment,) = lost["segments"]

    assert segment["type"] == "striped"
    assert segment["stripe_size_bytes"] == 64 * 1024
    assert len({stripe["pv_uuid"] for stripe in segment["stripes"]}) == 2


def test_odd_strings_are_read_as_they_are_and_shown_without_control_characters() -> None:
    case = field_case("odd_strings")
    discovery = discover(str(case.path("disk.img")))
    said = versions_answer(discovery)["versions"]
    (report,) = discovery.lost
    lines = [*versions_lines(discovery), *lost_lines(discovery)]

    assert sorted(report.lost.lv.tags) == case.targets[0]["tags"]
    assert [v["creation_host"] for v in said] == case.expect["facts"]["hosts"]
    assert [v["description"][:150] for v in said] == [
        re.sub(r'\\(["\\])', r"\1", text)[:150] for text in case.expect["facts"]["descriptions"]
    ]
    assert [line for line in lines if any(unicodedata.category(c) == "Cc" for c in line)] == []


def test_a_header_in_mid_update_is_said_with_what_it_means_for_writes() -> None:
    case = field_case("torn_header")
    (said,) = map(str, discover(str(case.path("torn.img"))).warnings)

    assert discover(str(case.path("settled.img"))).warnings == ()
    assert "has a wrong checksum, read twice" in said
    assert "version 4) has a right one and is taken for the one in use" in said
    assert "LVM refuses every write" in said
    assert "vgck --updatemetadata, fails" in said


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("exported.img", "is exported: LVM shows and activates none of its volumes until vgimport"),
        ("sysid.img", "belongs to the host with the system_id host-that-died"),
    ],
)
def test_what_stands_in_lvms_way_is_said_and_does_not_stop_the_copy(image: str, words: str) -> None:
    discovery = discover(str(field_case("foreign_vg").path(image)))

    assert any(words in str(warning) for warning in discovery.warnings)
    assert [report.verdict.word for report in discovery.lost] == ["intact"]


@pytest.mark.parametrize("name", ["good.vg", "pasted.vg", "crlf.vg"])
def test_a_backup_file_as_people_send_it_is_one_more_version(name: str) -> None:
    """The ring is gone; the label is not."""
    case = field_case("pasted_backup")
    (target,) = case.targets
    discovery = discover(str(case.path("disk.img")), texts=(str(case.path(name)),))
    (version,) = versions_answer(discovery)["versions"]
    report = report_of(discovery, target["id"])
    new_trailer = [str(w) for w in discovery.warnings if "has no trailer" in str(w)]

    assert (version["seqno"], version["state"], version["offset_bytes"]) == (3, "whole", None)
    assert version["origin"] == "backup-file"
    assert (version["creation_time"] is None) == (name == "pasted.vg") == bool(new_trailer)
    assert hashlib.sha256(read_whole(discovery, report).data).hexdigest() == target["sha256"]
    assert report.verdict.word == "likely"


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("cut.vg", 74, "cut off"),
        ("quoted.vg", 1, "quoted as in a mail"),
        ("smart.vg", 54, "typographic quotes"),
    ],
)
def test_a_backup_file_that_pasting_spoiled_is_refused_with_its_line(
    name: str, line: int, words: str
) -> None:
    case = field_case("pasted_backup")
    with pytest.raises(FormatError) as raised:
        discover(str(case.path("disk.img")), texts=(str(case.path(name)),))

    assert f"line {line} " in str(raised.value)
    assert words in str(raised.value)
    assert raised.value.exit_code == 4
