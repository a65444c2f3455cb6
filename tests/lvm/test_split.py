from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvtui.errors import FormatError
from lvtui.lvm.ring import cut_ring, cut_volume
from lvtui.lvm.split import DEPTH_MAX, HOLE, Block, split
from tests.rings import RealRing, lvm_text

Tree = tuple[bytes, bytes, "tuple[Tree, ...]"]

_WORDS = (b"a", b"b1", b"x.y", b"segment1", b"8", b"-1", b"=", b"[", b"]", b",", b"{", b"}")
_OTHERS = (b'"s"', b'"{ \\" }"', b"'}'", b"# { } \" '\n", b"#\n", b" ", b"\n", b"\t", b"\r\n", b"")
soups = st.lists(st.sampled_from((*_WORDS, *_OTHERS)), max_size=40).map(b"".join)
sections = st.recursive(
    st.sampled_from((b"a = 1\n", b'k="}"', b"l = [\n1, # ]{\n2 ]\n", b"# {\n", b" ")),
    lambda inner: st.builds(
        lambda name, gap, bodies: name + gap + b"{" + b" ".join(bodies) + b"}",
        st.sampled_from((b"a", b"pv0", b"-", b"3")),
        st.sampled_from((b"", b" ", b"\n\n", b" # x {\n")),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


def tree(block: Block) -> Tree:
    return block.name, block.flat, tuple(tree(child) for child in block.children)


def by_character(text: bytes) -> Tree | None:  # noqa: C901, PLR0912 - one lexer in one piece
    """The same cut by a lexer that looks at one character after another; None where it is broken."""
    stack: list[tuple[bytes, list[bytes], list[Tree]]] = [(b"", [], [])]
    at, own_from = 0, 0
    word: tuple[int, int] | None = None

    def keep(start: int, end: int) -> None:
        if text[start:end].strip(b" \t\r\n\f\v"):
            stack[-1][1].append(text[start:end])

    while at < len(text):
        char = text[at : at + 1]
        if char in b" \t\r\n\f\v":
            at += 1
        elif char == b"#":
            end = text.find(b"\n", at)
            at = len(text) if end < 0 else end
        elif char in b"\"'":
            quote, at = char, at + 1
            while at < len(text) and text[at : at + 1] != quote:
                at += 2 if quote == b'"' and text[at : at + 1] == b"\\" else 1
            if at >= len(text):
                return None
            at, word = at + 1, None
        elif char == b"{":
            if word is None or len(stack) > DEPTH_MAX:
                return None
            keep(own_from, word[0])
            stack[-1][1].append(HOLE)
            stack.append((text[slice(*word)], [], []))
            at, word = at + 1, None
            own_from = at
        elif char == b"}":
            if len(stack) == 1:
                return None
            keep(own_from, at)
            name, parts, children = stack.pop()
            stack[-1][2].append((name, b"".join(parts), tuple(children)))
            at, word = at + 1, None
            own_from = at
        elif char in b"=[],":
            at, word = at + 1, None
        else:
            start = at
            while at < len(text) and text[at : at + 1] not in b" \t\r\n\f\v#={}[],\"'":
                at += 1
            word = (start, at)
    if len(stack) > 1:
        return None
    keep(own_from, at)
    return b"", b"".join(stack[0][1]), tuple(stack[0][2])


@settings(derandomize=True, max_examples=400, deadline=None)
@given(soups | sections)
def test_splitter_cuts_as_a_lexer_by_characters_does(text: bytes) -> None:
    try:
        found: Tree | None = tree(split(text)[-1])
    except FormatError:
        found = None

    assert by_character(text) == found


def test_splitter_cuts_every_real_text_as_the_lexer_does(ring: RealRing) -> None:
    for text in ring.texts[:: max(1, len(ring.texts) // 40)]:
        raw = text.raw.rstrip(b"\0")

        assert by_character(raw) == tree(split(raw)[-1])


@settings(derandomize=True, max_examples=200, deadline=None)
@given(sections)
def test_offsets_lead_back_to_the_text(text: bytes) -> None:
    for block in split(text):
        flat = block.flat
        for at in range(len(flat)):
            if flat[at : at + 1] != HOLE:
                assert flat[at] == text[block.locate(at)]
        assert text[block.start :].startswith(block.name)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(sections)
def test_blocks_come_in_the_order_of_their_closing_braces(text: bytes) -> None:
    blocks = split(text)
    for number, block in enumerate(blocks):
        inner: list[int] = [child.index for child in block.children]

        assert number == block.index
        assert all(block.first <= index < number for index in inner)


def test_fast_cut_gives_the_sections_of_the_splitter(ring: RealRing) -> None:
    for text in ring.texts[:: max(1, len(ring.texts) // 60)]:
        raw = text.raw.rstrip(b"\0")
        cut = cut_ring(raw)
        assert cut is not None
        outer = split(raw)[-1]
        volumes = [
            volume
            for container in outer.children[0].children
            if container.name == b"logical_volumes"
            for volume in container.children
        ]

        assert outer.flat == cut.outer
        assert len(volumes) == len(cut.volumes)
        for block, piece in zip(volumes, cut.volumes, strict=True):
            volume = cut_volume(piece)
            assert volume is not None
            assert raw[block.start : block.end] == volume.raw
            assert (block.name, block.flat) == (volume.name, volume.flat)
            assert [(child.name, child.flat) for child in block.children] == volume.segments


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"vg {", b"\nvg {", id="blank-first-line"),
        pytest.param(b"vg {\n", b"vg {\n\t", id="indented"),
        pytest.param(b"vg {", b"vg{", id="no-blank"),
        pytest.param(b"# Generated", b"# generated", id="no-comment"),
        pytest.param(b"seqno = 1\n", b"seqno = 01\n", id="octal-seqno"),
        pytest.param(b"}\n}\n\n}\n# Gen", b"}\n}\n \n}\n# Gen", id="other-end"),
    ],
)
def test_what_is_not_in_the_ring_s_form_is_not_cut_fast(before: bytes, after: bytes) -> None:
    text = lvm_text(lvs=("one",))
    assert cut_ring(text) is not None

    assert cut_ring(text.replace(before, after, 1)) is None
