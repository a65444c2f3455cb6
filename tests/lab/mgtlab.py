"""An own writer of the SR's metadata volume MGT, laid out as XenServer's storage manager does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, unescape

SECTOR = 512
SLOT = 1024
FIRST = 2048
TAGS = (
    "uuid",
    "is_a_snapshot",
    "snapshot_of",
    "snapshot_time",
    "type",
    "vdi_type",
    "read_only",
    "managed",
    "metadata_of_pool",
    "deleted",
)
PLAIN = {
    "is_a_snapshot": "0",
    "snapshot_of": "",
    "snapshot_time": "",
    "type": "user",
    "vdi_type": "vhd",
    "read_only": "0",
    "managed": "1",
    "metadata_of_pool": "",
    "deleted": "0",
}
DUMMY = "dummy vdi for space check"


def sector(text: str) -> bytes:
    """One sector, padded with blanks."""
    data = text.encode()
    assert len(data) <= SECTOR, data
    return data.ljust(SECTOR)


class Mgt:
    """Bytes from the start of the volume; a deleted record keeps its bytes until its slot is taken."""

    def __init__(self, sr: str, name: str) -> None:
        head = f'<?xml version="1.0" ?><uuid>{sr}</uuid><allocation>thick</allocation>'
        name_label = f"<name_label>{escape(name)}</name_label>"
        name_description = "<name_description></name_description>"
        self.buf = bytearray(b"".join(map(sector, ("", head, name_label, name_description))))
        self.length = FIRST
        self.slots: list[tuple[dict[str, str], Sequence[str]]] = []
        self._head()

    def _head(self) -> None:
        self.buf[0:SECTOR] = sector(f"XSSM:{self.length:<10}:1:2")

    def _put(self, i: int) -> None:
        record, order = self.slots[i]
        at = FIRST + i * SLOT
        self.buf.extend(bytes(max(0, at + SLOT - len(self.buf))))
        one = (
            f"<vdi><name_label>{escape(record['name_label'])}</name_label>"
            f"<name_description>{escape(record.get('name_description', ''))}</name_description>"
        )
        two = "".join(f"<{tag}>{record.get(tag, '')}</{tag}>" for tag in order) + "</vdi>"
        self.buf[at : at + SLOT] = sector(one) + sector(two)

    def _add(self, record: dict[str, str], order: Sequence[str]) -> None:
        free = [i for i, (old, _) in enumerate(self.slots) if old["deleted"] == "1"]
        if free:
            i = free[-1]
            self.slots[i] = (record, order)
        else:
            i = len(self.slots)
            self.slots.append((record, order))
            self.length += SLOT
        self._put(i)
        self._head()

    def add(self, uuid: str, name: str, order: Sequence[str], vdi_type: str) -> None:
        """Add a VDI; before it, as the storage manager does, a dummy record that is deleted again."""
        dummy = f"{len(self.slots) + 0xD0000000:08x}-0000-4000-8000-{self.length:012x}"
        record = {**PLAIN, "uuid": dummy, "name_label": DUMMY, "name_description": DUMMY}
        self._add(record, TAGS)
        self.delete(dummy)
        self._add({**PLAIN, "uuid": uuid, "name_label": name, "vdi_type": vdi_type}, order)

    def delete(self, uuid: str) -> None:
        """Mark the record of a VDI deleted."""
        for i, (record, _) in enumerate(self.slots):
            if record["uuid"] == uuid and record["deleted"] == "0":
                record["deleted"] = "1"
                self._put(i)
                if i == len(self.slots) - 1:
                    self.slots.pop()
                    self.length -= SLOT
                self._head()

    def to_bytes(self) -> bytes:
        """The volume's bytes."""
        return bytes(self.buf)


def records(data: bytes) -> dict[str, tuple[str, bool]]:
    """{uuid: (label, deleted)} of every slot that can still be read."""
    out: dict[str, tuple[str, bool]] = {}
    for at in range(FIRST, len(data) - SLOT + 1, SLOT):
        slot = data[at : at + SLOT].replace(b"\0", b"").decode("utf8", "replace")
        name = re.match(r"<vdi><name_label>(.*?)</name_label>", slot, re.DOTALL)
        uuid = re.search(r"<uuid>([0-9a-f-]{36})</uuid>", slot)
        if name and uuid and not name.group(1).startswith(DUMMY):
            deleted = "<deleted>1<" in slot
            if uuid.group(1) not in out or not deleted:
                out[uuid.group(1)] = (unescape(name.group(1)), deleted)
    return out
