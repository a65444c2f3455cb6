"""A shell beside the wizard, and whether the disk changed meanwhile."""

from __future__ import annotations

from lvtui.errors import LvtuiError, UserError
from lvtui.flow.discover import Discovery, discover
from lvtui.host.shell import run_shell
from lvtui.message import Message, message


def open_shell(case_dir: str | None) -> None:
    """Run the operator's shell in the terminal; back when it ends.

    Raises:
        UserError: `LV-SHL-01`, it cannot be started.
    """
    try:
        run_shell(
            "A shell of your own. lvtui waits; nothing of it was stopped. Back with: exit", case_dir
        )
    except OSError as error:
        raise UserError(
            "LV-SHL-01",
            "A shell cannot be started: {why}. Nothing was changed.",
            why=error.strerror or type(error).__name__,
        ) from error


def changed_since(discovery: Discovery) -> Message | None:
    """What is different on SOURCE since it was read; None: the version in use is the same."""
    try:
        now = discover(discovery.spec, quick=True)
    except LvtuiError as error:
        return message("SOURCE cannot be read any more: {why}", why=str(error.message))
    before = _in_use(discovery)
    found = {version: seqno for version, seqno in _in_use(now).items() if version not in before}
    if not found:
        return None
    return message(
        "The group changed meanwhile: version {n} is in use now. F5 reads the disk again.",
        n=", ".join(str(seqno) for seqno in found.values()),
    )


def _in_use(discovery: Discovery) -> dict[str, int | None]:
    """Versions in use, of all groups on SOURCE."""
    return {
        history.current.id: history.current.seqno
        for history in discovery.histories
        if history.current is not None
    }
