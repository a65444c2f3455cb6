"""Evidence first: what is kept in the case before any other line of a plan that writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.message import message
from lvtui.plan.command import Command, Effect, Save, Target
from lvtui.plan.plan import Step
from lvtui.source import ByteRange
from lvtui.units import KiB


@dataclass(frozen=True, slots=True, kw_only=True)
class PvEvidence:
    """What is kept of one PV."""

    number: int
    path: str
    device_identity: str
    head_bytes: int
    """From 0 to where the data begin, by label or text, whichever is more; all areas before that."""
    other_areas: tuple[ByteRange, ...]
    """Metadata areas behind it: `--metadatacopies 2`."""

    def file_of(self, folder: str, offset_bytes: int) -> tuple[str, int]:
        """(file, where in it) for a byte of the PV's metadata."""
        for area in self.other_areas:
            if area.offset_bytes <= offset_bytes < area.end_bytes:
                name = f"{folder}/pv{self.number}-area-{area.offset_bytes}.bin"
                return name, offset_bytes - area.offset_bytes
        return f"{folder}/pv{self.number}-head.bin", offset_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Bytes of a volume by which its content is known again, on a PV."""

    path: str
    device_identity: str
    offset_bytes: int
    length_bytes: int
    name: str
    """`VHD-…` and which part of it; the file's name."""


def evidence(
    folder: str,
    pvs: Iterable[PvEvidence],
    samples: Iterable[Sample],
    *,
    backup_file: str | None,
    has_xe: bool,
) -> tuple[Step, ...]:
    """The lines that keep it."""
    steps = [
        _save(pv, part, folder)
        for pv in pvs
        for part in (
            ByteRange(0, -(-pv.head_bytes // (4 * KiB)) * 4 * KiB),
            *pv.other_areas,
        )
    ]
    steps += [
        Step(
            line=Save(
                path=sample.path,
                device_identity=sample.device_identity,
                offset_bytes=sample.offset_bytes,
                length_bytes=sample.length_bytes,
                to_file=f"{folder}/{sample.name}.bin",
                purpose=message(
                    "Keep {size:bytes} of content: {name}",
                    size=sample.length_bytes,
                    name=sample.name,
                ),
            )
        )
        for sample in samples
    ]
    if backup_file is not None:
        steps.append(
            Step(
                line=Save(
                    path=backup_file,
                    device_identity=None,
                    offset_bytes=0,
                    length_bytes=0,
                    to_file=f"{folder}/lvm-backup",
                    purpose=message("Keep LVM's own backup file of the group"),
                    optional=True,
                )
            )
        )
    if has_xe:
        steps.append(
            Step(
                line=Command(
                    argv=("xe", "pool-dump-database", f"file-name={folder}/xapi.db"),
                    purpose=message("Keep xapi's database"),
                    effect=Effect.WRITES,
                    target=Target.CASE,
                    timeout_seconds=300.0,
                )
            )
        )
    return tuple(steps)


def _save(pv: PvEvidence, part: ByteRange, folder: str) -> Step:
    return Step(
        line=Save(
            path=pv.path,
            device_identity=pv.device_identity,
            offset_bytes=part.offset_bytes,
            length_bytes=part.length_bytes,
            to_file=pv.file_of(folder, part.offset_bytes)[0],
            purpose=message(
                "Keep label and metadata of {path}: {size:bytes} from byte {start}",
                path=pv.path,
                size=part.length_bytes,
                start=part.offset_bytes,
            ),
        )
    )
