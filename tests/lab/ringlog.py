"""The truth about metadata: after every LVM command, what each metadata area now points to.

One command may commit more than once; the texts in between are found by walking the ring from the last
text known to the newest.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.lab import lvmtext
from tests.lab.sandbox import Disk, Sandbox

Info = dict[str, Any]


def text_sha(text: bytes) -> str:
    """The sha256 by which a text is known: without trailing NUL, blanks and line feeds."""
    return hashlib.sha256(text.rstrip(b"\0 \t\r\n")).hexdigest()


def number(pattern: bytes, text: bytes) -> int:
    """The number that a pattern captures."""
    found = re.search(pattern, text)
    assert found, pattern
    return int(found.group(1))


@dataclass(slots=True)
class Version:
    """One text that LVM committed, and every place where it did."""

    info: Info
    """As in case.json."""
    text: bytes

    @property
    def idx(self) -> int:
        """Its place in the order of commits."""
        return int(self.info["idx"])

    @property
    def copies(self) -> list[Info]:
        """Where it was written."""
        found: list[Info] = self.info["copies"]
        return found


@dataclass(slots=True)
class _Tail:
    offset: int
    length: int
    seqno: int
    vg_id: str


@dataclass(slots=True)
class RingLog:
    """Every version so far."""

    box: Sandbox
    backup_every: int = 1
    versions: list[Version] = field(default_factory=list)
    text: bytes = b""
    """The newest text."""
    _seen: dict[tuple[int, int], tuple[int, int, int]] = field(default_factory=dict)
    _tail: dict[tuple[int, int], _Tail] = field(default_factory=dict)

    def find_areas(self) -> None:
        """Learn from the labels where the metadata areas are."""
        for disk in self.box.disks:
            with disk.img.open("rb") as f:
                label = lvmtext.label(f, disk.base)
            if label:
                disk.pv_uuid = label.uuid
                disk.mdas = list(label.mda)
                disk.pe_start = label.data[0][0]

    def snap(self, command: str) -> None:
        """Record the text that every metadata area now points to."""
        for di, disk in enumerate(self.box.disks):
            with disk.img.open("rb") as f:
                for mi in range(len(disk.mdas)):
                    self._snap_area(f, di, mi, command)
        last = self.versions[-1] if self.versions else None
        wanted = last and "vgcfgbackup" not in last.info and last.idx % self.backup_every == 0
        if last and wanted and not command.startswith("vgcfgbackup"):
            backup = Path(self.box.tmp / "bk")
            if self.box.run(f"vgcfgbackup -f bk {last.info['vg_name']}"):
                last.info["vgcfgbackup"] = backup.read_text()

    def _snap_area(self, f: IO[bytes], di: int, mi: int, command: str) -> None:
        disk, key = self.box.disks[di], (di, mi)
        start = disk.mdas[mi][0]
        header = lvmtext.mda(f, disk.base + start)
        if not header or not header.length:
            if header and key in self._tail:
                self._between(f, di, mi, None, command)
            self._tail.pop(key, None)
            return
        where = (header.offset, header.length, header.crc)
        if self._seen.get(key) == where:
            return
        self._seen[key] = where
        text = lvmtext.mda_text(f, disk.base + start, header.size, header.offset, header.length)
        assert lvmtext.lvm_crc(text) == header.crc, "crc of the text just written does not match"
        self._between(f, di, mi, number(rb"\nseqno = (\d+)", text), command)
        self._record((di, mi), header.offset, text, command)

    def _between(self, f: IO[bytes], di: int, mi: int, upto: int | None, command: str) -> None:
        disk = self.box.disks[di]
        start, size = disk.mdas[mi]
        while True:
            prev = self._tail.get((di, mi))
            if not prev or (upto is not None and prev.seqno + 1 >= upto):
                return
            at = (prev.offset + prev.length + 511) // 512 * 512
            if at + 512 > size:
                return
            f.seek(disk.base + start + at)
            text = f.read(min(size - at, 1 << 20))
            text = text[: text.find(b"\0") + 1]
            head = re.match(rb'\S+ \{\nid = "([^"]+)"\nseqno = (\d+)\n', text)
            if not head or (head.group(1).decode(), int(head.group(2))) != (
                prev.vg_id,
                prev.seqno + 1,
            ):
                return
            if b"\ncreation_time = " not in text[-200:]:
                return
            self._record((di, mi), at, text, command + " (commit in between)")

    def _record(self, area: tuple[int, int], at: int, text: bytes, command: str) -> None:
        (di, mi), sha = area, text_sha(text)
        disk = self.box.disks[di]
        start, size = disk.mdas[mi]
        copy = {
            "disk": di,
            "mda": mi,
            "mda_start": start,
            "mda_size": size,
            "mda_offset": at,
            "length": len(text),
            "offset": disk.base + start + at,
            "wrapped": len(text) - min(len(text), size - at),
        }
        version = next((v for v in self.versions[-4:] if v.info["text_sha256"] == sha), None)
        if version:  # the same commit in another area
            version.copies.append(copy)
        else:
            found = re.search(rb'\nid = "([^"]+)"', text)
            assert found
            version = Version(
                {
                    "idx": len(self.versions),
                    "vg_name": text[: text.index(b" {")].decode(),
                    "vg_id": found.group(1).decode(),
                    "seqno": number(rb"\nseqno = (\d+)", text),
                    "creation_time": number(rb"\ncreation_time = (\d+)\t", text),
                    "length": len(text),
                    "text_sha256": sha,
                    "raw_sha256": hashlib.sha256(text).hexdigest(),
                    "cmd": command,
                    "copies": [copy],
                },
                text,
            )
            self.versions.append(version)
            self.text = text
        info = version.info
        self._tail[area] = _Tail(at, len(text), info["seqno"], info["vg_id"])

    def current(self) -> lvmtext.Tree:
        """The VG section of the newest text."""
        return lvmtext.vg_of(self.text.decode())[1]

    def disk_of(self, uuid: str) -> tuple[int, Disk]:
        """The disk of a PV's (dashed) uuid."""
        plain = uuid.replace("-", "")
        return next((i, d) for i, d in enumerate(self.box.disks) if d.pv_uuid == plain)
