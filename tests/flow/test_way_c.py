"""Way C on a repository of real LVM2: the mark that hides a deleted disk, the hold-off, its end."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lvtui.errors import LvtuiError
from lvtui.flow.apply import apply_case, undo_case
from lvtui.flow.discover import discover
from lvtui.flow.ways import plan_way
from lvtui.host.runner import SystemRunner
from lvtui.plan.command import Command, Outcome
from lvtui.vhd.footer import parse_footer
from tests.lab import cases, toolbox
from tests.lab.restore import Scene, case_scene, corner
from tests.private_lvm import need_lvm

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))


class Xapi:
    """xe's answers for one SR, real LVM, the real holder: what a plan runs, in the scene."""

    def __init__(self, scene: Scene, settings: dict[str, str]) -> None:
        self.scene = scene
        self.settings = dict(settings)
        self.said: list[tuple[str, ...]] = []
        self.locked: list[bool] = []
        self.lock = scene.lvm.folder / "sm" / "sr"
        self.fails_restore = False

    def run(self, command: Command) -> Outcome:
        argv = command.argv
        if argv[0] == "xe":
            return self._xe(argv)
        if "_hold" in argv:
            here = tuple(str(self.lock) if part.startswith("/var/lock") else part for part in argv)
            return SystemRunner().run(replace(command, argv=here))
        if argv[0] == "vgcfgrestore" and "--test" not in argv:
            self.locked.append(self._is_locked())
        inside = replace(command, argv=tuple(self.scene.lvm.argv(*argv)))
        outcome = replace(SystemRunner().run(inside), argv=argv)
        is_restore = argv[0] == "vgcfgrestore" and "--test" not in argv
        return replace(outcome, exit_code=5) if is_restore and self.fails_restore else outcome

    def _is_locked(self) -> bool:
        descriptor = os.open(self.lock, os.O_RDWR)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def is_free(self) -> bool:
        return not self.lock.exists() or not self._is_locked()

    def _xe(self, argv: tuple[str, ...]) -> Outcome:
        self.said.append(argv[1:])
        named = dict(part.partition("=")[::2] for part in argv[2:])
        code, text = 0, ""
        match argv[1]:
            case "sr-list":
                text = named["uuid"]
            case "pbd-list":
                text = "0c1b"
            case "sr-param-get":
                key = named["param-key"]
                code, text = (0, self.settings[key]) if key in self.settings else (1, "")
            case "sr-param-set":
                (key,) = [name for name in named if name.startswith("other-config:")]
                self.settings[key.partition(":")[2]] = named[key]
            case "sr-param-remove":
                code = 0 if self.settings.pop(named["param-key"], None) is not None else 1
        return Outcome(argv=argv, exit_code=code, stdout=text.encode(), stderr=b"", seconds=0.0)


class Lost:
    """The case `simple`, its lost disk hidden as vdi-destroy leaves it."""

    def __init__(self, scene: Scene, target: dict[str, object], place: int, size: int) -> None:
        self.scene = scene
        self.uuid = str(target["id"])
        self.name = str(target["name"])
        self.place = place
        self.size = size
        self.xapi = Xapi(scene, {"auto-scan": "true", "leaf-coalesce": "false"})

    def plan(self) -> None:
        found = plan_way(
            discover(self.scene.lvm.spec), [self.uuid], "c", case=self.scene.case, runner=self.xapi
        )
        assert found.conflicts == ()

    def footers(self) -> list[bool | None]:
        (disk,) = self.scene.lvm.bytes()
        ends = (self.place, self.place + self.size - 512)
        found = [parse_footer(disk[at : at + 512]) for at in ends]
        return [footer.hidden if footer else None for footer in found]

    def apply(self) -> None:
        apply_case(Path(self.scene.case), self.scene.token("apply"), runner=self.xapi)

    def undo(self) -> None:
        shown = undo_case(Path(self.scene.case), None, runner=self.xapi)
        undo_case(Path(self.scene.case), shown.token, runner=self.xapi)


def hide(sector: bytes) -> bytes:
    data = bytearray(sector)
    data[85] = 1
    data[64:68] = bytes(4)
    struct.pack_into(">I", data, 64, ~sum(data) & 0xFFFFFFFF)
    return bytes(data)


@pytest.fixture
def lost() -> Iterator[Lost]:
    need_lvm()
    case = cases.case("simple", 1)
    target = next(item for item in case.truth["lost"] if item["target"])
    (segment,) = target["segments"]
    with corner() as room, case_scene(room, case) as scene:
        made = Lost(scene, target, segment["offset"], segment["bytes"])
        with Path(scene.lvm.devices[0]).open("r+b") as device:
            for at in (made.place, made.place + made.size - 512):
                device.seek(at)
                sector = hide(device.read(512))
                device.seek(at)
                device.write(sector)
        assert made.footers() == [True, True]
        yield made


def test_a_deleted_disk_is_back_under_its_own_name_and_not_hidden(lost: Lost) -> None:
    before = lost.scene.lvm.bytes()
    lost.plan()
    lost.apply()

    assert lost.footers() == [False, False]
    assert lost.scene.lvm.lvs(lost.scene.vg)[lost.uuid][0] == lost.name
    assert lost.xapi.locked == [True, True]
    assert lost.xapi.is_free()
    assert lost.xapi.settings == {"auto-scan": "true", "leaf-coalesce": "false"}
    assert lost.xapi.said[-1][0] == "sr-scan"
    lost.undo()
    assert lost.scene.lvm.bytes() == before
    assert lost.xapi.settings == {"auto-scan": "true", "leaf-coalesce": "false"}


def test_a_restore_that_fails_puts_bytes_and_settings_back(lost: Lost) -> None:
    before = lost.scene.lvm.bytes()
    lost.plan()
    lost.xapi.fails_restore = True
    with pytest.raises(LvtuiError) as raised:
        lost.apply()

    assert raised.value.exit_code == 8
    assert lost.scene.lvm.bytes() == before
    assert lost.xapi.settings == {"auto-scan": "true", "leaf-coalesce": "false"}
    assert lost.xapi.is_free()
    assert not any(said[0] == "sr-scan" for said in lost.xapi.said)


def test_a_plan_that_stops_before_it_wrote_is_taken_back_by_undo(lost: Lost) -> None:
    before = lost.scene.lvm.bytes()
    lost.plan()
    script = Path(lost.scene.case, "plans/01-c/merged.vg")
    kept = script.read_bytes()
    script.write_bytes(b"")
    with pytest.raises(LvtuiError):
        lost.apply()
    assert lost.xapi.settings["gc"] == "false"
    assert not lost.xapi.is_free()
    script.write_bytes(kept)
    lost.undo()

    assert lost.xapi.settings == {"auto-scan": "true", "leaf-coalesce": "false"}
    assert lost.xapi.is_free()
    assert lost.scene.lvm.bytes() == before


def test_a_holder_that_died_stops_every_further_write(lost: Lost) -> None:
    lost.plan()
    real = lost.xapi.run

    def dying(command: Command) -> Outcome:
        outcome = real(command)
        if "take" in command.argv:
            real(replace(command, argv=(*command.argv[:-3], "drop", command.argv[-1])))
        return outcome

    lost.xapi.run = dying  # type: ignore[method-assign] # the holder dies
    before = lost.scene.lvm.bytes()
    with pytest.raises(LvtuiError, match="lock of this SR must be held"):
        lost.apply()

    assert lost.scene.lvm.bytes() == before
