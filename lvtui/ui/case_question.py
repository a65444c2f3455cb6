"""What is asked when the case of the walk cannot be held."""

from __future__ import annotations

from lvtui.errors import LvtuiError
from lvtui.ui.choice_page import Question
from lvtui.ui.frame import Panel
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.text import say

LOOK = "look"
OTHER = "other"


def question(walk: Walk, error: LvtuiError) -> Question:
    """What to do with a case that cannot be held."""
    case = (walk.session.case_dir or "").rstrip("/").rpartition("/")[2]
    return Question(
        title="Case",
        head=say("{case} cannot be worked on here now.", case=case),
        text=say("{why}", why=str(error.message)),
        choices=(
            (LOOK, say("Look only: every page can be read, nothing can be started or changed")),
            (OTHER, say("Back to the list of cases")),
        ),
        panel=Panel(
            why=say("Two lvtui on one case could undo each other's work."),
            writes=say("nothing."),
            dont=say("delete the case's lock file: it ends with the lvtui that holds it."),
            command=say("lvtui status {case}", case=walk.session.case_dir or "CASE"),
        ),
    )
