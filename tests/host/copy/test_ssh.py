"""Images on another host, through a real sshd on the loopback."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lvtui.errors import DestinationError, UserError
from lvtui.flow import jobs as flow_jobs
from lvtui.host import ssh
from lvtui.host.copy import jobs
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.remote import Remote, parse_remote
from lvtui.units import MiB
from tests.host.copy import sshd as servers
from tests.host.copy.scene import Scene, make_scene

needs_sshd = pytest.mark.skipif(servers.why_not() is not None, reason=str(servers.why_not()))


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("ssh://host/a b", Remote(host="host", user=None, port=None, path="/a b")),
        (
            "ssh://me@10.0.0.1:2222/x.lv",
            Remote(host="10.0.0.1", user="me", port=2222, path="/x.lv"),
        ),
        ("ssh://[::1]/x", Remote(host="[::1]", user=None, port=None, path="/x")),
    ],
)
def test_a_place_on_another_host_is_read(to: str, expected: Remote) -> None:
    assert parse_remote(to) == expected


@pytest.mark.parametrize(
    "to",
    [
        "ssh://-oProxyCommand=x/y",
        "ssh://a@-b/y",
        "ssh://host",
        "ssh://host/",
        "ssh://host:0/x",
        "ssh://host:70000/x",
        "ssh://host/a\nb",
        "ssh://ho st/x",
        "ssh://$(x)/y",
    ],
)
def test_what_ssh_could_take_for_an_option_or_a_shell_is_refused(to: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_remote(to)

    assert raised.value.code == "LV-SSH-01"


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path: a line's socket allows no long one."""
    with tempfile.TemporaryDirectory(prefix="lvs") as folder:
        yield Path(folder)


@pytest.fixture
def server(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[servers.Sshd]:
    with servers.sshd(place / "sshd") as server:
        monkeypatch.setenv("LVTUI_SSH", server.command)
        yield server


def over_ssh(scene: Scene, server: servers.Sshd, name: str = "x y'z.lv") -> Scene:
    to = f"ssh://127.0.0.1:{server.port}{scene.final.parent}/{name}"
    return scene.changed(to=to)


def image_of(scene: Scene) -> Path:
    return Path(parse_remote(scene.spec.to).path)


def run_to_end(scene: Scene) -> CopyProgress:
    flow_jobs.resume_job(scene.folder.path)
    return jobs.follow(scene.folder, lambda _: True)


@pytest.fixture
def remote(place: Path, server: servers.Sshd) -> Iterator[Scene]:
    scene = over_ssh(make_scene(place, gap_bytes=4096), server)
    yield scene
    if jobs.is_alive(scene.folder):
        jobs.ask(scene.folder, "stop")
        jobs.follow(scene.folder, lambda _: True)
    ssh.close_line(parse_remote(scene.spec.to), scene.folder.path / "line")


@needs_sshd
def test_an_image_on_another_host_is_the_same(remote: Scene) -> None:
    progress = run_to_end(remote)

    assert progress.state is CopyState.DONE, progress.problem
    assert image_of(remote).read_bytes() == remote.truth
    assert image_of(remote).stat().st_mode & 0o077 == 0
    assert image_of(remote).stat().st_blocks * 512 < len(remote.truth)
    assert progress.result is not None
    assert progress.result.destination_sha256 == remote.truth_sha256
    assert progress.result.source_sha256 == remote.truth_sha256


@needs_sshd
def test_a_line_that_is_cut_is_waited_for_and_the_copy_is_equal(
    remote: Scene, server: servers.Sshd
) -> None:
    flow_jobs.resume_job(remote.folder.path)
    jobs.ask(remote.folder, "run", rate_bytes_per_s=4 * MiB)
    seen: list[CopyProgress] = []

    def look(progress: CopyProgress) -> bool:
        seen.append(progress)
        return progress.done_bytes < 8 * MiB

    jobs.follow(remote.folder, look, stop=False)
    server.cut()
    paused: list[CopyProgress] = []

    def wait(progress: CopyProgress) -> bool:
        paused.append(progress)
        return progress.state is not CopyState.PAUSED

    jobs.follow(remote.folder, wait, stop=False)
    assert seen[-1].state is CopyState.RUNNING
    assert "The line to 127.0.0.1 is gone" in str(paused[-1].problem)
    assert not image_of(remote).exists()
    with pytest.raises(DestinationError) as raised:
        flow_jobs.resume_job(remote.folder.path)
    server.start()
    jobs.ask(remote.folder, "pause", rate_bytes_per_s=0)
    progress = run_to_end(remote)

    assert raised.value.code == "LV-SSH-02"
    assert progress.state is CopyState.DONE, progress.problem
    assert image_of(remote).read_bytes() == remote.truth


@needs_sshd
def test_a_killed_worker_goes_on_there(remote: Scene) -> None:
    flow_jobs.resume_job(remote.folder.path)
    jobs.ask(remote.folder, "run", rate_bytes_per_s=4 * MiB)
    pid = 0

    def look(progress: CopyProgress) -> bool:
        nonlocal pid
        pid = progress.pid or 0
        return progress.done_bytes < 8 * MiB

    jobs.follow(remote.folder, look, stop=False)
    os.kill(pid, 9)
    jobs.follow(remote.folder, lambda _: True)
    jobs.ask(remote.folder, "run", rate_bytes_per_s=0)
    progress = run_to_end(remote)

    assert progress.state is CopyState.DONE, progress.problem
    assert image_of(remote).read_bytes() == remote.truth


@needs_sshd
def test_a_changed_image_there_is_found_out(remote: Scene) -> None:
    run_to_end(remote)
    with image_of(remote).open("r+b") as file:
        file.seek(5 * MiB)
        file.write(b"changed")
    progress = run_to_end(remote)

    assert progress.problem_exit == 7


@needs_sshd
def test_a_stranger_s_file_there_is_never_touched(remote: Scene) -> None:
    for path in (image_of(remote), image_of(remote).with_name(image_of(remote).name + ".part")):
        path.write_bytes(b"mine")
        progress = run_to_end(remote)

        assert (progress.state, progress.problem_code) == (CopyState.FAILED, "LV-DST-30")
        assert path.read_bytes() == b"mine"
        path.unlink()


@needs_sshd
def test_a_folder_that_is_not_there_is_said(remote: Scene) -> None:
    image_of(remote).parent.rename(image_of(remote).parent.with_name("away"))
    flow_jobs.resume_job(remote.folder.path)
    paused: list[CopyProgress] = []

    def wait(progress: CopyProgress) -> bool:
        paused.append(progress)
        return progress.state is not CopyState.PAUSED

    jobs.follow(remote.folder, wait, stop=False)
    image_of(remote).parent.with_name("away").rename(image_of(remote).parent)
    progress = run_to_end(remote)

    assert "refuses to write" in str(paused[-1].problem)
    assert progress.state is CopyState.DONE
