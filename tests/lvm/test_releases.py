"""The messages that LVM really gave (2.02.84, .177, .180, 2.03.16), and what each means."""

from __future__ import annotations

import pytest

from lvtui.host.runner import ReplayRunner
from lvtui.lvm.releases import QUIRKS, has_quirk, meanings, parse_release, quirks_of
from lvtui.message import message
from lvtui.plan.command import Command, Effect, Outcome, Target

RESTORE = ("vgcfgrestore", "--file", "F", "VGR")


def replay(code: int, said: str) -> Outcome:
    """The outcome of a restore that was recorded."""
    recorded = Outcome(argv=RESTORE, exit_code=code, stdout=b"", stderr=said.encode(), seconds=0.1)
    command = Command(
        argv=RESTORE, purpose=message("restore"), effect=Effect.WRITES, target=Target.SOURCE
    )
    return ReplayRunner([recorded]).run(command)


@pytest.mark.parametrize(
    ("code", "said", "meaning"),
    [
        pytest.param(
            0,
            "vgcfgrestore: Command not permitted while global/metadata_read_only is set.",
            "LVM's configuration forbids changes",
            id="2.02-read-only-setting-answers-0",
        ),
        pytest.param(
            5,
            "PV segment pe_alloc_count mismatch: 10 != 12\nInternal error: PV segments corrupted in "
            "VGR.\nLV beta: segment 1 has inconsistent PV area 0\nRestore failed.",
            "extents would have two owners",
            id="extents-taken",
        ),
        pytest.param(
            5,
            "Internal error: Duplicate LV id x detected for gamma in VGR.",
            "two volumes would have one id",
            id="duplicate-uuid",
        ),
        pytest.param(
            0,
            "WARNING: Ignoring duplicate config value: id",
            "two volumes have one name",
            id="duplicate-name-written",
        ),
        pytest.param(
            5,
            "LV alpha invalid: segment 2 should begin at LE 5 (found 0).",
            "do not fit together",
            id="2.02.84-duplicate-name",
        ),
        pytest.param(
            5, "Couldn't find volume 'pv9' for segment 'segment1'.", "names a PV", id="unknown-pv"
        ),
        pytest.param(
            5, "'F' does not contain volume group 'VGR'.", "of another group", id="other-group"
        ),
        pytest.param(
            5,
            "WARNING: Couldn't find device with uuid x.\nCannot restore Volume Group VGR with 1 PVs "
            "marked as missing.",
            "does not see every PV",
            id="pv-missing",
        ),
        pytest.param(
            5, "Parse error at byte 1047 (line 73): unexpected token", "not whole", id="truncated"
        ),
        pytest.param(
            5,
            "Can't process text format file - missing contents field.",
            "not whole",
            id="no-trailer",
        ),
        pytest.param(
            0, "WARNING: Unrecognised segment type frobnicate", "segment type", id="segment-type"
        ),
        pytest.param(5, "Unknown status flag 'FUTURE'.", "status that", id="status"),
        pytest.param(
            5,
            "Consider using option --force to restore Volume Group VGR with thin volumes.",
            "thin",
            id="thin",
        ),
        pytest.param(
            5,
            "Checksum error on /dev/loop0 at offset 4096.\nAborting vg_write: No metadata areas to "
            "write to!",
            "no metadata area",
            id="bad-header",
        ),
        pytest.param(
            5,
            "Volume group X has active volume: lv.\nRestore aborted.",
            "active volumes",
            id="2.02.180-active",
        ),
        pytest.param(
            5,
            "Segment with extent 50 in PV [unknown] not found",
            "beyond the PV's end",
            id="beyond-the-end",
        ),
        pytest.param(
            0,
            "WARNING: Inconsistent metadata found for VG VGB - updating to use version 2",
            "disagree",
            id="2.02-repairs",
        ),
    ],
)
def test_each_message_of_lvm_is_understood(code: int, said: str, meaning: str) -> None:
    outcome = replay(code, said)
    found = meanings((outcome.stderr, outcome.stdout))

    assert outcome.exit_code == code
    assert any(meaning in str(one) for one in found)


@pytest.mark.parametrize(
    "noise",
    [
        b"Restored volume group VGR.",
        b"WARNING: lvmetad is running but disabled. Restart lvmetad before enabling it!",
        b"/run/lvm/lvmetad.socket: connect failed: No such file or directory",
        b"File descriptor 7 (pipe:[1]) leaked on vgs invocation.",
        b"",
    ],
)
def test_noise_means_nothing(noise: bytes) -> None:
    assert meanings((noise,)) == ()


@pytest.mark.parametrize(
    ("said", "release"),
    [
        pytest.param("  LVM version:     2.03.16(2) (2022-05-18)\n", (2, 3, 16), id="debian"),
        pytest.param("  LVM version:     2.02.84(2) (2011-02-09)\n", (2, 2, 84), id="xs-6.5"),
        pytest.param("  LVM version:     2.02.180(2)-RHEL7 (2018-07-20)\n", (2, 2, 180), id="8.x"),
        pytest.param("lvm: command not found", None, id="none"),
    ],
)
def test_the_release_is_read_from_lvm_version(said: str, release: tuple[int, ...] | None) -> None:
    assert parse_release(said) == release


@pytest.mark.parametrize(
    ("release", "names"),
    [
        pytest.param(
            (2, 2, 84),
            {"read-only-setting-answers-0", "queries-repair", "duplicate-uuid-accepted"},
            id="2.02.84",
        ),
        pytest.param(
            (2, 2, 130),
            {
                "read-only-setting-answers-0",
                "queries-repair",
                "duplicate-uuid-accepted",
                "global-filter",
                "lvmetad",
            },
            id="2.02.130-by-source",
        ),
        pytest.param(
            (2, 2, 177),
            {
                "read-only-setting-answers-0",
                "queries-repair",
                "global-filter",
                "lvmetad",
                "text-on-4096",
            },
            id="2.02.177",
        ),
        pytest.param(
            (2, 2, 180),
            {
                "read-only-setting-answers-0",
                "queries-repair",
                "global-filter",
                "lvmetad",
                "asks-when-active",
            },
            id="2.02.180",
        ),
        pytest.param(
            (2, 3, 16),
            {
                "read-only-setting-ignored-by-restore",
                "asks-when-active",
                "devices-file",
                "global-filter",
            },
            id="2.03.16",
        ),
    ],
)
def test_what_a_release_does_differently(release: tuple[int, int, int], names: set[str]) -> None:
    assert {quirk.name for quirk in quirks_of(release)} == names


def test_an_unknown_release_is_taken_for_the_worst() -> None:
    assert all(has_quirk(None, quirk.name) for quirk in QUIRKS)
    assert all(quirk.source for quirk in QUIRKS)
