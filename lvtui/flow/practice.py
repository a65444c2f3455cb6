"""Practice: the built-in damaged disk is unpacked and becomes a session like any other.

From here on the walk reads that image file with the same code as a real disk; only the copy is slowed,
so that pause, leaving and `attach` can be tried.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from lvtui.demo import disk
from lvtui.flow.session import Session
from lvtui.host import store

COPY_SECONDS = 10
IMAGE = "sata-array.img"
PARTITION_BYTES = 1 << 20
"""Where the file system begins on the disk of the recommended volume."""


def demo_folder(state_dir: Path | None = None) -> Path:
    """Where the demo keeps everything; nothing is made."""
    return (state_dir or store.state_home() / "lvtui") / "demo"


def prepare_demo(state_dir: Path | None = None) -> Session:
    """Unpack the disk where it is not there already, unchanged; a session that has it as its source.

    Each call is a practice of its own: a case and a destination that nothing was written to yet.

    Raises:
        UserError, DestinationError: the folder is not ours, no space.
    """
    folder = store.demo_folder(demo_folder(state_dir))
    image = folder / IMAGE
    known = disk.load()
    if not store.holds(image, known.size_bytes, known.pieces):
        store.write_image(image, known.size_bytes, known.pieces)
    number = store.next_number(folder, "recovered-")
    return Session(
        demo=True,
        source=str(image),
        case_dir=str(folder / f"case-demo-{number}"),
        destination=str(store.private_folder(folder / f"recovered-{number}")),
        # the data are read once, then the whole image is read back
        rate_bytes_per_s=(known.recommended_data_bytes + known.recommended_size_bytes)
        // COPY_SECONDS,
    )


def clean_demo(state_dir: Path | None = None) -> Path | None:
    """Remove the demo's folder with all that was recovered in it; its path, or None if there was none.

    Raises:
        UserError: the folder was not made by the demo.
    """
    folder = demo_folder(state_dir)
    return folder if store.remove(folder) else None


def list_files_line(image: str) -> str:
    """One shell line that lists files in the recovered volume of the recommended disk.

    `image` is the LV byte for byte; qemu-img takes a VHD that ends with its footer as it is.
    """
    raw = f"{image}.raw"
    there = f"{raw}?offset={PARTITION_BYTES}"
    return (
        f"qemu-img convert -f vpc -O raw {shlex.quote(image)} {shlex.quote(raw)} && "
        f"/sbin/debugfs -R 'ls -l /home/admin' {shlex.quote(there)}"
    )
