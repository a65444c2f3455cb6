"""A lost volume of the demo's disk, extracted to another host by one command."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from lvtui import cli
from lvtui.demo import disk
from lvtui.flow.discover import discover
from lvtui.host import ssh, store
from lvtui.plan.remote import parse_remote
from tests.host.copy import sshd as servers

pytestmark = pytest.mark.skipif(
    servers.why_not() is not None, reason=f"no sshd: {servers.why_not()}"
)


def test_extract_to_another_host(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="lvs") as folder:
        known, image = disk.load(), Path(folder) / "sata.img"
        store.write_image(image, known.size_bytes, known.pieces)
        lost = next(r for r in discover(str(image)).lost if r.ranges)
        with servers.sshd(Path(folder) / "sshd") as server:
            monkeypatch.setenv("LVTUI_SSH", server.command)
            to = f"ssh://127.0.0.1:{server.port}{folder}/"
            case = f"{folder}/case"
            argv = ["extract", str(image), lost.lost.lv.uuid, "--to", to, "--case", case, "--json"]
            code = cli.main(argv)
            answer = json.loads(capsys.readouterr().out)
            (job,) = (Path(case) / "jobs").glob("job-*")
            ssh.close_line(parse_remote(answer["to"]), job / "line")
        path = Path(parse_remote(answer["to"]).path)

        assert code in {0, 6}
        assert path.parent == Path(folder)
        assert answer["destination_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert answer["verified"]
