from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.lvm.index import head_start, torn_index, whole_index
from tests.rings import RealRing, load_ring, lvm_text

TEXT = load_ring("history-2.03.16").texts[-1].raw[:-1]


def test_the_line_by_line_check_agrees_with_the_fast_one_on_real_texts(ring: RealRing) -> None:
    for text in ring.texts[:: max(1, len(ring.texts) // 100)]:
        fast = whole_index(text.raw[:-1])

        assert fast is not None
        assert fast == whole_index(text.raw[:-1], exact=True)


@pytest.mark.parametrize("cut", range(1, len(TEXT), 7))
def test_no_text_is_whole_without_its_beginning_or_its_end(cut: int) -> None:
    assert whole_index(TEXT[:cut]) is None
    # a name without its first letters is a name
    assert (whole_index(TEXT[cut:]) is None) is (cut >= TEXT.index(b" {"))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(at=st.integers(0, len(TEXT) - 1), noise=st.binary(min_size=1, max_size=40))
def test_bytes_that_are_no_text_in_the_volume_group_are_never_whole(at: int, noise: bytes) -> None:
    end = TEXT.index(b"# Generated")
    changed = TEXT[: at % end] + noise + TEXT[at % end + len(noise) :]
    try:
        is_text = all(char == "\n" or char.isprintable() for char in noise.decode())
    except UnicodeDecodeError:
        is_text = False

    assert is_text or b"\t" in noise or at % end + len(noise) > end or whole_index(changed) is None


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_no_bytes_raise(noise: bytes) -> None:
    whole_index(noise)
    whole_index(TEXT[:200] + noise + TEXT[-400:], exact=True)
    torn_index(noise)
    torn_index(noise + TEXT[-300:])
    head_start(noise, len(noise) // 2)


@pytest.mark.parametrize(
    "filler",
    [
        b"#" * 60,
        b'"',
        b'\\"',
        b"a = ",
        b" ",
        b"{\n",
        b"}\n",
        b"\n\n",
        b"a = [ # x\n",
        b"\ncreation_time = 1",
    ],
)
def test_hostile_sections_take_linear_time(filler: bytes) -> None:
    head, tail = TEXT[:200], TEXT[200:]
    started = time.process_time()

    whole_index(head + filler * (2_000_000 // len(filler)) + tail, exact=True)
    torn_index(head + filler * (2_000_000 // len(filler)))

    assert time.process_time() - started < 10


def test_hostile_strings_in_the_trailer_take_linear_time() -> None:
    text = lvm_text(description='\\" {' * 200_000)
    started = time.process_time()

    assert whole_index(text) is not None
    assert whole_index(text[:-200]) is None
    assert time.process_time() - started < 10


def test_what_is_left_of_a_text_tells_what_it_can() -> None:
    known = torn_index(TEXT[300:])
    whole = whole_index(TEXT)

    assert whole is not None
    assert (known.vg_name, known.vg_uuid, known.seqno, known.lv_count) == (None,) * 4
    assert known.creation_time == whole.creation_time
    assert known.creation_host == whole.creation_host
    assert known.description == whole.description


def test_a_head_alone_tells_its_group_and_number() -> None:
    known = torn_index(TEXT[:300])
    whole = whole_index(TEXT)

    assert whole is not None
    assert (known.vg_name, known.vg_uuid, known.seqno) == (
        whole.vg_name,
        whole.vg_uuid,
        whole.seqno,
    )
    assert (known.creation_time, known.creation_host, known.description) == (None,) * 3
