"""Evidence: bytes of a device, or a file of this host, kept in the case; durable when it returns.

Also the one place where a plan's lines read devices: exact, on the right device, or not at all.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lvtui.errors import CheckStop, DestinationError, SourceChangedError
from lvtui.host.case import make_private
from lvtui.host.device import SourceDevice
from lvtui.host.files import SystemFiles, replace_file, write_new
from lvtui.plan.command import ByteGuard, FileEffect, Save
from lvtui.plan.plan import is_device
from lvtui.units import MiB

KEPT_BYTES_MAX = 512 * MiB
_SUMS = "SHA256SUMS"


def read_exactly(
    path: str, device_identity: str | None, offset_bytes: int, length_bytes: int
) -> bytes:
    """Bytes of a device that is still the one of the plan.

    Args:
        path: the device.
        device_identity: as `identity_text`; None: whatever it is.
        offset_bytes: where.
        length_bytes: how many.

    Raises:
        SourceChangedError: `LV-KEP-01`, another device. CheckStop: `LV-KEP-02`, not readable whole.
    """
    with SourceDevice(path) as device:
        if device_identity is not None and not is_device(device.identity, device_identity):
            raise SourceChangedError(
                "LV-KEP-01",
                "{path} is not the device that the plan was made for, or its first 4 KiB changed. "
                "Make the plan again.",
                path=path,
            )
        piece = device.pread(offset_bytes, length_bytes)
    if piece.gaps or len(piece.data) != length_bytes:
        raise CheckStop(
            "LV-KEP-02",
            "{path} cannot be read whole at byte {offset} ({size:bytes}). Ways that write are closed "
            "on a disk with read errors: copy the volume out instead (lvtui extract).",
            path=path,
            offset=offset_bytes,
            size=length_bytes,
        )
    return piece.data


def holds(guard: ByteGuard) -> bool:
    """Whether the bytes of a guard are there.

    Raises:
        SourceChangedError, CheckStop: as `read_exactly`.
    """
    data = read_exactly(guard.path, guard.device_identity, guard.offset_bytes, guard.length_bytes)
    return hashlib.sha256(data).hexdigest() == guard.sha256


def save(line: Save) -> str | None:
    """Keep it; its sha256, None where an optional file is not there.

    Raises:
        DestinationError: `LV-KEP-03`, it cannot be written. Others as `read_exactly`.
    """
    if line.device_identity is None:
        try:
            with Path(line.path).open("rb") as file:
                data = file.read(KEPT_BYTES_MAX)
        except FileNotFoundError:
            if line.optional:
                return None
            raise CheckStop("LV-KEP-04", "{path} is not there.", path=line.path) from None
    else:
        data = read_exactly(line.path, line.device_identity, line.offset_bytes, line.length_bytes)
    target = Path(line.to_file)
    make_private(target.parent)
    try:
        files = SystemFiles()
        write_new(files, target, data)
        files.fsync_folder(target.parent)
    except OSError as error:
        raise _not_written(line.to_file, error) from error
    return hashlib.sha256(data).hexdigest()


def note_sums(folder: Path, sums: dict[str, str]) -> None:
    """SHA256SUMS of what is kept in a folder, for `sha256sum --check`."""
    if folder.is_dir():
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        replace_file(SystemFiles(), folder / _SUMS, text.encode())


def read_kept(path: str, sha256: str | None = None) -> bytes:
    """A file of the case, as it was kept.

    Raises:
        CheckStop: `LV-KEP-05`, it is gone or changed.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        why = os.strerror(error.errno or 0)
    else:
        if sha256 is None or hashlib.sha256(data).hexdigest() == sha256:
            return data
        why = "its sha256 is another one"
    raise CheckStop(
        "LV-KEP-05",
        "{path} of the case is needed and not as it was kept ({why}). Nothing was changed now.",
        path=path,
        why=why,
    )


def put(line: FileEffect) -> None:
    """Make `path` hold the content, replaced whole; nothing to do where it does.

    Raises:
        CheckStop: the content is not there. DestinationError: `LV-KEP-03`.
    """
    if line.content_file is None:
        read_kept(line.path, line.content_sha256)
        return
    data = read_kept(line.content_file, line.content_sha256)
    try:
        replace_file(SystemFiles(), Path(line.path), data)
    except OSError as error:
        raise _not_written(line.path, error) from error


def keep_bytes(path: Path, data: bytes) -> str:
    """A file of a plan's own in the case; its sha256.

    Raises:
        DestinationError: `LV-KEP-03`.
    """
    make_private(path.parent)
    try:
        replace_file(SystemFiles(), path, data)
    except OSError as error:
        raise _not_written(str(path), error) from error
    return hashlib.sha256(data).hexdigest()


def read_file(path: str) -> bytes | None:
    """A file of this host; None where there is none."""
    try:
        with Path(path).open("rb") as file:
            return file.read(KEPT_BYTES_MAX)
    except OSError:
        return None


def _not_written(path: str, error: OSError) -> DestinationError:
    return DestinationError(
        "LV-KEP-03",
        "{path} cannot be written: {why}. Make room, or give another case folder: --case DIR.",
        path=path,
        why=error.strerror or type(error).__name__,
    )
