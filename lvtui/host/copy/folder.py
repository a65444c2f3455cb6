"""The job directory: names of its files, and their contents as values.

job.json       what to copy (`plan.job.JobSpec`)
job.lock       flock held by the worker while it lives
map, map.bak   what is there, see `mapstore`
manifest       the digest of each 4 MiB chunk, see `manifest`
want.json      what a viewer asks for; `progress.json` echoes its number
progress.json  what the worker says, about once a second
target.json    which file the image is
watch.json     what is known of the sources' metadata, see `watch`
texts/         metadata texts that were in use while it was copied
recheck.json   the last answer of the short child that reads them
result.json    how it ended
log.jsonl      what happened, chained by hash
stderr.log     what Python said when a worker broke
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lvtui.errors import FormatError, UserError
from lvtui.host.files import Files, replace_file
from lvtui.plan.facts import CopyProgress, CopyResult
from lvtui.plan.job import JOB_SCHEMA, JobSpec
from lvtui.plan.recheck import Recheck, WatchState
from lvtui.plan.stored import decode, encode

T = TypeVar("T")

STORED_BYTES_MAX = 256 * 1024 * 1024
"""A job of a million pieces is far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a viewer asks the worker for."""

    want: str = "run"
    """`run`, `pause`, `stop`, or `finish`: try bad places no more, and end with what is there."""
    rate_bytes_per_s: int | None = None
    """0: no limit; None: that of the job."""
    retries: int = 1
    """How often bad places are tried again once all else was read; their direction alternates."""
    n: int = 0
    """Grows with every request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What `progress.json` holds."""

    progress: CopyProgress
    boot_id: str
    boot_seconds: float
    process_start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRecord:
    """Which file the image is: written before its first byte."""

    inode: int
    device: int
    finished: bool = False
    """Whether it was verified and has its final name."""


@dataclass(frozen=True, slots=True)
class JobFolder:
    """A job directory."""

    path: Path

    @property
    def map_path(self) -> Path:
        """The map."""
        return self.path / "map"

    @property
    def manifest_path(self) -> Path:
        """The chunk digests."""
        return self.path / "manifest"

    @property
    def log_path(self) -> Path:
        """The log."""
        return self.path / "log.jsonl"

    @property
    def lock_path(self) -> Path:
        """The lock."""
        return self.path / "job.lock"

    def spec(self) -> JobSpec:
        """What to copy.

        Raises:
            UserError: `LV-JOB-01`, this is no job directory. FormatError: a damaged one.
        """
        spec = self._load(JobSpec, "job.json")
        if spec is None:
            raise UserError("LV-JOB-01", "{path} is not a copy job.", path=str(self.path))
        return spec

    def write_spec(self, files: Files, spec: JobSpec) -> None:
        """Say what to copy, durably."""
        self._store(files, "job.json", spec, schema=JOB_SCHEMA)

    def want(self) -> Want:
        """What is asked for; to run, when nobody has asked yet."""
        return self._load(Want, "want.json") or Want()

    def write_want(self, files: Files, want: Want) -> None:
        """Ask for something."""
        self._store(files, "want.json", want)

    def heartbeat(self) -> Heartbeat | None:
        """What the worker last said; it is not synced, so a power cut may have torn it."""
        try:
            return self._load(Heartbeat, "progress.json")
        except FormatError:
            return None

    def write_heartbeat(self, files: Files, heartbeat: Heartbeat, *, durable: bool) -> None:
        """Say how it stands."""
        self._store(files, "progress.json", heartbeat, durable=durable)

    def target(self) -> TargetRecord | None:
        """Which file the image is."""
        return self._load(TargetRecord, "target.json")

    def write_target(self, files: Files, record: TargetRecord) -> None:
        """Say which file the image is, durably."""
        self._store(files, "target.json", record)

    def result(self) -> CopyResult | None:
        """How it ended."""
        return self._load(CopyResult, "result.json")

    def write_result(self, files: Files, result: CopyResult) -> None:
        """Say how it ended, durably."""
        self._store(files, "result.json", result)

    def watch(self) -> WatchState | None:
        """What is known of the sources' metadata."""
        return self._load(WatchState, "watch.json")

    def write_watch(self, files: Files, state: WatchState) -> None:
        """Keep it, durably."""
        self._store(files, "watch.json", state)

    @property
    def recheck_path(self) -> Path:
        """Where the short child answers."""
        return self.path / "recheck.json"

    def recheck(self) -> Recheck | None:
        """Its answer."""
        return self._load(Recheck, "recheck.json")

    def write_recheck(self, files: Files, answer: Recheck) -> None:
        """Answer."""
        self._store(files, "recheck.json", answer)

    @property
    def texts_path(self) -> Path:
        """Texts that were in use."""
        return self.path / "texts"

    def write_text(self, files: Files, name: str, text: bytes) -> None:
        """Keep a text that was in use; one that is there stays as it is."""
        if not self.texts_path.exists():
            files.mkdir(self.texts_path)
            files.fsync_folder(self.path)
        if not (self.texts_path / name).exists():
            replace_file(files, self.texts_path / name, text)

    def _load(self, cls: type[T], name: str) -> T | None:
        stored = _read_json(self.path / name)
        return None if stored is None else decode(cls, stored)

    def _store(
        self, files: Files, name: str, value: object, *, durable: bool = True, schema: str = ""
    ) -> None:
        stored = ({"schema": schema} if schema else {}) | encode(value)
        data = json.dumps(stored, separators=(",", ":")).encode()
        replace_file(files, self.path / name, data, durable=durable)


def _read_json(path: Path) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(STORED_BYTES_MAX)
    except FileNotFoundError:
        return None
    try:
        stored: object = json.loads(data)
    except (ValueError, RecursionError):
        raise FormatError(
            "LV-STO-02", "{path} is damaged. Nothing was changed.", path=str(path)
        ) from None
    return stored
