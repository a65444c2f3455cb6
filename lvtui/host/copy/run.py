"""One run of a job from its start to its end: open, go on, copy, read back, give the final name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from lvtui.errors import LvtuiError, VerifyError
from lvtui.host.copy.beside import beside, write_beside
from lvtui.host.copy.block_target import BlockTarget, is_block
from lvtui.host.copy.control import Control, StopAsked
from lvtui.host.copy.engine import Engine
from lvtui.host.copy.folder import JobFolder, TargetRecord
from lvtui.host.copy.full import Patience
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.joblog import JobLog
from lvtui.host.copy.manifest import Manifest
from lvtui.host.copy.mapstore import Checkpoint, MapStore
from lvtui.host.copy.meter import Meter
from lvtui.host.copy.open_image import OpenImage
from lvtui.host.copy.resume import trusted
from lvtui.host.copy.sources import OpenDevice
from lvtui.host.copy.target import open_target, part_path, refused
from lvtui.host.copy.verify import ReadBack
from lvtui.host.copy.watch import SourceWatch
from lvtui.host.copy.workplace import Workplace
from lvtui.host.device import SourceDevice
from lvtui.host.files import Files, unlink_if_there
from lvtui.host.machine import Clock, own_pid
from lvtui.plan.facts import CopyProgress, CopyResult, CopyState
from lvtui.plan.mapfile import BlockStatus, CopyMap
from lvtui.plan.remote import is_remote, parse_remote


def run(
    folder: JobFolder,
    files: Files,
    clock: Clock,
    *,
    ready: Callable[[Control], None] = lambda _: None,
    open_device: OpenDevice = SourceDevice,
) -> CopyProgress:
    """Run the job once; the caller holds its lock. `ready` gets what signals are given to.

    What goes wrong is in the answer, and in `progress.json` and `log.jsonl`.

    Raises:
        UserError, FormatError: this is no job directory, or a damaged one.
    """
    for torn in folder.path.glob("*.new"):
        if not torn.name.startswith("want."):  # a viewer may be asking at this moment
            unlink_if_there(files, torn)
    spec = folder.spec()
    with ExitStack() as stack:
        log = JobLog(folder.log_path, files)
        stack.callback(log.close)
        meter = Meter(folder, spec.size_bytes, files, clock)
        control = Control(folder, meter, clock, rate_bytes_per_s=spec.rate_bytes_per_s)
        ready(control)
        log.append("start", pid=own_pid())
        try:
            _Run(
                folder=folder,
                files=files,
                clock=clock,
                log=log,
                meter=meter,
                control=control,
                stack=stack,
                open_device=open_device,
            ).work()
            meter.state = CopyState.DONE
        except StopAsked:
            meter.state = CopyState.STOPPED
        except LvtuiError as error:
            meter.fail(error)
        except OSError as error:
            meter.fail(refused(error, Path(str(error.filename or spec.to))))
        problem_text = str(meter.problem) if meter.problem else None
        log.append(meter.state.value, done_bytes=meter.done_bytes, problem=problem_text)
        meter.say(durable=True)
        return meter.progress()


class _Run:
    """The parts of a run, opened one after the other."""

    def __init__(
        self,
        *,
        folder: JobFolder,
        files: Files,
        clock: Clock,
        log: JobLog,
        meter: Meter,
        control: Control,
        stack: ExitStack,
        open_device: OpenDevice,
    ) -> None:
        self._folder = folder
        self._files = files
        self._clock = clock
        self._log = log
        self._meter = meter
        self._control = control
        self._stack = stack
        self._open_device = open_device
        self._spec = folder.spec()
        self._final = Path(self._spec.to)
        self._maps = MapStore(folder.map_path, files)
        self._patience = Patience(folder.path, control, meter, log)

    def work(self) -> None:
        """Do it.

        Raises:
            VerifyError: what was read back differs. StopAsked, LvtuiError, OSError: as its parts.
        """
        self._meter.say(durable=False)
        self._patience.wait_out(self._start_over_if_gone)
        target = self._patience.wait_out(self._target)
        self._stack.callback(target.close)
        manifest = Manifest(self._folder.manifest_path, self._spec.size_bytes, self._files)
        self._stack.callback(manifest.close)
        checkpoint = self._patience.wait_out(partial(self._checkpoint, manifest, target))
        if not target.is_final:
            checkpoint = self._copy(manifest, target, checkpoint)
        self._finish(manifest, target, checkpoint)

    def _target(self) -> OpenImage:
        if is_remote(self._spec.to):
            from lvtui.host.copy.ssh_target import SshTarget  # noqa: PLC0415 - loads subprocess

            size_bytes, remote = self._spec.size_bytes, parse_remote(self._spec.to)
            return SshTarget(remote, self._folder, size_bytes, self._files, self._meter.tick)
        if is_block(self._final):
            with self._patience.writing_to(self._final):
                return BlockTarget(self._final, self._folder, self._spec.size_bytes, self._files)
        with self._patience.writing_to(part_path(self._final)):
            return open_target(self._folder, self._final, self._spec.size_bytes, self._files)

    def _start_over_if_gone(self) -> None:
        """The image was taken away: what the map says of it holds no more. Its record goes last."""
        if self._folder.target() is None or is_remote(self._spec.to):
            return
        if part_path(self._final).exists() or self._final.exists():
            return
        self._log.append("image-gone", path=str(self._final))
        watch = self._folder.watch()
        if watch is not None:
            # What was read is to be read again; what is known of the group stays.
            fresh = replace(watch, overwritten=(), at_risk=())
            self._folder.write_watch(self._files, fresh)
        for name in ("result.json", "map.bak", "map", "manifest", "target.json"):
            unlink_if_there(self._files, self._folder.path / name)
        self._files.fsync_folder(self._folder.path)

    def _checkpoint(self, manifest: Manifest, target: OpenImage) -> Checkpoint:
        """Where to go on."""
        found = self._maps.load(self._spec.size_bytes) if target.had_size else None
        if found is None:
            target.may_hold_old = target.may_hold_old or manifest.existed
            return Checkpoint(copy_map=CopyMap.untried(self._spec.size_bytes), runs=1)
        if target.is_final:
            return found
        checkpoint = replace(found, runs=found.runs + 1)
        again = trusted(checkpoint, manifest, target)
        if again != checkpoint:
            lost_bytes = again.copy_map.total_bytes(BlockStatus.UNTRIED)
            self._log.append("not-trusted", untried_bytes=lost_bytes)
        return again

    def _copy(self, manifest: Manifest, target: OpenImage, checkpoint: Checkpoint) -> Checkpoint:
        image = self._image()
        self._stack.callback(image.close)
        for path in image.changed_heads():
            self._log.append("source-head-changed", path=path)
        for planned, path in image.moved:
            self._log.append("source-moved", planned=planned, path=path)
        place = Workplace(
            image=image,
            target=target,
            manifest=manifest,
            maps=self._maps,
            meter=self._meter,
            control=self._control,
            patience=self._patience,
            watch=SourceWatch(
                self._folder,
                image,
                self._log,
                self._files,
                self._clock,
                tick=self._meter.tick,
            ),
            clock=self._clock,
        )
        return Engine(place, checkpoint).run()

    def _image(self) -> JobImage:
        if not self._spec.layers:
            return JobImage(self._spec, self._open_device)
        from lvtui.host.copy.disk_image import DiskImage  # noqa: PLC0415 - a plain copy stays small

        return DiskImage(self._spec, self._open_device)

    def _finish(self, manifest: Manifest, target: OpenImage, checkpoint: Checkpoint) -> None:
        found = self._patience.wait_out(partial(self._read_back, manifest, target))
        result = self._result(found, checkpoint, manifest)
        self._meter.result = result
        if found.differing:
            self._patience.wait_out(partial(self._keep_differing, checkpoint, found, result))
            raise VerifyError(
                "LV-CPY-07",
                "What was read back from {path} differs from what was read from the source in "
                "{count:count} places of up to 4 MiB: its disk does not keep what is written to it. "
                "Choose another destination, or resume to copy these places again.",
                changed=True,
                path=str(target.path),
                count=len(found.differing),
            )
        self._patience.wait_out(partial(self._publish, target, manifest, result))

    def _read_back(self, manifest: Manifest, target: OpenImage) -> ReadBack:
        meter, control = self._meter, self._control
        control.before_pause = lambda: None
        meter.done_bytes = 0
        meter.begin(CopyState.VERIFYING)

        def on_unit(length_bytes: int, read: bool) -> None:  # noqa: FBT001 - by position
            meter.done_bytes += length_bytes
            meter.tick()
            control.poll()
            if read:
                meter.moved(length_bytes)
                control.brake(length_bytes)

        return target.read_back(manifest, on_unit)

    def _result(self, found: ReadBack, checkpoint: Checkpoint, manifest: Manifest) -> CopyResult:
        verified = not found.differing
        # Every chunk's digest was taken in one go while reading the source; where all equal those
        # of the image, the whole image's digest is the source's.
        before = self._folder.result()
        one_go = verified and (
            checkpoint.runs == 1 or (before is not None and before.source_sha256 == found.sha256)
        )
        one_go = one_go and bool(found.sha256)
        watch = self._folder.watch()
        return CopyResult(
            bytes_written=self._spec.size_bytes - found.zeros_bytes,
            bytes_holes=found.zeros_bytes,
            manifest_sha256=manifest.sha256(),
            source_sha256=found.sha256 if one_go else None,
            destination_sha256=found.sha256,
            verified=verified,
            unreadable_ranges=checkpoint.copy_map.ranges(BlockStatus.BAD),
            seconds=round(self._meter.seconds, 3),
            overwritten=watch.overwritten if watch else (),
            at_risk=watch.at_risk if watch else (),
            note=watch.note if watch else None,
        )

    def _keep_differing(self, checkpoint: Checkpoint, found: ReadBack, result: CopyResult) -> None:
        """What differs is untried again, so that a resume copies it."""
        copy_map = checkpoint.copy_map
        for chunk in found.differing:
            if chunk.end_bytes <= self._spec.size_bytes:
                copy_map = copy_map.advance(chunk, BlockStatus.UNTRIED)
        self._maps.save(replace(checkpoint, copy_map=copy_map))
        self._folder.write_result(self._files, result)

    def _publish(self, target: OpenImage, manifest: Manifest, result: CopyResult) -> None:
        with self._patience.writing_to(self._final):
            is_file = not is_remote(self._spec.to) and not is_block(self._final)
            if is_file and not write_beside(self._files, self._final, manifest, result):
                self._log.append("manifest-in-the-way", path=str(beside(self._final)))
            target.publish()
        record = self._folder.target()
        if record is not None and not record.finished:
            finished = TargetRecord(inode=record.inode, device=record.device, finished=True)
            self._folder.write_target(self._files, finished)
        self._folder.write_result(self._files, result)
