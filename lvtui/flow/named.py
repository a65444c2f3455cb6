"""`--pv UUID=PATH[@OFFSET]`: where a PV is that no label names, by the operator's word."""

from __future__ import annotations

from typing import NamedTuple

from lvtui.errors import UserError
from lvtui.lvm.label import PV_UUID_BYTES


class NamedPv(NamedTuple):
    """One PV named by hand."""

    pv_uuid: str
    path: str
    base_bytes: int | None
    """None: where a PV begins on it by what can be seen, else at its start."""


def parse_named_pv(text: str) -> NamedPv:
    """`--pv`'s value.

    Raises:
        UserError: no such form.
    """
    uuid, equals, path = text.partition("=")
    before, at, offset = path.rpartition("@")
    base_bytes: int | None = None
    if at and offset.isascii() and offset.isdigit():
        path, base_bytes = before, int(offset)
    if not equals or not path or len(uuid.replace("-", "")) != PV_UUID_BYTES:
        raise UserError(
            "LV-USE-06",
            "{text} names no PV. Give --pv UUID=PATH, with the PV's whole uuid as LVM shows it; "
            "UUID=PATH@OFFSET where it begins at byte OFFSET of PATH.",
            text=text,
        )
    return NamedPv(pv_uuid=uuid, path=path, base_bytes=base_bytes)
