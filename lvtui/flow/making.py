"""The lines of ways B and C put together: evidence, restore, content, un-hide, final names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from lvtui.flow.target import Target
from lvtui.flow.target_pv import TargetPv
from lvtui.flow.unhiding import Unhiding
from lvtui.host.keep import keep_bytes, read_exactly
from lvtui.host.patch import lock_file_of
from lvtui.lvm.mapping import MappedRange, map_volume
from lvtui.lvm.merge import Merged
from lvtui.message import Message, message
from lvtui.plan.command import ByteGuard, Check
from lvtui.plan.lvm_call import LvmHost
from lvtui.plan.plan import AnyGuard, AreaPlace, Guard, Plan, StageGuard, Step, TextFile
from lvtui.plan.recipes.activate import activate, deactivate
from lvtui.plan.recipes.evidence import PvEvidence, Sample, evidence
from lvtui.plan.recipes.hold import HoldFacts, held, hold, release, scan
from lvtui.plan.recipes.relabel import relabel
from lvtui.plan.recipes.restore import check_content, nothing_open, restore, show
from lvtui.plan.recipes.unhide import unhide
from lvtui.plan.recipes.writes import write_steps
from lvtui.source import ByteRange
from lvtui.units import MiB
from lvtui.xen.names import VolumeRole, volume_in

BACKUP_FOLDER = "/etc/lvm/backup"
_MGT_BYTES = 4 * MiB


class PlanMaker:
    """Puts a plan together; the recipes make the lines."""

    def __init__(
        self, target: Target, host: LvmHost, folder: Path, way: str, holding: HoldFacts | None
    ) -> None:
        self._target = target
        self._host = host
        self._folder = folder
        self._way = way
        self._holding = holding
        self._vg = target.current
        self._evidence = f"{folder}/evidence"
        self._pvs = {pv.pv.uuid: pv for pv in target.pvs}

    def plan(self, merged: Merged, final: Merged | None, unhiding: tuple[Unhiding, ...]) -> Plan:
        """All lines."""
        vg = self._vg
        texts = [self._text("merged.vg", merged)]
        first_names = tuple(one.first_name for one in self._target.back)
        samples = tuple(self._samples())
        check = self._check(samples)
        steps = [
            *evidence(
                self._evidence,
                [self._kept(number, pv) for number, pv in enumerate(self._target.pvs)],
                samples,
                backup_file=f"{BACKUP_FOLDER}/{vg.name}",
                has_xe=self._holding is not None,
            ),
            *(hold(self._holding) if self._holding else ()),
            *self._first_restore(texts[0]),
            *show(self._host, vg.name, first_names),
        ]
        if final is None:
            steps += [*activate(self._host, vg.name, first_names), check_content(check)]
        else:
            texts.append(self._text("final.vg", final))
            steps += [check_content(check), *deactivate(self._host, vg.name, first_names)]
            steps += self._unhide(unhiding)
            steps += self._restore(
                texts[1], 2, message("Give the restored volumes their final names")
            )
            steps += show(self._host, vg.name, tuple(one.lv.name for one in self._target.back))
        if self._holding is not None:
            steps += release(self._holding)
            if final is not None:
                steps += scan(self._holding)
        return Plan(
            kind="label" if self._lost_labels() else self._way,
            title=self._title(),
            source=self._target.discovery.spec,
            vg_name=vg.name,
            vg_uuid=vg.uuid,
            steps=tuple(steps),
            areas=tuple(self._areas()),
            texts=tuple(texts),
            notes=tuple(self._notes()),
            lock_file=lock_file_of(vg.name),
        )

    def _lost_labels(self) -> tuple[tuple[str, str], ...]:
        return tuple((pv.pv.uuid, pv.source.path) for pv in self._target.pvs if pv.label_lost)

    def _first_restore(self, text: TextFile) -> Iterator[Step]:
        lost, vg = self._lost_labels(), self._vg.name
        if lost:
            # LVM can tell what is in use only where it sees a PV of the group at all.
            sees = len(lost) < len(self._target.pvs)
            guards = (nothing_open(self._host, vg), *self._held()) if sees else self._held()
            yield from relabel(self._host, vg_name=vg, pvs=lost, text=text, guards=guards)
        else:
            purpose = message("Restore the merged metadata of {vg}", vg=vg)
            yield from self._restore(text, 1, purpose)

    def _unhide(self, unhiding: tuple[Unhiding, ...]) -> tuple[Step, ...]:
        devices = {uuid: (pv.source.path, pv.identity) for uuid, pv in self._pvs.items()}
        writes = [w for one in unhiding for w in unhide(one.name, one.ranges, one.writes, devices)]
        guards: tuple[AnyGuard, ...] = (
            StageGuard(stage=1),
            nothing_open(self._host, self._vg.name),
            *self._held(),
        )
        steps, files = write_steps(str(self._folder), writes, guards)
        for path, data in files.items():
            keep_bytes(Path(path), data)
        return steps

    def _restore(self, text: TextFile, stage: int, purpose: Message) -> tuple[Step, ...]:
        return restore(
            self._host,
            vg_name=self._vg.name,
            vg_uuid=self._vg.uuid,
            text=text,
            stage=stage,
            purpose=purpose,
            extra_guards=self._held(),
        )

    def _held(self) -> tuple[Guard, ...]:
        return held(self._holding) if self._holding is not None else ()

    def _text(self, name: str, merged: Merged) -> TextFile:
        assert merged.vg is not None, "conflicts were looked at before"
        path = self._folder / name
        # vgcfgrestore of 2.02 wants no NUL and does not mind the ring's order
        return TextFile(path=str(path), sha256=keep_bytes(path, merged.text), seqno=merged.vg.seqno)

    def _title(self) -> Message:
        names = ", ".join(one.lv.name for one in self._target.back)
        return message(
            "Way {way}: bring {names} back into {vg} by vgcfgrestore",
            way=self._way.upper(),
            names=names,
            vg=self._vg.name,
        )

    def _notes(self) -> Iterator[Message]:
        for one in self._target.back:
            if one.first_name != one.lv.name:
                yield message(
                    "{lv} comes back as {name} first.", lv=one.lv.name, name=one.first_name
                )
        for report in self._target.reports:
            yield message("{lv}: {word}", lv=report.lost.lv.name, word=report.verdict.word.value)
        for uuid, path in self._lost_labels():
            yield message(
                "{path} has no label: it is made again for PV {uuid}.", path=path, uuid=uuid
            )
        if not self._host.has_device_mapper:
            yield message(
                "This kernel has no device-mapper: the volumes are restored, and not activated."
            )
        yield message(
            "If a write fails, lvtui puts the old bytes back. Undo later: lvtui undo, as long as "
            "nothing else changed the group."
        )

    def _kept(self, number: int, pv: TargetPv) -> PvEvidence:
        start = pv.data_start_bytes
        ends = [
            area.area.offset_bytes + area.area.size_bytes
            for area in pv.areas
            if area.area.offset_bytes < start
        ]
        head_bytes = max([start, *ends])
        return PvEvidence(
            number=number,
            path=pv.source.path,
            device_identity=pv.identity,
            head_bytes=min(head_bytes, pv.source.size_bytes),
            other_areas=tuple(
                ByteRange(area.area.offset_bytes, area.area.size_bytes)
                for area in pv.areas
                if area.area.offset_bytes >= start
            ),
        )

    def _areas(self) -> Iterator[AreaPlace]:
        for number, pv in enumerate(self._target.pvs):
            kept = self._kept(number, pv)
            if pv.label_lost:
                yield self._head(pv, kept)
                continue
            for one in pv.areas:
                saved_in, at = kept.file_of(self._evidence, one.area.offset_bytes)
                yield AreaPlace(
                    path=pv.source.path,
                    device_identity=pv.identity,
                    offset_bytes=one.area.offset_bytes,
                    length_bytes=one.area.size_bytes,
                    sha256=one.sha256,
                    saved_in=saved_in,
                    saved_at_bytes=at,
                )

    def _head(self, pv: TargetPv, kept: PvEvidence) -> AreaPlace:
        """All that stands before the data of a PV whose label is made again."""
        data = read_exactly(pv.source.path, pv.identity, 0, pv.data_start_bytes)
        saved_in, at = kept.file_of(self._evidence, 0)
        return AreaPlace(
            path=pv.source.path,
            device_identity=pv.identity,
            offset_bytes=0,
            length_bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            saved_in=saved_in,
            saved_at_bytes=at,
            relabelled=pv.pv.uuid,
        )

    def _samples(self) -> Iterator[Sample]:
        """Extents 0, 1 and the last of each volume; what MGT holds."""
        extent = self._vg.extent_bytes
        for one in self._target.back:
            size = one.lv.extent_count * extent
            starts = dict.fromkeys((0, min(extent, size - extent), size - extent))
            ranges = map_volume(one.origin, one.lv)
            for start in starts:
                yield from self._sample(one.lv.name, ranges, start, extent)
        for lv in self._vg.lvs:
            if volume_in(self._vg.name, lv.name, lv.tags).role is VolumeRole.MGT:
                length = min(_MGT_BYTES, lv.extent_count * extent)
                yield from self._sample("MGT", map_volume(self._vg, lv), 0, length)

    def _sample(
        self, name: str, ranges: Sequence[MappedRange], start: int, length: int
    ) -> Iterator[Sample]:
        for run in ranges:
            first = max(start, run.lv_offset_bytes)
            end = min(start + length, run.lv_offset_bytes + run.length_bytes)
            pv = self._pvs.get(run.pv_uuid)
            if first < end and pv is not None:
                yield Sample(
                    path=pv.source.path,
                    device_identity=pv.identity,
                    offset_bytes=run.pv_offset_bytes + first - run.lv_offset_bytes,
                    length_bytes=end - first,
                    name=f"{name}-at-{first}",
                )

    def _check(self, samples: Sequence[Sample]) -> Check:
        return Check(
            guards=tuple(
                ByteGuard(
                    path=sample.path,
                    device_identity=sample.device_identity,
                    offset_bytes=sample.offset_bytes,
                    length_bytes=sample.length_bytes,
                    sha256=hashlib.sha256(
                        read_exactly(
                            sample.path,
                            sample.device_identity,
                            sample.offset_bytes,
                            sample.length_bytes,
                        )
                    ).hexdigest(),
                )
                for sample in samples
            ),
            purpose=message("The content of the restored volumes is where it was"),
        )
