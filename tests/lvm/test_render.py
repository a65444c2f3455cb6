from __future__ import annotations

import lzma
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.text import TextParser, render
from tests.rings import RealRing, lvm_text
from tests.strategies import volume_groups

DATA = Path(__file__).parents[1] / "data"
TYPES = lzma.decompress((DATA / "lvm-types-2.03.16.txt.xz").read_bytes()).split(b"\0")[:-1]


def test_every_text_of_every_release_comes_back_byte_for_byte(ring: RealRing) -> None:
    parser = TextParser()
    differing = [
        text.seqno for text in ring.texts if render(parser.parse(text.raw)) + b"\0" != text.raw
    ]

    assert differing == []


@settings(derandomize=True, max_examples=100, deadline=None)
@given(volume_groups())
def test_what_is_rendered_is_read_back_equal(vg: VolumeGroup) -> None:
    assert vg == TextParser().parse(render(vg))


@pytest.mark.parametrize(
    ("release", "linear", "blank"),
    [
        ("2.02.84(2)-cvs (2011-02-09)", True, False),
        ("2.02.107(2) (2014-06-23)", True, False),
        ("2.02.108(2) (2014-07-23)", False, False),
        ("2.02.144(2) (2016-02-26)", False, False),
        ("2.02.145(2) (2016-03-04)", False, True),
        ("2.03.16(2) (2022-05-18)", False, True),
    ],
)
def test_the_release_tells_the_comment_and_the_blank_line(
    release: str, *, linear: bool, blank: bool
) -> None:
    vg = TextParser().parse(lvm_text(lvs=("one",)))
    text = render(replace(vg, generated_by=f"LVM2 version {release}: Sun Nov 22 14:31:23 2026"))

    assert linear == (b"stripe_count = 1\t# linear\n" in text)
    assert blank == (b"}\n}\n\n}\n# Generated" in text)


def test_a_flipped_bit_outside_the_values_does_not_come_back(xs_ring: RealRing) -> None:
    """What the check of issue `texts that lie` rests on: blanks and structure are LVM's own."""
    raw = xs_ring.texts[200].raw.rstrip(b"\0")
    blanks = [match.start() for match in re.finditer(rb"\n\n| = |\t", raw)]
    for at in blanks[:: max(1, len(blanks) // 40)]:
        changed = raw[:at] + b"\r" + raw[at + 1 :]

        assert changed != render(TextParser().parse(changed))


@pytest.mark.parametrize(
    ("number", "types"),
    [
        (0, {"striped", "raid0", "error", "zero"}),
        (1, {"striped", "raid1", "raid5_ls", "raid10"}),
        (2, {"striped", "mirror"}),
        (3, {"striped", "thin", "thin-pool"}),
        (4, {"striped", "cache", "cache-pool+METADATA_FORMAT"}),
        (5, {"striped", "snapshot"}),
        (6, {"striped", "writecache"}),
        (7, {"striped", "vdo", "vdo-pool"}),
        (8, {"brandnew"}),
    ],
)
def test_every_segment_type_comes_back_byte_for_byte(number: int, types: set[str]) -> None:
    text = TYPES[number]
    vg = TextParser().parse(text)

    assert types == {segment.type for lv in vg.lvs for segment in lv.segments}
    assert vg.problems == ()
    assert text == render(vg)
    assert vg == TextParser().parse_any_form(text)
    assert all(
        segment.is_mapped == (segment.type == "striped") for lv in vg.lvs for segment in lv.segments
    )


def test_a_backup_file_of_lvm_s_own_says_what_the_ring_says() -> None:
    ring = TextParser().parse(TYPES[8])
    backup = TextParser().parse((DATA / "backup-2.03.16.txt").read_bytes())

    assert (ring.pvs, ring.lvs) == (backup.pvs, backup.lvs)
    assert ring.section == backup.section
    assert backup.description is not None
    assert backup.description.startswith("vgcfgbackup -f bk.txt tv --config 'global{activation=0 ")
