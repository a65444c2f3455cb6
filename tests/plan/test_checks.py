"""Preflight: each fact turns its own check, what was not asked is `?`, and only for its ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lvtui.plan.check import CheckFacts, Word, XenFacts
from lvtui.plan.checks import checks_of

QUIET = CheckFacts(
    lvm_release="2.03.16",
    metadata_read_only=False,
    issue_discards=False,
    has_master_config=False,
    locked_by=(),
    open_volumes=(),
    multipath=(),
    case_dir="/var/lib/lvtui/case-1",
    case_free_bytes=1 << 30,
    clock_synchronised=True,
    gap_count=0,
    gap_bytes=0,
    trim_seqno=None,
    areas_current=2,
    areas_all=2,
    exported=False,
    system_id=None,
    own_system_id=None,
    is_sr=True,
    xen=XenFacts(
        auto_scan=False,
        gc_running=(),
        plugged_hosts=1,
        host_count=3,
        ha_enabled=False,
        vms_running=0,
    ),
)
XEN = QUIET.xen
assert XEN is not None
DUMB_XEN = XenFacts(
    auto_scan=None,
    gc_running=None,
    plugged_hosts=None,
    host_count=None,
    ha_enabled=None,
    vms_running=None,
)


def test_a_quiet_host_is_ok_everywhere() -> None:
    assert {check.worst for check in checks_of(QUIET)} == {Word.OK}


@pytest.mark.parametrize(
    ("changed", "code", "reads", "writes"),
    [
        ({"lvm_release": None}, "LV-CHK-01", "OK", "STOP"),
        ({"metadata_read_only": None}, "LV-CHK-02", "OK", "?"),
        ({"metadata_read_only": True}, "LV-CHK-02", "OK", "WARN"),
        ({"gap_count": 2, "gap_bytes": 8192}, "LV-CHK-10", "WARN", "STOP"),
        ({"trim_seqno": 7}, "LV-CHK-11", "STOP", "STOP"),
        ({"issue_discards": True}, "LV-CHK-12", "WARN", "WARN"),
        ({"issue_discards": None}, "LV-CHK-12", "?", "?"),
        ({"multipath": ("/dev/sdb",)}, "LV-CHK-13", "WARN", "STOP"),
        ({"areas_current": 1}, "LV-CHK-20", "WARN", "STOP"),
        ({"areas_current": 0, "areas_all": 0}, "LV-CHK-20", "WARN", "STOP"),
        ({"open_volumes": ("vg-root",)}, "LV-CHK-21", "WARN", "STOP"),
        ({"locked_by": ("V_vg",)}, "LV-CHK-22", "WARN", "STOP"),
        ({"exported": True}, "LV-CHK-23", "OK", "STOP"),
        ({"system_id": "other"}, "LV-CHK-23", "OK", "STOP"),
        ({"case_dir": None}, "LV-CHK-30", "WARN", "STOP"),
        ({"case_free_bytes": 1 << 20}, "LV-CHK-30", "STOP", "STOP"),
        ({"case_free_bytes": None}, "LV-CHK-30", "?", "?"),
        ({"clock_synchronised": False}, "LV-CHK-31", "WARN", "WARN"),
        ({"clock_synchronised": None}, "LV-CHK-31", "?", "?"),
        ({"xen": replace(XEN, auto_scan=True)}, "LV-CHK-40", "WARN", "STOP"),
        ({"xen": replace(XEN, gc_running=("cleanup.py",))}, "LV-CHK-41", "STOP", "STOP"),
        ({"xen": replace(XEN, plugged_hosts=2)}, "LV-CHK-42", "WARN", "STOP"),
        ({"xen": replace(XEN, ha_enabled=True)}, "LV-CHK-43", "WARN", "STOP"),
        ({"xen": replace(XEN, vms_running=3)}, "LV-CHK-44", "WARN", "STOP"),
    ],
)
def test_each_fact_turns_its_own_check_and_no_other(
    changed: dict[str, Any], code: str, reads: str, writes: str
) -> None:
    checks = checks_of(replace(QUIET, **changed))
    bad = {check.code: (check.reads.value, check.writes.value) for check in checks}
    good = {check.code for check in checks if check.worst is Word.OK}

    assert bad.pop(code) == (reads, writes)
    assert set(bad) == good
    assert checks[0].code == code


def test_xapi_that_does_not_answer_is_a_question_for_every_check_of_it() -> None:
    checks = checks_of(replace(QUIET, xen=DUMB_XEN))
    asked = {check.code: check.worst for check in checks if check.code.startswith("LV-CHK-4")}

    assert asked == {f"LV-CHK-4{n}": Word.UNKNOWN for n in range(5)}


def test_outside_an_sr_nothing_of_xenserver_is_asked() -> None:
    codes = {check.code for check in checks_of(replace(QUIET, is_sr=False, xen=None))}

    assert not any(code.startswith("LV-CHK-4") for code in codes)
    assert "LV-CHK-20" in codes


def test_own_system_id_is_not_foreign() -> None:
    checks = checks_of(replace(QUIET, system_id="me", own_system_id="me"))

    assert {check.worst for check in checks} == {Word.OK}
