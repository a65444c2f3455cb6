"""Whether the volume group changes under the copy: the metadata headers of its PVs, again and again.

Bytes that were read keep what they are only if the headers were unchanged after they were read. When
the text in use changed, it is saved into the job, and a short child tells which places have another
owner now: what was read of them since the last look, and what is read of them later, is overwritten.
Where the child fails, all that was read since the last look is at risk. LVM commits before anything
can be written into a new volume, so a header that is still the same proves the bytes read before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.joblog import JobLog
from lvtui.host.files import Files
from lvtui.host.machine import Clock
from lvtui.message import Message, message
from lvtui.plan.recheck import Places, Recheck, WatchState, merged, without
from lvtui.source import ByteRange

RETRIES = 3
"""How often a child that failed is started again although nothing changed any more."""

RunRecheck = Callable[[JobFolder, Files, Callable[[], None]], Recheck | None]


def run_recheck(folder: JobFolder, files: Files, tick: Callable[[], None]) -> Recheck | None:
    """See `child`."""
    # a worker that sees no change loads no subprocess
    from lvtui.host.copy.child import run_recheck as run  # noqa: PLC0415

    return run(folder, files, tick)


UNKNOWN = (
    "The LVM metadata of the source changed while it is copied, and what that means could not be "
    "found out: everything that was read since is at risk. Something uses this volume group."
)


class SourceWatch:
    """Looks at the headers, and keeps in the job what follows from them."""

    def __init__(
        self,
        folder: JobFolder,
        image: JobImage,
        log: JobLog,
        files: Files,
        clock: Clock,
        *,
        tick: Callable[[], None] = lambda: None,
        recheck: RunRecheck = run_recheck,
    ) -> None:
        """Go on from what an earlier worker of the job knew, else from what the plan saw."""
        self._folder = folder
        self._image = image
        self._log = log
        self._files = files
        self._clock = clock
        self._tick = tick
        self._recheck = recheck
        self._retries = 0
        known = folder.watch()
        if known is None:
            now = image.states(clock)
            planned = image.planned_states()
            states = tuple(then or here for then, here in zip(planned, now, strict=True))
            known = WatchState(states=states)
            self._save_texts()
            folder.write_watch(files, known)
        self._state = known

    @property
    def note(self) -> Message | None:
        """What to tell whoever watches the copy."""
        return self._state.note

    def look(self, reads: Sequence[ByteRange]) -> None:
        """Look at the headers; `reads` are the ranges of the image read since the last look.

        Raises:
            OSError: the job directory cannot be written; the reads are to be given again.
        """
        state = self._state
        now = self._image.states(self._clock)
        again = state.unknown and self._retries < RETRIES
        if now != state.states or again:
            self._retries = 0 if now != state.states else self._retries + 1
            state = self._looked_again(replace(state, states=now), changed=now != state.states)
        if state.unknown:
            state = replace(state, at_risk=merged((*state.at_risk, *reads)))
        elif state.taken or state.touched:
            overwritten = self._met(reads, Places(state.taken))
            risk = self._met(reads, Places(state.touched))
            overwritten = merged((*state.overwritten, *overwritten))
            at_risk = without((*state.at_risk, *risk), overwritten)
            state = replace(state, overwritten=overwritten, at_risk=at_risk)
        if state != self._state:
            self._folder.write_watch(self._files, state)
            self._state = state

    def _looked_again(self, state: WatchState, *, changed: bool) -> WatchState:
        self._save_texts()
        found = self._recheck(self._folder, self._files, self._tick)
        self._log.append(
            "source-changed",
            states=list(state.states),
            seqnos=list(found.seqnos) if found else None,
            taken_bytes=sum(place.length_bytes for place in found.taken) if found else None,
            verdict=found.verdict if found else None,
        )
        changes = state.changes + changed
        if found is None:
            return replace(state, unknown=True, changes=changes, note=message(UNKNOWN))
        return replace(
            state,
            taken=found.taken,
            touched=found.touched,
            unknown=False,
            changes=changes,
            note=found.note,
        )

    def _met(self, reads: Sequence[ByteRange], places: Places) -> tuple[ByteRange, ...]:
        if not places:
            return ()
        return tuple(part for where in reads for part in self._image.met(where, places))

    def _save_texts(self) -> None:
        """Keep the texts in use: a ring may overwrite them before anybody reads it again."""
        for text in self._image.committed_texts():
            name = f"{hashlib.sha256(text).hexdigest()[:16]}.vg"
            self._folder.write_text(self._files, name, text)
