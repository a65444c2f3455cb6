"""F9: the terminal goes to a shell and comes back; then the disk is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import App, SuspendNotSupported
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.shell import changed_since, open_shell
from lvtui.safe import SafeStr
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.text import say, spoken


@dataclass
class Rechecked(Event):
    """What the disk says after the shell."""

    words: SafeStr


def leave_for_shell(app: App[Walk], walk: Walk) -> SafeStr | None:
    """Give the terminal away until the shell ends; why not, where that is not possible."""
    try:
        with app.suspend():
            open_shell(walk.session.case_dir)
    except SuspendNotSupported:
        return say("This terminal cannot be given to a shell. Use a second window.")
    except LvtuiError as error:
        return spoken(error.message)
    app.refresh(layout=True)
    return None


def after_shell(walk: Walk) -> Rechecked:
    """Whether the group is the same; for a thread."""
    if walk.discovery is None:
        return Rechecked(say("Back from the shell."))
    changed = changed_since(walk.discovery)
    if changed is None:
        return Rechecked(say("Back from the shell: the metadata on the disk is the same."))
    return Rechecked(spoken(changed))
