from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.source import BytesSource
from lvtui.xen.mgt import MgtVolume, VdiRecord, parse_mgt, unescape

SR = "11111111-2222-4333-8444-555555555555"
MIB4 = 4 << 20


def vdi(number: int) -> str:
    return f"{number:08x}-aaaa-4bbb-8ccc-dddddddddddd"


def sector(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    assert len(data) <= 512
    return data.ljust(512)


def record(number: int, label: str, **tags: str) -> bytes:
    fields = {
        "snapshot_of": "",
        "is_a_snapshot": "0",
        "uuid": vdi(number),
        "deleted": "0",
        "vdi_type": "vhd",
        "type": "user",
        "managed": "1",
        **tags,
    }
    names = f"<vdi><name_label>{escape(label)}</name_label><name_description>d</name_description>"
    return sector(names) + sector("".join(f"<{k}>{v}</{k}>" for k, v in fields.items()) + "</vdi>")


def volume(*records: bytes, length: int | None = None, size: int = MIB4) -> MgtVolume | None:
    used = 2048 + 1024 * len(records) if length is None else length
    data = (
        sector(f"XSSM:{used:<10}:1:2")
        + sector(f'<?xml version="1.0" ?><uuid>{SR}</uuid><allocation>thick</allocation>')
        + sector("<name_label>Local &amp; fast</name_label>")
        + sector("<name_description></name_description>")
        + b"".join(records)
    )
    return parse_mgt(BytesSource(data.ljust(size, b"\0")[:size]))


def only(found: MgtVolume | None) -> VdiRecord:
    assert found is not None
    assert len(found.records) == 1
    return found.records[0]


def test_head_tells_the_sr() -> None:
    found = volume()

    assert found is not None
    assert (found.sr_uuid, found.allocation, found.name_label) == (SR, "thick", "Local & fast")
    assert found.length_bytes == 2048


def test_record_has_names_and_flags() -> None:
    found = only(
        volume(
            record(1, 'dc01 C: <old> & "new"', is_a_snapshot="1", snapshot_of=vdi(2), type="system")
        )
    )

    assert found.name_label == 'dc01 C: <old> & "new"'
    assert found.description == "d"
    assert found.is_a_snapshot
    assert found.snapshot_of == vdi(2)
    assert (found.type, found.vdi_type, found.managed, found.deleted) == (
        "system",
        "vhd",
        True,
        False,
    )


def test_deleted_slots_and_those_behind_the_length_are_read() -> None:
    found = volume(
        record(1, "kept"), record(2, "in the middle", deleted="1"), record(3, "last", deleted="1"),
        length=2048 + 2048,
    )  # fmt: skip

    assert found is not None
    assert [(r.slot, r.name_label, r.deleted, r.within_length) for r in found.records] == [
        (0, "kept", False, True),
        (1, "in the middle", True, True),
        (2, "last", True, False),
    ]


def test_slot_far_behind_in_the_volume_is_read() -> None:
    blank = bytes(1024)
    found = volume(*[blank] * 4000, record(9, "far"), length=2048)

    assert only(found).slot == 4000


def test_living_record_goes_before_a_deleted_one_of_the_same_vdi() -> None:
    for records in (
        (record(1, "new"), record(1, "old", deleted="1")),
        (record(1, "old", deleted="1"), record(1, "new")),
    ):
        found = volume(*records)

        assert found is not None
        assert [r.name_label for r in found.names().values()] == ["new"]


def test_dummy_of_the_space_check_is_no_vdi() -> None:
    found = volume(record(1, "dummy vdi for space check", deleted="1"))

    assert found is not None
    assert found.records == ()


def test_lost_head_still_gives_the_records() -> None:
    data = bytes(2048) + record(5, "found")
    found = parse_mgt(BytesSource(data.ljust(MIB4, b" ")))

    assert found is not None
    assert found.length_bytes is None
    assert only(found).within_length


def test_name_that_fills_its_sector_keeps_what_is_there() -> None:
    cut = b"<vdi><name_label>" + b"x" * 495
    found = only(volume(cut + record(1, "")[512:]))

    assert found.name_label == "x" * 495


def test_name_cannot_forge_a_uuid() -> None:
    label = f"</name_label><uuid>{vdi(66)}</uuid>"
    forged = sector(f"<vdi><name_label>{label}") + record(1, "")[512:]

    assert only(volume(forged)).uuid == vdi(1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
        ("&amp;lt;", "&lt;"),
        ("&#65;&#x42;", "AB"),
        ("&#0;&#xD800;&#x110000;", "&#0;&#xD800;&#x110000;"),
        ("&xxe;&lol9;", "&xxe;&lol9;"),
    ],
)
def test_only_xmls_own_entities_are_unescaped(text: str, expected: str) -> None:
    assert expected == unescape(text)


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_any_label_comes_back(label: str) -> None:
    shown = label.replace("\0", "")
    data = escape(shown).encode("utf-8", "surrogatepass")
    if len(data) > 440 or shown != shown.encode("utf-8", "ignore").decode():
        return

    assert shown == only(volume(record(1, shown), size=65536)).name_label


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=3000), st.integers(min_value=0, max_value=4000))
def test_garbage_is_no_reason_to_fail(noise: bytes, at: int) -> None:
    data = bytearray(sector("XSSM:4096      :1:2") + bytes(1536) + record(1, "a") + record(2, "b"))
    data[at : at + len(noise)] = noise

    parse_mgt(BytesSource(bytes(data)))
    assert parse_mgt(BytesSource(noise)) is None or b"XSSM" in noise


def test_empty_volume_is_none() -> None:
    assert parse_mgt(BytesSource(bytes(MIB4))) is None
    assert parse_mgt(BytesSource(b"")) is None
