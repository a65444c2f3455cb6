from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvtui.errors import UserError
from lvtui.flow.session import Session
from lvtui.flow.steps import STEPS, Step, missing, next_step

texts = st.text(max_size=20)
sessions = st.builds(
    Session,
    case_dir=st.none() | texts,
    demo=st.booleans(),
    source=st.none() | texts,
    texts=st.lists(texts, max_size=3).map(tuple),
    version_id=st.none() | texts,
    lv_uuids=st.lists(texts, max_size=3).map(tuple),
    destination=st.none() | texts,
    job_dirs=st.lists(texts, max_size=3).map(tuple),
    step=st.sampled_from([step.value for step in STEPS]),
    rate_bytes_per_s=st.none() | st.integers(min_value=1, max_value=1 << 40),
)


@given(sessions)
def test_a_session_comes_back_from_its_file_as_it_was(session: Session) -> None:
    assert session == Session.from_json(json.loads(json.dumps(session.to_json())))


def test_a_key_of_a_later_lvtui_is_ignored() -> None:
    assert Session(source="a") == Session.from_json({"source": "a", "later": 1})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([], id="a-list"),
        pytest.param({"demo": "yes"}, id="text-for-a-flag"),
        pytest.param({"lv_uuids": [1]}, id="number-in-a-list-of-uuids"),
        pytest.param({"source": {}}, id="object-for-a-path"),
        pytest.param({"step": None}, id="no-step"),
    ],
)
def test_a_session_file_that_holds_something_else_is_refused(value: object) -> None:
    with pytest.raises(UserError):
        Session.from_json(value)


@given(sessions)
def test_a_resumed_walk_never_lands_on_a_page_that_lacks_an_answer(session: Session) -> None:
    assert missing(session, next_step(session)) is None


def test_a_resumed_walk_goes_on_where_it_stopped() -> None:
    session = Session(source="a", lv_uuids=("u",), step="copy")

    assert next_step(session) is Step.COPY
