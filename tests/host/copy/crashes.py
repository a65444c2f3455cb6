"""Power cuts without a machine to cut: the calls of a copy recorded, and every state rebuilt.

Model (POSIX, no more): bytes of a file are durable after fsync or fdatasync of it, names after fsync
of their folder. Until then each write, each truncation and each change of a name may have reached the
disk or not, alone, and a write may be torn at any 512 bytes. Names change in their order or not at
all, since a later one needs the earlier.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

from lvtui.host.files import SystemFiles


@dataclass(frozen=True)
class Call:
    """One call: what it did to which file (a number) or name."""

    what: str
    file: int = 0
    name: str = ""
    other: str = ""
    offset_bytes: int = 0
    data: bytes = b""


@dataclass
class RecordingFiles(SystemFiles):
    """Carries calls out, and keeps them."""

    calls: list[Call] = field(default_factory=list)
    open_files: dict[int, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def mkdir(self, path: Path) -> None:
        super().mkdir(path)

    def open_new(self, path: Path) -> int:
        descriptor = super().open_new(path)
        number = len(self.calls) + 1
        self.open_files[descriptor] = self.numbers[str(path)] = number
        self.calls.append(Call("create", number, str(path)))
        return descriptor

    def open_existing(self, path: Path) -> int:
        descriptor = super().open_existing(path)
        self.open_files[descriptor] = self.numbers[str(path)]
        return descriptor

    def pwrite(self, descriptor: int, data: bytes | memoryview, offset_bytes: int) -> int:
        written = super().pwrite(descriptor, data, offset_bytes)
        number = self.open_files[descriptor]
        self.calls.append(
            Call("write", number, offset_bytes=offset_bytes, data=bytes(data[:written]))
        )
        return written

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        super().truncate(descriptor, size_bytes)
        self.calls.append(Call("truncate", self.open_files[descriptor], offset_bytes=size_bytes))

    def fdatasync(self, descriptor: int) -> None:
        super().fdatasync(descriptor)
        self.calls.append(Call("sync", self.open_files[descriptor]))

    def fsync(self, descriptor: int) -> None:
        super().fsync(descriptor)
        self.calls.append(Call("sync", self.open_files[descriptor]))

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self.numbers[str(new)] = self.numbers.pop(str(old))
        self.calls.append(Call("rename", name=str(old), other=str(new)))

    def link(self, old: Path, new: Path) -> None:
        super().link(old, new)
        self.numbers[str(new)] = self.numbers[str(old)]
        self.calls.append(Call("link", name=str(old), other=str(new)))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.numbers.pop(str(path), None)
        self.calls.append(Call("unlink", name=str(path)))

    def fsync_folder(self, path: Path) -> None:
        super().fsync_folder(path)
        self.calls.append(Call("sync-folder", name=str(path)))


@dataclass
class Disk:
    """What is durable, and what is on its way."""

    files: dict[int, list[Call]] = field(default_factory=dict)
    """Changes that are durable, in order, by file."""
    pending: dict[int, list[Call]] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    """Durable names."""
    moves: dict[str, list[Call]] = field(default_factory=dict)
    """Changes of names on their way, by folder."""

    def take(self, call: Call) -> None:
        """A call happened, and the power is still there."""
        if call.what in {"write", "truncate"}:
            self.pending.setdefault(call.file, []).append(call)
        elif call.what == "sync":
            self.files.setdefault(call.file, []).extend(self.pending.pop(call.file, []))
        elif call.what == "sync-folder":
            for move in self.moves.pop(call.name, []):
                apply_move(self.names, move)
        else:
            folder = str(Path(call.name).parent)
            self.moves.setdefault(folder, []).append(call)

    def state(self, chance: random.Random) -> tuple[dict[str, int], dict[int, list[Call]]]:
        """Names and contents after a cut: some of what was on its way has arrived."""
        names = dict(self.names)
        for moves in self.moves.values():
            for move in moves[: chance.randint(0, len(moves))]:
                apply_move(names, move)
        contents = {number: list(changes) for number, changes in self.files.items()}
        share = chance.choice((0.0, 0.3, 0.7, 1.0))
        for number, changes in self.pending.items():
            arrived = [torn(change, chance) for change in changes if chance.random() < share]
            contents.setdefault(number, []).extend(arrived)
        return names, contents


def apply_move(names: dict[str, int], move: Call) -> None:
    if move.what == "create":
        names[move.name] = move.file
    elif move.what == "unlink":
        names.pop(move.name, None)
    elif move.name in names:
        names[move.other] = names[move.name]
        if move.what == "rename":
            del names[move.name]


def torn(change: Call, chance: random.Random) -> Call:
    """Now and then only the first or last sectors of a write arrive."""
    sectors = len(change.data) // 512
    if change.what != "write" or sectors < 2 or chance.random() < 0.5:
        return change
    cut = 512 * chance.randint(1, sectors - 1)
    if chance.random() < 0.5:
        return Call("write", change.file, offset_bytes=change.offset_bytes, data=change.data[:cut])
    return Call(
        "write",
        change.file,
        offset_bytes=change.offset_bytes + cut,
        data=change.data[cut:],
    )


def rebuild(names: dict[str, int], contents: dict[int, list[Call]], old_inode: int) -> None:
    """Make the files of a state; the folders are there and empty.

    The image is another file than the recorded one, so its record is made to name that one.
    """
    made: dict[int, Path] = {}
    for name, number in sorted(names.items()):
        path = Path(name)
        if number in made:
            path.hardlink_to(made[number])
            continue
        made[number] = path
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            for change in contents.get(number, []):
                if change.what == "truncate":
                    file.truncate(change.offset_bytes)
                else:
                    file.seek(change.offset_bytes)
                    file.write(change.data)
    images = [path for path in made.values() if path.name.endswith((".part", ".lv"))]
    new_inode = images[0].stat().st_ino if images else 0
    for path in made.values():
        if path.name.startswith("target.json"):
            text = path.read_text(errors="replace")
            path.write_text(re.sub(rf'"inode":{old_inode}\b', f'"inode":{new_inode}', text))
