"""The metadata areas of a plan as they are now, against what was kept of them before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lvtui.errors import FormatError, SourceChangedError
from lvtui.host.keep import read_exactly, read_kept
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.stages import AreaState, judge_area, judge_head
from lvtui.lvm.text import TextParser
from lvtui.plan.plan import AreaPlace, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaNow:
    """An area, before and now."""

    place: AreaPlace
    before: bytes
    now: bytes
    state: AreaState


def read_area(place: AreaPlace) -> bytes:
    """Its bytes now, by O_DIRECT where it is on a block device."""
    return read_exactly(place.path, place.device_identity, place.offset_bytes, place.length_bytes)


def area_before(place: AreaPlace) -> bytes:
    """Its bytes as they were kept.

    Raises:
        CheckStop: they are gone, or not those that the plan was made for.
    """
    kept = read_kept(place.saved_in)
    data = kept[place.saved_at_bytes : place.saved_at_bytes + place.length_bytes]
    if hashlib.sha256(data).hexdigest() != place.sha256:
        raise SourceChangedError(
            "LV-ARE-01",
            "The metadata on {path} were changed between the plan and the moment when they were "
            "kept. Nothing was changed by lvtui. Make the plan again.",
            path=place.path,
        )
    return data


def expected_texts(plan: Plan) -> tuple[VolumeGroup, ...]:
    """What each restore of the plan is given."""
    parser = TextParser()
    return tuple(parser.parse(read_kept(text.path, text.sha256)) for text in plan.texts)


def areas_now(plan: Plan) -> tuple[AreaNow, ...]:
    """All areas of a plan; their kept bytes must be there."""
    texts = expected_texts(plan)
    found = []
    for place in plan.areas:
        before, now = area_before(place), read_area(place)
        found.append(
            AreaNow(place=place, before=before, now=now, state=judge(place, before, now, texts))
        )
    return tuple(found)


def judge(place: AreaPlace, before: bytes, now: bytes, texts: tuple[VolumeGroup, ...]) -> AreaState:
    """Where it stands among the texts of its plan."""
    if place.relabelled is not None and texts:
        return judge_head(before, now, place.relabelled, texts[0])
    return judge_area(before, now, texts)


def check_stage(plan: Plan, stage: int) -> None:
    """Every area is exactly at a stage.

    Raises:
        SourceChangedError: `LV-ARE-02` it was changed since the plan, `LV-ARE-03` it is elsewhere.
    """
    if stage == 0:
        for place in plan.areas:
            if hashlib.sha256(read_area(place)).hexdigest() != place.sha256:
                raise SourceChangedError(
                    "LV-ARE-02",
                    "The metadata of {vg} on {path} changed since the plan was made. Nothing was "
                    "changed by lvtui. Make the plan again: lvtui plan.",
                    vg=plan.vg_name,
                    path=place.path,
                )
        return
    for area in areas_now(plan):
        if area.state.stage != stage or not area.state.clean:
            raise SourceChangedError(
                "LV-ARE-03",
                "The metadata of {vg} on {path} are not what this line of the plan needs: {why}.",
                vg=plan.vg_name,
                path=area.place.path,
                why=_why(area.state),
            )


def _why(state: AreaState) -> str:
    if state.problem is not None:
        return str(state.problem)
    return f"stage {state.stage}" if state.clean else f"stage {state.stage}, a write was cut off"


def hashes(plan: Plan) -> tuple[str, ...]:
    """sha256 of each area now."""
    return tuple(hashlib.sha256(read_area(place)).hexdigest() for place in plan.areas)


def is_readable_text(data: bytes) -> bool:
    """Whether a text parses."""
    try:
        TextParser().parse(data)
    except FormatError:
        return False
    return True
