"""Facts for the checks: asked of a runner that answers as tools do, and of the demo's disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from lvtui.flow.discover import Discovery, discover
from lvtui.flow.practice import prepare_demo
from lvtui.flow.preflight import gather, preflight
from lvtui.plan.check import Word
from lvtui.plan.command import Command, Effect, Outcome

ANSWERS = {
    "lvm version": "  LVM version:     2.02.180(2)-RHEL7 (2018-07-20)\n",
    "lvm systemid": "  system ID: \n",
    "lvmconfig": "metadata_read_only=1\nissue_discards=0\n",
    "timedatectl show": "yes\n",
    "xe sr-param-get": "auto-scan: true; gc: true\n",
    "xe pbd-list": "h1,h2\n",
    "xe host-list": "h1,h2,h3\n",
    "xe pool-list": "false\n",
    "ps": "/usr/bin/python /opt/xensource/sm/cleanup.py -g -u 22c0\nbash\n",
    "xe vdi-list": "v1,v2\n",
    "xe vbd-list": (
        "vm-uuid ( RO)     : m1\n  vdi-uuid ( RO): v1\n\n\n"
        "vm-uuid ( RO)     : m1\n  vdi-uuid ( RO): v2\n\n\n"
        "vm-uuid ( RO)     : m2\n  vdi-uuid ( RO): other\n"
    ),
}


class Told:
    """Answers from a table, or as a tool that is not there."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers, self.asked = answers, list[Command]()

    def run(self, command: Command) -> Outcome:
        self.asked.append(command)
        words = " ".join(command.argv)
        said = next((text for key, text in self.answers.items() if words.startswith(key)), None)
        code = None if said is None else 0
        return Outcome(
            argv=command.argv, exit_code=code, stdout=(said or "").encode(), stderr=b"", seconds=0.0
        )


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Discovery:
    source = prepare_demo(tmp_path_factory.mktemp("demo")).source
    assert source is not None
    return discover(source)


def test_answers_of_the_tools_become_facts(disk: Discovery, tmp_path: Path) -> None:
    runner = Told(ANSWERS)
    facts = gather(disk, str(tmp_path), runner)

    assert facts.lvm_release == "2.02.180"
    assert facts.metadata_read_only is True
    assert facts.issue_discards is False
    assert facts.clock_synchronised is True
    assert facts.areas_current == facts.areas_all == 1
    assert facts.xen is not None
    assert facts.xen.auto_scan is True
    assert (facts.xen.plugged_hosts, facts.xen.host_count) == (2, 3)
    assert facts.xen.ha_enabled is False
    assert facts.xen.vms_running == 1
    assert facts.xen.gc_running is not None
    assert len(facts.xen.gc_running) == 1
    assert {command.effect for command in runner.asked} == {Effect.READS}


def test_tools_that_are_not_there_leave_questions_and_no_ok(
    disk: Discovery, tmp_path: Path
) -> None:
    checks = {check.code: check for check in preflight(disk, str(tmp_path), runner=Told({}))}

    assert checks["LV-CHK-01"].writes is Word.STOP
    assert {checks[f"LV-CHK-4{n}"].worst for n in range(5)} == {Word.UNKNOWN}
    assert checks["LV-CHK-12"].worst is Word.UNKNOWN
    assert checks["LV-CHK-31"].worst is Word.UNKNOWN
