"""Ways B and C and their undo on real LVM2: what comes back, what is refused, what stays the same."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import cases, toolbox
from tests.lab.restore import Scene, case_scene, corner, create, fill, remove, small_scene
from tests.private_lvm import need_lvm


@pytest.fixture
def room() -> Iterator[Path]:
    with corner() as path:
        yield path


lab = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))


def come_and_gone(scene: Scene, way: str, *lvs: str) -> dict[str, tuple[str, str]]:
    """Plan, apply, undo; the disk is as before; what `lvs` showed in between."""
    disks, before = scene.lvm.bytes(), scene.lvm.lvs(scene.vg)
    assert scene.plan(way, *lvs).returncode == 0
    assert scene.lvm.bytes() == disks
    scene.done("apply")
    during = scene.lvm.lvs(scene.vg)
    assert {uuid: during[uuid] for uuid in before} == before
    scene.done("undo")

    assert scene.lvm.lvs(scene.vg) == before
    assert scene.lvm.bytes() == disks
    return {uuid: lv for uuid, lv in during.items() if uuid not in before}


@pytest.mark.parametrize(
    ("disks", "sector_bytes", "areas"),
    [
        pytest.param(1, 512, 1, id="one-disk"),
        pytest.param(1, 4096, 1, id="4096-byte-sectors"),
        pytest.param(1, 512, 2, id="two-areas"),
        pytest.param(3, 512, 1, id="three-disks"),
    ],
)
def test_exactly_the_chosen_lv_comes_back_and_goes_again(
    room: Path, disks: int, sector_bytes: int, areas: int
) -> None:
    need_lvm()
    with small_scene(room, disks=disks, sector_bytes=sector_bytes, areas=areas) as scene:
        back = come_and_gone(scene, "b", "beta")

    assert [name for name, _ in back.values()] == ["beta"]
    assert ":2-3" in next(iter(back.values()))[1]


def test_undo_of_undo_of_undo(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        states = [scene.lvm.bytes()]
        scene.plan("b", "beta")
        scene.done("apply")
        states.append(scene.lvm.bytes())
        for expected in (0, 1, 0, 1):
            scene.done("undo")
            assert scene.lvm.bytes() == states[expected]
        assert "beta" in {name for name, _ in scene.lvm.lvs("vgx").values()}


def test_without_the_token_nothing_runs_and_a_wrong_one_neither(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        before = scene.lvm.bytes()
        scene.plan("b", "beta")
        token = scene.token("apply")
        wrong = f"{(int(token) + 1) % 10_000:04}"
        shown = scene.lvm.lvtui("apply", scene.case)
        refused = scene.lvm.lvtui("apply", scene.case, "--token", wrong)
        none = scene.lvm.lvtui("undo", scene.case)

        assert (shown.returncode, refused.returncode, none.returncode) == (4, 4, 2)
        assert token in shown.stderr
        assert "LV-PLN-01" in refused.stderr
        assert scene.lvm.bytes() == before


def test_a_change_between_plan_and_apply_is_exit_11(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        scene.plan("b", "beta")
        token = scene.token("apply")
        scene.lvm.lvm("lvchange", "--addtag", "x", "vgx/alpha")
        before = scene.lvm.bytes()
        run = scene.lvm.lvtui("apply", scene.case, "--token", token)

        assert run.returncode == 11
        assert "changed since the plan" in run.stderr
        assert scene.lvm.bytes() == before
        assert ("line-started", 6) not in scene.events()


def test_a_tampered_plan_is_not_run(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        scene.plan("b", "beta")
        token = scene.token("apply")
        before = scene.lvm.bytes()
        text = Path(scene.case, "plans/01-b/merged.vg")
        text.write_bytes(text.read_bytes().replace(b"beta {", b"zeta {"))
        first = scene.lvm.lvtui("apply", scene.case, "--token", token)
        plan = Path(scene.case, "plans/01-b/plan.json")
        plan.write_text(plan.read_text().replace("vgcfgrestore", "vgcfgrestorf"))
        second = scene.lvm.lvtui("apply", scene.case, "--token", token)

        assert (first.returncode, second.returncode) == (4, 4)
        assert "LV-KEP-05" in first.stderr
        assert "LV-PLN-02" in second.stderr
        assert scene.lvm.bytes() == before


def test_undo_after_a_foreign_change_is_refused(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        scene.plan("b", "beta")
        scene.done("apply")
        scene.lvm.lvm("lvchange", "--addtag", "x", "vgx/alpha")
        before = scene.lvm.bytes()
        run = scene.lvm.lvtui("undo", scene.case)

        assert run.returncode == 4
        assert "LV-UND-02" in run.stderr
        assert "lvremove" in run.stderr
        assert scene.lvm.bytes() == before


def test_lvm_s_own_backup_file_comes_back_too(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        backup = scene.lvm.folder / "lvm/backup/vgx"
        before = backup.read_bytes()
        scene.plan("b", "beta")
        scene.done("apply")
        backup.write_text("changed by somebody\n")
        scene.done("undo")

        assert backup.read_bytes() == before


def test_the_saved_script_does_the_same_without_lvtui(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        before = scene.lvm.bytes()
        scene.plan("b", "beta")
        script = scene.lvm.run("bash", f"{scene.case}/plans/01-b/plan.sh")
        assert script.returncode == 0, script.stdout + script.stderr
        names = {name for name, _ in scene.lvm.lvs("vgx").values()}
        again = scene.lvm.run("bash", f"{scene.case}/plans/01-b/plan.sh")

        assert names == {"alpha", "beta", "gamma"}
        assert again.returncode == 4
        assert "STOP: the metadata" in again.stderr
        assert scene.lvm.bytes() != before


def test_the_undo_s_script_too(room: Path) -> None:
    need_lvm()
    with small_scene(room, disks=2) as scene:
        before = scene.lvm.bytes()
        scene.plan("b", "beta")
        scene.done("apply")
        scene.token("undo")
        script = scene.lvm.run("bash", f"{scene.case}/plans/02-undo/plan.sh")

        assert script.returncode == 0, script.stdout + script.stderr
        assert scene.lvm.bytes() == before


def test_evidence_is_there_before_anything_and_fits_its_sums(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        fill(scene, 1)
        (before,) = scene.lvm.bytes()
        scene.plan("b", "beta")
        scene.done("apply")
        folder = Path(scene.case, "plans/01-b/evidence")
        sums = subprocess.run(
            ["sha256sum", "--check", "SHA256SUMS"], cwd=folder, check=False, capture_output=True
        )
        events = scene.events()

        assert sums.returncode == 0
        assert (folder / "pv0-head.bin").read_bytes() == before[: 2 << 20]
        assert (folder / "beta-at-0.bin").read_bytes() == before[10 << 20 : 14 << 20]
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        assert events.index(("line-finished", 3)) < events.index(("line-started", 5))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param("newcomer", "LV-MRG-01", id="extents-taken"),
        pytest.param("exported", "LV-MRG-12", id="exported"),
        pytest.param("half", "LV-WAY-02", id="a-pv-is-not-given"),
        pytest.param("stale", "LV-WAY-08", id="the-pvs-disagree"),
        pytest.param("file", "LV-WAY-04", id="an-image-file"),
        pytest.param("way-c", "LV-WAY-20", id="c-outside-an-sr"),
    ],
)
def test_refused_and_nothing_written(room: Path, spoil: str, code: str) -> None:
    need_lvm()
    with small_scene(room, disks=2) as scene:
        way, spec = "b", scene.lvm.spec
        if spoil == "newcomer":
            create(scene, "newcomer", 26)
        elif spoil == "exported":
            scene.lvm.lvm("vgexport", "vgx")
        elif spoil == "half":
            spec = scene.lvm.devices[0]
        elif spoil == "stale":
            head = scene.lvm.bytes()[1][: 2 << 20]
            scene.lvm.lvm("lvchange", "--addtag", "x", "vgx/alpha")
            with Path(scene.lvm.devices[1]).open("r+b") as device:
                device.write(head)
        elif spoil == "file":
            spec = ",".join(map(str, scene.lvm.images))
        else:
            way = "c"
        before = scene.lvm.bytes()
        found = scene.lvm.answer("plan", spec, "beta", "--way", way, "--case", scene.case, code=4)

        assert code in {row["code"] for row in found["refused"]}
        assert scene.lvm.bytes() == before
        assert not (Path(scene.case) / "plans").exists()


def test_a_taken_name_comes_back_under_another(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        create(scene, "beta", 1, f"{scene.lvm.devices[0]}:9")
        lost = scene.lvm.answer("lost", scene.lvm.spec)["lost"][0]["uuid"]
        back = come_and_gone(scene, "b", lost)

    assert [name for name, _ in back.values()] == ["beta-lvtui1"]


@pytest.mark.parametrize("number", range(3))
def test_random_histories(room: Path, number: int) -> None:
    need_lvm()
    random_history(room, number)


@pytest.mark.soak
@pytest.mark.skipif("LVTUI_SOAK" not in os.environ, reason="make soak runs this")
@pytest.mark.parametrize("number", range(3, 300))
def test_hundreds_of_random_histories(room: Path, number: int) -> None:
    need_lvm()
    random_history(room, number)


def random_history(folder: Path, seed: int) -> None:
    """LVs come, grow and go; then as many of the lost ones as fit come back at once."""
    rng = random.Random(f"restore/{seed}")
    disks, areas = rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])
    with small_scene(folder, disks=disks, areas=areas) as scene:
        names = ["alpha", "gamma"]
        for step in range(rng.randint(4, 14)):
            what = rng.choice(["create", "create", "remove", "tag", "rename", "extend"])
            if what == "create" or len(names) < 2:
                names.append(f"lv{step}")
                create(scene, names[-1], rng.randint(1, 2))
                continue
            name = rng.choice(names)
            if what == "remove":
                names.remove(name)
                remove(scene, name)
            elif what == "tag":
                scene.lvm.lvm("lvchange", "--addtag", f"t{step}", f"vgx/{name}")
            elif what == "rename":
                scene.lvm.lvm("lvrename", "vgx", name, f"r{step}")
                names[names.index(name)] = f"r{step}"
            else:
                scene.lvm.run("lvextend", "--extents", "+1", f"vgx/{name}")
        fill(scene, seed)
        lost = list(scene.lvm.answer("lost", scene.lvm.spec)["lost"])
        rng.shuffle(lost)
        wanted: list[str] = []
        for row in lost:
            argv = ("plan", scene.lvm.spec, *wanted, row["uuid"], "--way", "b")
            if scene.lvm.lvtui(*argv, "--case", scene.case).returncode == 0:
                wanted.append(row["uuid"])
        if wanted:
            assert set(come_and_gone(scene, "b", *wanted)) == set(wanted)
        else:
            assert {row["verdict"] for row in lost} == {"damaged"}


@lab
@pytest.mark.parametrize(
    ("family", "way"), [("simple", "c"), ("fragmented", "b"), ("twopv", "b"), ("multi", "c")]
)
def test_a_storage_repository(room: Path, family: str, way: str) -> None:
    need_lvm()
    case = cases.case(family, 1)
    targets = {item["id"]: item["name"] for item in case.truth["lost"] if item["target"]}
    with case_scene(room, case) as scene:
        back = come_and_gone(scene, way, *targets)

    assert set(back) == set(targets)
    for uuid, (name, _) in back.items():
        vdi = targets[uuid].partition("-")[2]
        assert name == (targets[uuid] if way == "c" else f"lvtui-{vdi}")


@lab
def test_extents_of_a_repository_that_are_taken_name_their_owner(room: Path) -> None:
    need_lvm()
    case = cases.case("reused", 1)
    targets = [item["id"] for item in case.truth["lost"] if item["target"]]
    with case_scene(room, case) as scene:
        assert "LV-MRG-01" in scene.refusals("b", *targets)


def test_a_lost_label_is_made_again_and_taken_back(room: Path) -> None:
    need_lvm()
    with small_scene(room) as scene:
        fill(scene, 7)
        with Path(scene.lvm.devices[0]).open("r+b") as device:
            device.seek(512)
            device.write(bytes(512))
        disks = scene.lvm.bytes()
        assert scene.lvm.run("vgs", "vgx").returncode != 0
        assert scene.refusals("c", "beta") >= {"LV-WAY-25"}
        planned = scene.plan("b", "beta")
        assert planned.returncode == 0, planned.stderr
        assert scene.lvm.bytes() == disks
        scene.done("apply")
        names = {name for name, _ in scene.lvm.lvs("vgx").values()}
        after = scene.lvm.bytes()
        scene.done("undo")

        assert names == {"alpha", "beta", "gamma"}
        assert after[0][2 << 20 :] == disks[0][2 << 20 :]
        assert scene.lvm.bytes() == disks
