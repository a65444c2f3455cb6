"""Checking images again: those of a case by its jobs, any other by the manifest beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvtui.errors import DestinationError
from lvtui.host.copy.beside import BesideManifest, beside
from lvtui.host.copy.verify import read_back
from lvtui.host.paths import absolute, exists
from lvtui.safe import safe
from lvtui.source import ByteRange

Json = dict[str, Any]
OnBytes = Callable[[int, int], None]
"""(bytes read back, bytes of the image)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What became of an image."""

    path: str
    size_bytes: int
    sha256: str | None
    manifest_sha256: str
    differing: tuple[ByteRange, ...]
    """Chunks that are not what was read from the source."""

    @property
    def equal(self) -> bool:
        """Whether it is what was read from the source."""
        return not self.differing


def has_manifest(image: str) -> bool:
    """Whether a manifest lies beside an image."""
    return exists(image) and exists(str(beside(Path(absolute(image)))))


def verify_image(image: str, on_bytes: OnBytes) -> Verified:
    """Read an image and compare it with the manifest beside it.

    Raises:
        FormatError: the manifest is none, or damaged. DestinationError: `LV-DST-25`, it cannot be read.
    """
    path = Path(absolute(image))
    try:
        manifest = BesideManifest(beside(path))
        done = 0

        def on_unit(length_bytes: int, read: bool) -> None:  # noqa: FBT001 - as it is called
            nonlocal done
            del read
            done += length_bytes
            on_bytes(done, manifest.size_bytes)

        found = read_back(path, manifest, on_unit)
    except OSError as error:
        raise DestinationError(
            "LV-DST-25",
            "{path} cannot be read back: {why}.",
            path=str(path),
            why=error.strerror or type(error).__name__,
        ) from error
    return Verified(
        path=str(path),
        size_bytes=manifest.size_bytes,
        sha256=found.sha256 or None,
        manifest_sha256=manifest.manifest_sha256,
        differing=found.differing,
    )


def verify_answer(images: tuple[Verified, ...]) -> Json:
    """`lvtui.verify/1`."""
    return {
        "schema": "lvtui.verify/1",
        "images": [
            {
                "path": image.path,
                "equal": image.equal,
                "size_bytes": image.size_bytes,
                "sha256": image.sha256,
                "manifest_sha256": image.manifest_sha256,
                "differing_ranges": [[r.offset_bytes, r.length_bytes] for r in image.differing],
            }
            for image in images
        ],
    }


def verify_line(image: Verified) -> str:
    """`equal  /path`, or how many places differ."""
    places = len(image.differing)
    word = "equal" if image.equal else f"DIFFERS in {places} places of up to 4 MiB"
    first = "" if image.equal else f", the first at byte {image.differing[0].offset_bytes}"
    return f"{word}{first}  sha256 {image.sha256 or '-'}  {safe(image.path, limit_chars=512)}"
