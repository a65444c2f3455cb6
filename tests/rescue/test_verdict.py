from __future__ import annotations

import pytest

from lvtui.lvm.verdict import Verdict, VerdictWord
from lvtui.message import Message, message
from lvtui.rescue.verdict import ChainLink, combined

CLEAR = message("every version since is known, and none gave any of its extents away")
TOUCH = message("its parent {name} was writable in version {n}, after the loss", name="P", n=7)


def _verdict(word: VerdictWord, *reasons: Message) -> Verdict:
    return Verdict(
        word=word,
        reasons=reasons,
        extent_bytes=4096,
        overwritten_bytes=0,
        at_risk_bytes=0,
        shares=(),
        missing_seqnos=(),
    )


def _lost(word: VerdictWord, *reasons: Message, touched: tuple[Message, ...] = ()) -> ChainLink:
    return ChainLink(
        lv_uuid="p", name="VHD-p", present=False, verdict=_verdict(word, *reasons), touched=touched
    )


PRESENT = ChainLink(lv_uuid="p", name="VHD-p", present=True)
TOUCHED = ChainLink(lv_uuid="p", name="VHD-p", present=True, touched=(TOUCH,))
UNKNOWN = ChainLink(lv_uuid=None, name="VHD-q", present=False)


@pytest.mark.parametrize("own", list(VerdictWord))
@pytest.mark.parametrize("parent", list(VerdictWord))
def test_a_child_is_as_good_as_the_worst_of_its_chain(
    own: VerdictWord, parent: VerdictWord
) -> None:
    order = list(VerdictWord)

    found = combined(_verdict(own), (PRESENT, _lost(parent)))

    assert order[min(order.index(own), order.index(parent))] == found.word


def test_a_chain_of_present_untouched_parents_changes_nothing() -> None:
    own = _verdict(VerdictWord.INTACT, CLEAR)

    assert own == combined(own, (PRESENT, PRESENT))


def test_a_touched_parent_puts_an_intact_child_at_risk_and_takes_the_all_clear_back() -> None:
    found = combined(_verdict(VerdictWord.INTACT, CLEAR), (PRESENT, TOUCHED))

    assert (found.word, found.reasons) == (VerdictWord.AT_RISK, (TOUCH,))


def test_a_parent_that_no_version_has_is_named_before_lesser_reasons() -> None:
    doubt = message("version {seqno} is not known", seqno=4)

    found = combined(_verdict(VerdictWord.LIKELY, doubt), (TOUCHED, UNKNOWN))

    assert found.word is VerdictWord.NO_PARENT
    assert ["its parent VHD-q is in no known version", str(TOUCH), str(doubt)] == [
        str(reason) for reason in found.reasons
    ]


def test_a_lost_parent_tells_its_own_reasons_and_what_was_done_to_it() -> None:
    over = message("{size:bytes} of it belong to {owner} now", size=4096, owner="x")

    found = combined(
        _verdict(VerdictWord.INTACT, CLEAR), (_lost(VerdictWord.DAMAGED, over, touched=(TOUCH,)),)
    )

    assert [
        "its parent VHD-p is lost as well: damaged",
        str(over),
        str(TOUCH),
    ] == [str(reason) for reason in found.reasons]
