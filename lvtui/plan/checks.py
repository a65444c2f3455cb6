"""Preflight: what must be so before anything is read or written, judged from facts of the host. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.message import Message, message
from lvtui.plan.check import WORST_FIRST, Check, CheckFacts, Word
from lvtui.plan.checks_xen import xen_checks
from lvtui.units import MiB

CASE_FREE_BYTES_MIN = 64 * MiB
# A check's code names the question; these have an answer of their own for each outcome.
TOOLS = "LV-CHK-01"
CONFIG = "LV-CHK-02"
MULTIPATH = "LV-CHK-13"
LOCK = "LV-CHK-22"


def checks_of(facts: CheckFacts) -> tuple[Check, ...]:
    """Every check, the worst first."""
    found = (*_lvm(facts), *_disk(facts), *_group(facts), *_host(facts), *xen_checks(facts.xen))
    return tuple(sorted(found, key=lambda check: WORST_FIRST.index(check.worst)))


def _ok(code: str, fact: Message, reason: Message) -> Check:
    return Check(code=code, reads=Word.OK, writes=Word.OK, fact=fact, reason=reason)


def _lvm(facts: CheckFacts) -> Iterator[Check]:
    why = message("Ways B and C are run by LVM's own tools; each release has its own faults.")
    if facts.lvm_release is None:
        yield Check(
            code=TOOLS,
            reads=Word.OK,
            writes=Word.STOP,
            fact=message("no LVM tools on this host"),
            reason=why,
        )
        return
    yield _ok(TOOLS, message("LVM {release}", release=facts.lvm_release), why)
    reason = message(
        "With metadata_read_only = 1 LVM refuses every change, some releases silently."
    )
    if facts.metadata_read_only is None:
        yield Check(
            code=CONFIG,
            reads=Word.OK,
            writes=Word.UNKNOWN,
            fact=message("LVM's configuration could not be asked"),
            reason=reason,
        )
    else:
        where = "/etc/lvm/master" if facts.has_master_config else "/etc/lvm"
        yield Check(
            code=CONFIG,
            reads=Word.OK,
            writes=Word.WARN if facts.metadata_read_only else Word.OK,
            fact=message(
                "LVM config in use: {where}, metadata_read_only = {n}",
                where=where,
                n=int(facts.metadata_read_only),
            ),
            reason=reason,
        )


def _disk(facts: CheckFacts) -> Iterator[Check]:
    bad = facts.gap_count > 0
    yield Check(
        code="LV-CHK-10",
        reads=Word.WARN if bad else Word.OK,
        writes=Word.STOP if bad else Word.OK,
        fact=message("{n} unreadable ranges, {size:bytes}", n=facts.gap_count, size=facts.gap_bytes)
        if bad
        else message("no read error so far"),
        reason=message("A disk that fails is imaged first (ddrescue) and never written to."),
    )
    if facts.trim_seqno is not None:
        yield Check(
            code="LV-CHK-11",
            reads=Word.STOP,
            writes=Word.STOP,
            fact=message("freed space was discarded (version {n})", n=facts.trim_seqno),
            reason=message(
                "XenServer's reclaim ran over all that was free then: what was lost before it may "
                "read as zeros, whatever the map says. A probe of the content decides."
            ),
        )
    if facts.issue_discards is None:
        word, fact = Word.UNKNOWN, message("whether removing discards could not be asked")
    elif facts.issue_discards:
        word, fact = Word.WARN, message("LVM here discards what it removes (issue_discards = 1)")
    else:
        word, fact = Word.OK, message("LVM here does not discard what it removes")
    yield Check(
        code="LV-CHK-12",
        reads=word,
        writes=word,
        fact=fact,
        reason=message("Discarded blocks of an SSD or a thin array are gone."),
    )
    if facts.multipath:
        names = ", ".join(facts.multipath)
        yield Check(
            code=MULTIPATH,
            reads=Word.WARN,
            writes=Word.STOP,
            fact=message("{names} is a path of a multipath device", names=names),
            reason=message("Choose the multipath device: writes to one path go behind the others."),
        )
    else:
        yield _ok(
            MULTIPATH,
            message("no multipath member"),
            message("Writes to one path of several would go behind the others."),
        )


def _group(facts: CheckFacts) -> Iterator[Check]:
    agree = facts.areas_all > 0 and facts.areas_current == facts.areas_all
    yield Check(
        code="LV-CHK-20",
        reads=Word.OK if agree else Word.WARN,
        writes=Word.OK if agree else Word.STOP,
        fact=message(
            "{n} of {all} metadata areas hold the version in use",
            n=facts.areas_current,
            all=facts.areas_all,
        ),
        reason=message(
            "Areas that disagree are repaired by LVM at the next write, by its own choice."
        ),
    )
    volumes = len(facts.open_volumes)
    yield Check(
        code="LV-CHK-21",
        reads=Word.WARN if volumes else Word.OK,
        writes=Word.STOP if volumes else Word.OK,
        fact=message("{n} open on it: {names}", n=volumes, names=", ".join(facts.open_volumes[:3]))
        if volumes
        else message("no volume of it is mapped here"),
        reason=message("A volume in use may change the disk while it is read or written."),
    )
    if facts.locked_by:
        yield Check(
            code=LOCK,
            reads=Word.WARN,
            writes=Word.STOP,
            fact=message("{name} is locked", name=", ".join(facts.locked_by)),
            reason=message("Another program changes this group now. Wait until it has ended."),
        )
    else:
        yield _ok(
            LOCK,
            message("nobody holds LVM's lock of it"),
            message("A lock says that another program changes the group now."),
        )
    foreign = facts.system_id not in {None, "", facts.own_system_id}
    if facts.exported or foreign:
        yield Check(
            code="LV-CHK-23",
            reads=Word.OK,
            writes=Word.STOP,
            fact=message("the group is exported")
            if facts.exported
            else message("it belongs to system id {id}", id=facts.system_id or ""),
            reason=message("Another host may use it: LVM here must not write to it."),
        )


def _host(facts: CheckFacts) -> Iterator[Check]:
    free = facts.case_free_bytes
    reason = message("Evidence, undo data and the log go there; never on the damaged disk.")
    if facts.case_dir is None:
        yield Check(
            code="LV-CHK-30",
            reads=Word.WARN,
            writes=Word.STOP,
            fact=message("there is no case folder"),
            reason=reason,
        )
    else:
        short = free is not None and free < CASE_FREE_BYTES_MIN
        word = Word.UNKNOWN if free is None else Word.STOP if short else Word.OK
        yield Check(
            code="LV-CHK-30",
            reads=word,
            writes=word,
            fact=message("case folder is on another disk, {free:bytes} free", free=free)
            if free is not None
            else message("space of the case folder is not known"),
            reason=reason,
        )
    clock = facts.clock_synchronised
    yield Check(
        code="LV-CHK-31",
        reads=Word.UNKNOWN if clock is None else Word.OK if clock else Word.WARN,
        writes=Word.UNKNOWN if clock is None else Word.OK if clock else Word.WARN,
        fact=message("the clock could not be compared")
        if clock is None
        else message("the clock is synchronised")
        if clock
        else message("the clock is not synchronised"),
        reason=message("Times of versions and logs are compared: a wrong clock misleads."),
    )
