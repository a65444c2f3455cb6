"""MGT: the SR's metadata volume, and the names of its VDIs, also of deleted ones.

Source: sm libs/sm/srmetadata.py. 4 MiB of text in sectors of 512 bytes, padded with blanks:

    sector 0   `XSSM:<length, 10 wide>:1:2`, length = bytes in use
    sector 1-3 SR: uuid and allocation, name_label, name_description
    2048       records of 1024 bytes: `<vdi><name_label>…<name_description>…`, then in the second
               sector the other tags in any order and `</vdi>`

A deleted record keeps its bytes, also behind `length`, until its slot is taken by a creation: so every
slot is read. The text is scanned by hand: no XML parser, no entities but XML's own five and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lvtui.source import ByteSource
from lvtui.xen.names import SrUuid, VdiUuid

SECTOR = 512
SLOT_BYTES = 1024
FIRST_SLOT_BYTES = 2048
MGT_BYTES_MAX = 64 << 20
"""sm makes 4 MiB; one that was grown is read, a terabyte that calls itself MGT is not."""

_HEAD = re.compile(rb"XSSM:([0-9]{1,10}) *:([0-9]+):([0-9]+)")
_TAG = re.compile(r"<([a-z_]{1,32})>([^<]*)(?:</\1>|$)")
"""A text that fills its sector may have lost its end tag."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DUMMY = "dummy vdi for space check"
_WINDOW_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class VdiRecord:
    """One slot."""

    slot: int
    """From 0."""
    uuid: VdiUuid
    name_label: str
    """Unescaped; hostile text."""
    description: str
    type: str
    """`user`, `system`, `metadata`, …"""
    vdi_type: str
    """`vhd`, `aio` (raw), `qcow2`."""
    is_a_snapshot: bool
    snapshot_of: VdiUuid | None
    snapshot_time: str
    read_only: bool
    managed: bool
    """False for base copies."""
    deleted: bool
    within_length: bool
    """Whether the slot lies below the length in the head: behind it stands what was deleted last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MgtVolume:
    """Everything that MGT tells."""

    length_bytes: int | None
    """As the head says; None where the head is gone."""
    sr_uuid: SrUuid | None
    allocation: str
    name_label: str
    description: str
    records: tuple[VdiRecord, ...]
    """By slot; later slots of the same VDI included."""

    def names(self) -> Mapping[VdiUuid, VdiRecord]:
        """VDI → its record; one that is not deleted goes before one that is."""
        found: dict[VdiUuid, VdiRecord] = {}
        for record in self.records:
            known = found.get(record.uuid)
            if known is None or known.deleted or not record.deleted:
                found[record.uuid] = record
        return found


def unescape(text: str) -> str:
    """XML's own entities and character numbers; whatever else stands there stays as it is."""

    def char(match: re.Match[str]) -> str:
        if match[1]:
            return _ENTITIES[match[1]]
        code = int(match[2]) if match[2] else int(match[3], 16)
        valid = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if valid else match[0]

    return _ENTITY.sub(char, text)


def _text(data: bytes) -> str:
    return data.replace(b"\0", b"").decode("utf-8", "backslashreplace")


def _tags(data: bytes) -> dict[str, str]:
    """Tag → text of flat tags; the first of a name counts, as the record's own are never repeated."""
    found: dict[str, str] = {}
    for match in _TAG.finditer(_text(data).rstrip(" ")):
        found.setdefault(match[1], match[2])
    return found


def parse_slot(data: bytes, slot: int, *, length_bytes: int | None) -> VdiRecord | None:
    """One slot of 1024 bytes; None where no record is, or only the space check's dummy."""
    first, second = data[:SECTOR], data[SECTOR:SLOT_BYTES]
    # The uuid stands in the second sector: a guest's name cannot put one there.
    tags = _tags(second)
    uuid = tags.get("uuid", "")
    if not first.lstrip(b"\0 ").startswith(b"<vdi>") or not _UUID.fullmatch(uuid):
        return None
    names = _tags(first)
    label = unescape(names.get("name_label", ""))
    if label.startswith(_DUMMY):
        return None
    parent = tags.get("snapshot_of", "")
    end = FIRST_SLOT_BYTES + (slot + 1) * SLOT_BYTES
    return VdiRecord(
        slot=slot,
        uuid=VdiUuid(uuid),
        name_label=label,
        description=unescape(names.get("name_description", "")),
        type=tags.get("type", ""),
        vdi_type=tags.get("vdi_type", ""),
        is_a_snapshot=tags.get("is_a_snapshot") == "1",
        snapshot_of=VdiUuid(parent) if _UUID.fullmatch(parent) else None,
        snapshot_time=unescape(tags.get("snapshot_time", "")),
        read_only=tags.get("read_only") == "1",
        managed=tags.get("managed", "1") == "1",
        deleted=tags.get("deleted") == "1",
        within_length=length_bytes is None or end <= length_bytes,
    )


def parse_mgt(source: ByteSource) -> MgtVolume | None:
    """Read an MGT volume; None where neither its head nor any record is there.

    Unreadable sectors cost their slots only.
    """
    head = source.pread(0, FIRST_SLOT_BYTES).data
    found = _HEAD.match(head)
    length = int(found[1]) if found else None
    records = tuple(_records(source, length))
    if found is None and not records:
        return None
    sr = _tags(head[SECTOR : 2 * SECTOR])
    uuid = sr.get("uuid", "")
    return MgtVolume(
        length_bytes=length,
        sr_uuid=SrUuid(uuid) if _UUID.fullmatch(uuid) else None,
        allocation=sr.get("allocation", ""),
        name_label=unescape(_tags(head[2 * SECTOR : 3 * SECTOR]).get("name_label", "")),
        description=unescape(_tags(head[3 * SECTOR : 4 * SECTOR]).get("name_description", "")),
        records=records,
    )


def _records(source: ByteSource, length: int | None) -> Iterator[VdiRecord]:
    end = min(source.size_bytes, MGT_BYTES_MAX)
    for at in range(FIRST_SLOT_BYTES, end - SLOT_BYTES + 1, _WINDOW_BYTES):
        data = source.pread(at, min(_WINDOW_BYTES, end - at)).data
        for inside in range(0, len(data) - SLOT_BYTES + 1, SLOT_BYTES):
            # Empty slots are nearly all of the volume.
            if b"<vdi>" in data[inside : inside + SECTOR]:
                slot = (at + inside - FIRST_SLOT_BYTES) // SLOT_BYTES
                record = parse_slot(data[inside : inside + SLOT_BYTES], slot, length_bytes=length)
                if record is not None:
                    yield record
