"""A group that another host imported as a clone of it: new ids but for the LVs', the ring begun anew."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lvtui.flow.answers import lost_answer
from lvtui.flow.discover import Discovery, discover
from lvtui.host.device import SourceDevice
from lvtui.lvm.mapping import VolumeSource
from lvtui.units import MiB
from tests.flow.test_texts import CONF, run_lvm
from tests.loop import loop_device, need

OLD, NEW = "vg_before", "vg_clone"


@dataclass
class Cloned:
    """Disks of one group, and the sums of what its volumes held."""

    devices: list[str]
    folder: Path
    sums: dict[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> str:
        return ",".join(self.devices)

    def lvm(self, *argv: str) -> None:
        run_lvm(self.folder, *argv)

    def make(self, group: str, name: str, extents: int, *where: str) -> None:
        """A volume with content of its own."""
        options = ("-an", "-Wn", "-Zn", "-n", name, "-l", str(extents), group, *where)
        self.lvm("lvcreate", *options)
        found = discover(self.spec)
        assert found.history is not None
        assert found.history.current is not None
        vg = found.history.current.vg
        assert vg is not None
        (lv,) = [lv for lv in vg.lvs if lv.name == name]
        digest = hashlib.sha256()
        for segment in lv.segments:
            (stripe,) = segment.stripes
            pv = vg.pv(stripe.pv_name)
            assert pv is not None
            data = random.Random(f"{name}{segment.start_extent}").randbytes(
                segment.extent_count * vg.extent_bytes
            )
            digest.update(data)
            device = self.devices[found.places.source_of(pv.uuid) or 0]
            descriptor = os.open(device, os.O_WRONLY)
            at = pv.pe_start_sectors * 512 + stripe.start_extent * vg.extent_bytes
            os.pwrite(descriptor, data, at)
            os.fsync(descriptor)
            os.close(descriptor)
        self.sums[name] = digest.hexdigest()


@pytest.fixture(params=[1, 2], ids=["one-pv", "two-pvs"])
def cloned(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloned]:
    """`lost_before` is removed before the clone, `lost_after` behind it."""
    need("lvm")
    with ExitStack() as stack:
        devices = []
        for number in range(request.param):
            image = tmp_path / f"pv{number}.img"
            with image.open("wb") as file:
                file.truncate(64 * MiB)
            devices.append(stack.enter_context(loop_device(image)))
        folder = tmp_path / "etc"
        folder.mkdir()
        (folder / "lvm.conf").write_text(CONF.format(device="|".join(devices), folder=folder))
        made = Cloned(devices, folder)
        made.lvm("pvcreate", "-y", *devices)
        made.lvm("vgcreate", OLD, *devices)
        made.make(OLD, "keep", 2, devices[-1])
        for number in range(8):  # the clone's texts go over these
            made.lvm("lvchange", "--addtag", f"t{number}", f"{OLD}/keep")
        made.make(OLD, "lost_before", 3, devices[0])
        made.make(OLD, "lost_after", 9 + 9 * (request.param - 1))
        made.lvm("lvremove", "-f", f"{OLD}/lost_before")
        made.lvm("vgimportclone", "-n", NEW, *devices)
        yield made


def sums_of(discovery: Discovery) -> dict[str, str]:
    found = {}
    with ExitStack() as stack:
        opened = [stack.enter_context(SourceDevice(s.path)) for s in discovery.sources]
        readers = discovery.places.readers(opened)
        for report in discovery.lost:
            volume = VolumeSource(report.ranges, readers)
            data = volume.pread(0, volume.size_bytes).data
            found[report.lost.lv.name] = hashlib.sha256(data).hexdigest()
    return found


def test_what_was_lost_on_either_side_of_the_clone_is_told_once_and_whole(cloned: Cloned) -> None:
    cloned.lvm("lvremove", "-f", f"{NEW}/lost_after")
    discovery = discover(cloned.spec)
    said = lost_answer(discovery)

    assert [h.vg_name for h in discovery.histories] == [NEW, OLD]
    assert [c["vg_name"] for c in said["currents"]] == [NEW]
    assert sorted((r["name"], r["verdict"]) for r in said["lost"]) == [
        ("lost_after", "intact"),
        ("lost_before", "intact"),
    ]
    assert sums_of(discovery) == {n: cloned.sums[n] for n in ("lost_after", "lost_before")}
    assert not any("not among the given sources" in str(w) for w in discovery.warnings)


def test_what_the_clone_gave_away_is_judged_by_the_clones_versions(cloned: Cloned) -> None:
    taken = f"{cloned.devices[0]}:{2 if len(cloned.devices) == 1 else 0}"
    cloned.make(NEW, "guest", 1, taken)
    (lost,) = lost_answer(discover(cloned.spec))["lost"]

    assert (lost["name"], lost["verdict"]) == ("lost_before", "damaged")
    assert lost["overwritten_bytes"] == 4 * MiB
    cloned.lvm("lvremove", "-f", f"{NEW}/guest")
    by_name = {r["name"]: r for r in lost_answer(discover(cloned.spec))["lost"]}
    lost = by_name["lost_before"]
    assert by_name.keys() == {"lost_before", "guest"}
    assert (lost["verdict"], lost["at_risk_bytes"]) == ("at-risk", 4 * MiB)


def test_versions_that_the_new_ring_overwrote_between_them_make_it_likely(cloned: Cloned) -> None:
    """The clone's first texts go over the group's last ones: what came between is not known."""
    cloned.lvm("lvchange", "--addtag", "later", f"{NEW}/keep")
    for device in cloned.devices:
        descriptor = os.open(device, os.O_WRONLY)
        found = discover(device)
        first = found.histories[0].versions[0]
        assert first.vg_name == NEW
        for copy in first.copies:
            os.pwrite(descriptor, b"\xff" * 512, copy.offset_bytes)
        os.fsync(descriptor)
        os.close(descriptor)
    (lost,) = lost_answer(discover(cloned.spec))["lost"]

    assert (lost["name"], lost["verdict"]) == ("lost_before", "likely")
