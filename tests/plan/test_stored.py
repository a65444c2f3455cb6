from __future__ import annotations

import json
from typing import Any

import pytest

from lvtui.errors import FormatError
from lvtui.message import message
from lvtui.plan.facts import CopyProgress, CopyResult, CopyState
from lvtui.plan.stored import decode, encode
from lvtui.source import ByteRange

PROGRESS = CopyProgress(
    state=CopyState.PAUSED,
    size_bytes=10,
    done_bytes=4,
    holes_bytes=2,
    unreadable_bytes=0,
    read_errors=0,
    rate_now_bytes_per_s=1.0,
    rate_average_bytes_per_s=2.5,
    eta_seconds=None,
    running_seconds=3,
    last_good_read_seconds=0.5,
    pid=7,
    rate_limit_bytes_per_s=None,
    problem=message("{part:percent} of {name}", part=(1, 3), name="x"),
    result=CopyResult(
        bytes_written=1,
        bytes_holes=2,
        manifest_sha256="a",
        source_sha256=None,
        destination_sha256="b",
        verified=True,
        unreadable_ranges=(ByteRange(0, 512),),
        seconds=1.5,
    ),
)


def stored() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(encode(PROGRESS)))
    return value


def test_what_is_stored_is_read_back() -> None:
    assert decode(CopyProgress, stored()) == PROGRESS
    assert str(decode(CopyProgress, stored()).problem) == "33.3 % of x"


def test_a_newer_field_is_ignored_and_a_missing_one_has_its_default() -> None:
    value = stored() | {"of_tomorrow": [1]}
    del value["n"]

    assert decode(CopyProgress, value) == PROGRESS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "gone"),
        ("size_bytes", "10"),
        ("size_bytes", True),
        ("size_bytes", 1.5),
        ("size_bytes", None),
        ("pid", "7"),
        ("problem", {"template": 1, "values": {}}),
        ("problem", {"template": "x", "values": {"a": [1, 2, 3]}}),
        ("result", []),
        ("result", {}),
        ("unreadable_ranges", None),
    ],
)
def test_another_type_is_refused_by_name(field: str, value: object) -> None:
    broken = stored()
    if field == "unreadable_ranges":
        broken["result"][field] = value
        field = "result"
    else:
        broken[field] = value

    with pytest.raises(FormatError, match=f"CopyProgress.{field}"):
        decode(CopyProgress, broken)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(FormatError, match="CopyProgress"):
        decode(CopyProgress, value)
