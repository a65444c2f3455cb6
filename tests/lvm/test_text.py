from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyparsing
import pytest
from hypothesis import given, settings

from lvtui.errors import FormatError
from lvtui.lvm.model import Section, Statement, StripeArea, VolumeGroup, Word
from lvtui.lvm.render import render
from lvtui.lvm.text import TEXT_BYTES_MAX, TextParser
from tests.forms import backup_file
from tests.rings import RealRing, lvm_text
from tests.strategies import ODD_NAMES, texts, volume_groups

DATA = Path(__file__).parents[1] / "data"
ARTICLE = (DATA / "article-vg.txt").read_bytes()


def parse(text: bytes) -> VolumeGroup:
    return TextParser().parse(text)


def without_comments(vg: VolumeGroup) -> VolumeGroup:
    return replace(vg, generated_by=None, host_comment=None, time_comment=None)


def edited(before: bytes, after: bytes, text: bytes = b"") -> bytes:
    text = text or lvm_text(lvs=("one", "two"))
    assert text.count(before) >= 1
    return text.replace(before, after, 1)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(texts())
def test_every_form_of_a_text_gives_the_same_group(made: tuple[VolumeGroup, bytes]) -> None:
    vg, text = made

    assert without_comments(vg) == without_comments(parse(text))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(volume_groups())
def test_ring_form_is_read_alike_by_the_fast_cut_and_by_the_splitter(vg: VolumeGroup) -> None:
    text = render(vg)
    fast = TextParser().parse_ring_form(text)

    assert vg == TextParser().parse_any_form(text)
    assert fast is None or vg == fast


def test_fast_cut_reads_every_text_that_lvm_wrote(ring: RealRing) -> None:
    parser = TextParser()
    for text in ring.texts:
        raw = text.raw.rstrip(b"\0")
        vg = parser.parse_ring_form(raw)

        assert vg is not None
        assert text.seqno == vg.seqno
        assert vg.problems == ()
        assert vg == parser.parse_any_form(raw)


def test_pyparsing_runs_once_for_each_distinct_section(
    ring: RealRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real: Callable[..., pyparsing.ParseResults] = pyparsing.ParserElement.parse_string

    def counted(self: pyparsing.ParserElement, text: str, *args: object) -> pyparsing.ParseResults:
        seen.append(text)
        return real(self, text, *args)

    monkeypatch.setattr(pyparsing.ParserElement, "parse_string", counted)
    parser = TextParser()
    for text in ring.texts:
        parser.parse(text.raw)
    for text in ring.texts:
        parser.parse(text.raw)

    assert parser.distinct_sections == parser.parser_calls == len(seen) == len(set(seen))
    assert not any("{" in section or "}" in section for section in seen)


def test_heads_and_trailers_that_differ_by_what_the_index_reads_are_one_section() -> None:
    parser = TextParser()
    first = parser.parse(lvm_text(seqno=7, description="Write from a.", time=1_800_000_001))
    calls = parser.parser_calls
    second = parser.parse(lvm_text(seqno=8, description="Write from b.", time=1_800_000_002))

    assert calls == parser.parser_calls
    assert (first.seqno, second.seqno) == (7, 8)
    assert (first.description, second.description) == ("Write from a.", "Write from b.")
    assert (first.section.get("seqno"), second.section.get("seqno")) == (7, 8)
    assert second.creation_time == 1_800_000_002


def test_the_same_bytes_of_an_lv_are_the_same_object_in_every_form() -> None:
    parser = TextParser()
    first = parser.parse(lvm_text(seqno=1, lvs=("one", "two"), time=5))
    second = parser.parse(lvm_text(seqno=2, lvs=("one", "two", "three"), time=5))
    third = parser.parse_any_form(lvm_text(seqno=3, lvs=("one",), time=5))

    assert first.lvs[0] is second.lvs[0] is third.lvs[0]
    assert first.lvs[1] is second.lvs[1]
    assert first.pvs[0] is second.pvs[0] is third.pvs[0]


def test_the_article_s_configuration_is_read_as_pasted_text() -> None:
    vg = TextParser().parse(ARTICLE, pasted=True)

    assert (vg.name, vg.seqno) == ("VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191", 5)
    assert (vg.extent_size_sectors, vg.trailer) == (8192, ())
    assert (
        vg.pvs[0].pe_start_sectors,
        vg.pvs[0].pe_count,
        vg.pvs[0].dev_size_sectors,
    ) == (20608, 57806, 473571375)
    assert [lv.name for lv in vg.lvs] == ["MGT", "VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89"]
    assert (StripeArea("pv0", 1),) == vg.lvs[1].segments[0].stripes
    assert vg.lvs[1].extent_count == 12827
    assert (vg.creation_time, vg.creation_host, vg.description) == (None, None, None)
    assert vg.problems == ()
    assert vg == TextParser().parse(render(vg), pasted=True)


def test_a_text_without_contents_is_refused_unless_pasted() -> None:
    with pytest.raises(FormatError, match="contents = Text Format Volume Group, but nothing"):
        parse(ARTICLE)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_are_words_of_the_format(name: str) -> None:
    vg = parse(lvm_text(name=name, lvs=(name, "other")))

    assert (name, [name, "other"]) == (vg.name, [lv.name for lv in vg.lvs])
    assert vg.problems == ()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("Write from lvcreate --config 'a { b = \"c\" }' # }", id="braces-and-quotes"),
        pytest.param("x" * 2040 + '\\" {', id="cut-in-mid-word"),
        pytest.param("\n}\n# Generated by LVM2 version 9: x\n", id="like-a-trailer"),
        pytest.param("\nlogical_volumes {\n\nx {\n}\n}\n}\n", id="like-volumes"),
        pytest.param('contents = "Text Format Volume Group"', id="like-contents"),
    ],
)
def test_structure_inside_a_description_is_only_text(said: str) -> None:
    vg = parse(lvm_text(lvs=("one",), description=said))

    assert (said, ["one"]) == (vg.description, [lv.name for lv in vg.lvs])
    assert said == parse(backup_file(vg)).description


def test_a_host_name_stands_without_escapes() -> None:
    text = lvm_text(lvs=("one",), host="back\\slash")
    vg = parse(text)

    assert (vg.creation_host, vg.lvs[0].creation_host) == ("back\\slash", "back\\slash")
    assert text == render(vg)


def test_bytes_that_are_not_utf8_survive() -> None:
    text = edited(b"Write from", b"Write \xff\x80 from")

    assert text == render(parse(text))


def test_the_last_of_two_keys_counts_and_both_are_kept() -> None:
    vg = parse(edited(b"max_lv = 0\n", b"max_lv = 0\nextent_size = 2048\n"))
    sizes = [
        child.value
        for child in vg.section.children
        if isinstance(child, Statement) and child.key == "extent_size"
    ]

    assert (vg.extent_size_sectors, sizes) == (2048, [8192, 2048])
    assert vg == parse(render(vg))


def test_two_lvs_of_one_name_are_both_kept_and_told() -> None:
    vg = parse(lvm_text(lvs=("same", "same")))

    assert [lv.name for lv in vg.lvs] == ["same", "same"]
    assert [str(problem) for problem in vg.problems] == ["two LVs have the name same"]


def test_other_segment_types_are_read_but_not_mapped() -> None:
    raid = (
        b'type = "raid1"\ndevice_count = 2\nregion_size = 4096\n\nraids = [\n'
        b'"a_rmeta_0", "a_rimage_0",\n"a_rmeta_1", "a_rimage_1"\n]\nsettings {\nx=-1\ny=[1,"two",3]\n}\n'
    )
    vg = parse(edited(b'type = "striped"\nstripe_count = 1\n\nstripes = [\n"pv0", 1\n]\n', raid))
    one, two = (lv.segments[0] for lv in vg.lvs)

    assert (one.is_mapped, two.is_mapped) == (True, False)
    assert (two.type, two.stripes) == ("raid1", ())
    assert two.section.get("raids") == ("a_rmeta_0", "a_rimage_0", "a_rmeta_1", "a_rimage_1")
    (settings,) = two.section.sections()
    assert (Statement("x", -1), Statement("y", (1, "two", 3))) == settings.children
    assert vg == parse(render(vg))


def test_values_of_every_kind() -> None:
    said = (
        b"a = 010\nb = -0\nc = +7\nd = 1.50\ne = 'r\"a\\w'\nf = word\n"
        b"g = [ 1 2, # c }\n 'x' ]\nh=[]\n"
    )
    vg = parse(edited(b"max_lv = 0\n", said))
    values = {c.key: c.value for c in vg.section.children if isinstance(c, Statement)}

    assert tuple(values[key] for key in "abcd") == (8, 0, 7, 1.5)
    assert values["e"] == 'r"a\\w'
    assert isinstance(values["f"], Word)
    assert (values["g"], values["h"]) == ((1, 2, "x"), ())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(b"segment_count = 1", b"segment_count = 2", "disagree", id="segment-count"),
        pytest.param(b'id = "9p3jer-', b'id = "9p3!er-', "is no LVM id", id="uuid-alphabet"),
        pytest.param(b"start_extent = 0", b"start_extent = 3", "is due", id="hole-in-lv"),
        pytest.param(b"stripe_count = 1", b"stripe_count = 2", "disagree", id="stripe-count"),
        pytest.param(b"\none {", b"\n%s {" % (b"a" * 128), "none that LVM", id="long-name"),
        pytest.param(b"-000001", b"-000000", "have the id", id="same-id"),
    ],
)
def test_contradictions_are_recorded(before: bytes, after: bytes, told: str) -> None:
    vg = parse(edited(before, after))

    assert told in " ".join(map(str, vg.problems))
    assert vg.problems == TextParser().parse_any_form(edited(before, after)).problems


def test_an_lv_without_id_is_kept_and_told() -> None:
    vg = parse(edited(b'id = "9p3jer-VCPf-4VRk-mKjS-0J1x-B9ew-000000"\n', b""))

    assert vg.lvs[0].uuid == ""
    assert [str(problem) for problem in vg.problems] == ["LV one has no id"]


@pytest.mark.parametrize(
    ("before", "after", "at", "told"),
    [
        pytest.param(
            b"extent_count = 1", b"extent_count = 0", b"extent_count", "from 1", id="empty"
        ),
        pytest.param(
            b"start_extent = 0", b"start_extent = -1", b"start_extent", "from 0", id="minus"
        ),
        pytest.param(b'"pv0", 0', b'"pv0", -4', b"stripes", "from 0", id="negative-extent"),
        pytest.param(b"max_lv = 0", b"max_lv = %d" % 2**63, b"max_lv", "64 bits", id="2-to-63"),
        pytest.param(b"max_lv = 0", b"max_lv = " + b"9" * 5000, b"max_lv", "64 bits", id="digits"),
        pytest.param(b"max_lv = 0", b"max_lv = 089", b"max_lv", "64 bits", id="octal-nine"),
        pytest.param(b"extent_size = 8192\n", b"", b"vg {", "extent_size", id="no-extent-size"),
        pytest.param(
            b"extent_size = 8192", b"extent_size = 0", b"extent_size", "from 1", id="zero"
        ),
        pytest.param(b"seqno = 1\n", b"", b"vg {", "seqno", id="no-seqno"),
        pytest.param(b"pe_start = 22528\n", b"", b"pv0 {", "pe_start", id="no-pe-start"),
        pytest.param(b"flags = []", b"flags = [", b"[\nextent_size", "a value", id="open-list"),
        pytest.param(b"max_lv = 0", b"max_lv 0", b"0\nmax_pv", "an equals sign", id="no-equals"),
        pytest.param(b"max_lv = 0", b"max_lv =", b"= 0\nmeta", "a statement", id="no-value"),
        pytest.param(b"max_lv = 0", b"max_lv = 1x", b"1x", "a value", id="glued"),
        pytest.param(
            b"max_lv = 0", b"max_lv = \xff\xff 1x", b"max_pv", "equals", id="offset-in-bytes"
        ),
        pytest.param(b"version = 1", b"version = 2", None, "version = 1, but 2", id="version"),
        pytest.param(b"one {", b"o/ne {", b"o/ne", "slash", id="nested-path"),
        pytest.param(b"one {", b'"one" {', b"{\nid", "a section's name", id="quoted-name"),
        pytest.param(b"physical_volumes {", b"{", b"0\n\n{", "a value", id="no-name"),
        pytest.param(b"pv0 {", b"x = 1\npv0 {", b"physical_vol", "only sections", id="loose"),
        pytest.param(b"]\n}\n}\n", b"]\n}\n", None, "closing brace", id="open-brace"),
        pytest.param(b"]\n}\n}\n", b"]\n}\n}\n}\n}\n}\n", None, "a section", id="closed-twice"),
        pytest.param(b'"ALLOCATABLE"', b'"ALLOCATABLE', None, "", id="open-string"),
        pytest.param(
            b"# Generated", b"two {\n}\n# Generated", b"two {\n}", "one volume", id="two-vgs"
        ),
    ],
)
def test_what_cannot_be_represented_is_refused_with_its_place(
    before: bytes, after: bytes, at: bytes | None, told: str
) -> None:
    text = edited(before, after)
    with pytest.raises(FormatError) as refused:
        parse(text)

    assert told in str(refused.value)
    if at is not None:
        offset = refused.value.offset_bytes
        assert at == text[offset : offset + len(at)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\0", id="nul"),
        pytest.param(b"just words", id="words"),
        pytest.param(b"\xff\xfe\x80", id="no-utf8"),
        pytest.param(b"}", id="closing"),
        pytest.param(b"{", id="opening"),
        pytest.param(b'"', id="quote"),
        pytest.param(b"a {", id="cut"),
        pytest.param(b"# only a comment", id="comment"),
        pytest.param(bytes(range(256)), id="all-bytes"),
    ],
)
def test_what_is_no_text_is_refused(text: bytes) -> None:
    with pytest.raises(FormatError):
        parse(text)


BOMBS = [
    pytest.param(lambda: b"a{" * 10**6, id="million-open-braces"),
    pytest.param(lambda: b"a{" * 10**6 + b"}" * 10**6, id="million-nested-sections"),
    pytest.param(lambda: b"v{" + b"a{}" * 10**6 + b"}", id="million-sections"),
    pytest.param(lambda: b"v{" + b"a=1 " * 10**6 + b"}", id="million-statements"),
    pytest.param(lambda: b'v{a="' + b"x" * (60 * 1024 * 1024), id="long-string"),
    pytest.param(lambda: b"v{#" + b"x" * (60 * 1024 * 1024), id="long-comment"),
    pytest.param(lambda: b"v{" + b" " * (60 * 1024 * 1024), id="blanks"),
    pytest.param(lambda: b"v{" + b"x" * (60 * 1024 * 1024), id="long-word"),
    pytest.param(lambda: b"v{" + b"#\n" * 10**6 + b"{", id="comments-before-a-brace"),
    pytest.param(lambda: b"v{a=[" + b"1 # c\n" * 9000 + b"}", id="open-list-of-comments"),
    pytest.param(lambda: b"v{" + b"a #\n" * 15_000 + b"}", id="keys-without-values"),
    pytest.param(lambda: b"x" * (TEXT_BYTES_MAX + 1), id="too-long"),
    pytest.param(lambda: b"x" * (100 * 1024 * 1024), id="100-mib"),
    pytest.param(lambda: b"v{" + (b"x{" + b"b=1 " * 16_000 + b"}") * 1000, id="full-sections"),
    pytest.param(lambda: b"v{}\n" + b"a = 1\n" * 10_000_000, id="long-trailer"),
]


# VmHWM, not ru_maxrss: that of a child includes its parent, from before the exec.
_REFUSE = """
import sys, time
from lvtui.errors import FormatError
from lvtui.lvm.text import TextParser
text = sys.stdin.buffer.read()
started = time.process_time()
try:
    TextParser().parse(text)
except FormatError as error:
    took = time.process_time() - started
    print(error.code, took, int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]))
"""


@pytest.mark.parametrize("make", BOMBS)
def test_a_bomb_is_refused_within_2_s_and_256_mib(make: Callable[[], bytes]) -> None:
    out = subprocess.run(
        [sys.executable, "-c", _REFUSE], input=make(), capture_output=True, check=True
    ).stdout
    code, took_s, peak_kib = out.split()

    assert code.startswith(b"LV-TXT-")
    assert float(took_s) < 2
    assert int(peak_kib) < 256 * 1024


def test_a_section_over_64_kib_is_refused_by_name() -> None:
    tags = ", ".join(f'"t{number}"' for number in range(9000))
    text = edited(b"segment_count = 1", b"tags = [%s]\nsegment_count = 1" % tags.encode())
    with pytest.raises(FormatError, match="the section one of the metadata text is longer") as told:
        parse(text)

    assert told.value.code == "LV-TXT-03"


@pytest.mark.parametrize(("depth", "whole"), [(12, True), (13, False)])
def test_sections_nest_to_a_depth_of_16(depth: int, *, whole: bool) -> None:
    # VG, logical_volumes, LV and segment are four.
    nested = b"x {\n" * depth + b"a = 1\n" + b"}\n" * depth
    text = edited(b'stripes = [\n"pv0", 0\n]\n', b'stripes = [\n"pv0", 0\n]\n' + nested)
    if whole:
        vg = parse(text)

        assert vg == parse(render(vg))
        return
    with pytest.raises(FormatError, match="nested deeper than 16"):
        parse(text)


def test_a_refused_section_counts_once() -> None:
    parser = TextParser()
    text = edited(b"max_lv = 0", b"max_lv 0")
    for _ in range(2):
        with pytest.raises(FormatError):
            parser.parse(text)

    assert parser.distinct_sections == parser.parser_calls


def test_a_broken_text_after_a_good_one_is_refused_alone() -> None:
    parser = TextParser()
    good = lvm_text(lvs=("one", "two"))
    before = parser.parse(good)
    with pytest.raises(FormatError):
        parser.parse(good.replace(b"extent_count = 1", b"extent_count = -1", 1))

    assert before == parser.parse(good)


def test_pyparsing_is_loaded_by_the_first_text_only() -> None:
    code = (
        "import sys, json; import lvtui.lvm.text as t; a = 'pyparsing' in sys.modules;"
        "p = t.TextParser(); b = 'pyparsing' in sys.modules;"
        "p.parse(sys.stdin.buffer.read()); print(json.dumps([a, b, 'pyparsing' in sys.modules]))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], input=lvm_text(), capture_output=True, check=True
    ).stdout

    assert json.loads(out) == [False, False, True]


def test_historical_volumes_come_back_in_their_place() -> None:
    block = b'\nhistorical_logical_volumes {\n\nold {\nid = "x"\ncreation_time = 3\n}\n}\n}\n# Gen'
    text = edited(b"\n}\n# Gen", block, lvm_text(lvs=("one",)))
    vg = parse(text)

    (historical,) = vg.section.sections()
    assert (
        "historical_logical_volumes",
        (Section("old", (Statement("id", "x"), Statement("creation_time", 3))),),
    ) == (historical.name, historical.children)
    assert vg == parse(render(vg))
