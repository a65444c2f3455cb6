from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvtui.xen.names import (
    GroupKind,
    GroupName,
    SrUuid,
    VdiUuid,
    VolumeName,
    VolumeRole,
    neutral_name,
    parse_group,
    parse_volume,
    volume_in,
)

SR = SrUuid("11111111-2222-3333-4444-555555555555")
VDI = VdiUuid("6bdf21c1-0a5c-4e1e-9d3e-0123456789ab")
VG = f"VG_XenStorage-{SR}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(VG, GroupName(kind=GroupKind.LVM_SR, sr_uuid=SR), id="lvm"),
        pytest.param(f"XSLocalEXT-{SR}", GroupName(kind=GroupKind.EXT_SR, sr_uuid=SR), id="ext"),
        pytest.param(
            f"XSLocalLargeBlock-{SR}",
            GroupName(kind=GroupKind.LARGE_BLOCK_SR, sr_uuid=SR),
            id="4k-disk",
        ),
        pytest.param(
            "VG_XenStorage-backup", GroupName(kind=GroupKind.OTHER, sr_uuid=None), id="no-uuid"
        ),
        pytest.param(f"x{VG}", GroupName(kind=GroupKind.OTHER, sr_uuid=None), id="inside"),
        pytest.param("debian-vg", GroupName(kind=GroupKind.OTHER, sr_uuid=None), id="debian"),
    ],
)
def test_group_names_tell_an_lvm_sr_from_all_others(name: str, expected: GroupName) -> None:
    assert expected == parse_group(name)
    assert parse_group(name).is_lvm_sr == (expected.kind is GroupKind.LVM_SR)


@pytest.mark.parametrize(
    ("name", "tags", "expected"),
    [
        (f"VHD-{VDI}", (), VolumeName(role=VolumeRole.VHD, vdi_uuid=VDI)),
        (f"LV-{VDI}", (), VolumeName(role=VolumeRole.RAW, vdi_uuid=VDI)),
        (
            f"LV-{VDI}",
            ("hidden",),
            VolumeName(role=VolumeRole.RAW, vdi_uuid=VDI, tagged_hidden=True),
        ),
        (f"QCOW2-{VDI}", (), VolumeName(role=VolumeRole.QCOW2, vdi_uuid=VDI)),
        (f"VHD-OLD_{VDI}", (), VolumeName(role=VolumeRole.OLD, vdi_uuid=VDI)),
        ("MGT", (), VolumeName(role=VolumeRole.MGT)),
        (
            f"leaf_{VDI}_1",
            ("journaler",),
            VolumeName(role=VolumeRole.JOURNAL, vdi_uuid=VDI, journal="leaf", journal_value="1"),
        ),
        (
            f"inflate_{VDI}_8388608",
            (),
            VolumeName(
                role=VolumeRole.JOURNAL, vdi_uuid=VDI, journal="inflate", journal_value="8388608"
            ),
        ),
        (
            f"jvhd_{VDI}",
            ("jvhd",),
            VolumeName(role=VolumeRole.JOURNAL, vdi_uuid=VDI, journal="jvhd"),
        ),
        (
            f"future_{VDI}_x",
            ("journaler",),
            VolumeName(role=VolumeRole.JOURNAL, vdi_uuid=VDI),
        ),
        (f"{VDI}.cbtlog", ("cbtlog",), VolumeName(role=VolumeRole.CBTLOG, vdi_uuid=VDI)),
        (f"{SR}_trim_lv", (), VolumeName(role=VolumeRole.TRIM)),
        ("host-heartbeat", (), VolumeName(role=VolumeRole.HEARTBEAT)),
        ("redo_log", (), VolumeName(role=VolumeRole.REDO)),
        (
            f"lvtui-{VDI}-2",
            (),
            VolumeName(role=VolumeRole.OTHER, vdi_uuid=VDI, neutral=True),
        ),
        ("VHD-backup", (), VolumeName(role=VolumeRole.OTHER)),
        (f"VHD-{VDI}x", (), VolumeName(role=VolumeRole.OTHER)),
        (f"VHD-{VDI}\n", (), VolumeName(role=VolumeRole.OTHER)),
        ("root", ("hidden",), VolumeName(role=VolumeRole.OTHER, tagged_hidden=True)),
    ],
)
def test_volume_names_tell_role_and_vdi(
    name: str, tags: tuple[str, ...], expected: VolumeName
) -> None:
    assert expected == parse_volume(name, tags)


def test_outside_an_lvm_sr_no_name_has_a_role() -> None:
    assert volume_in("debian-vg", "MGT").role is VolumeRole.OTHER
    assert volume_in(f"XSLocalEXT-{SR}", f"VHD-{VDI}").role is VolumeRole.OTHER
    assert volume_in(VG, "MGT").role is VolumeRole.MGT


def test_neutral_names_come_back_as_their_vdi() -> None:
    for number in (1, 2, 10):
        parsed = parse_volume(neutral_name(VDI, number))

        assert parsed.neutral
        assert parsed.vdi_uuid == VDI
        assert not parsed.holds_disk


@given(st.text())
def test_no_name_is_too_strange(name: str) -> None:
    parse_volume(name)
    parse_group(name)
