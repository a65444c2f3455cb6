"""The field cases about the VHD in a volume: what a right tool must and must not do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from lvtui.errors import Refused
from lvtui.host.device import SourceDevice
from lvtui.source import ByteRange
from lvtui.units import MiB
from lvtui.vhd.chain import Candidate, Catalogue, Chain, End, build_chain
from lvtui.vhd.check import check_chain
from lvtui.vhd.damage import unknown_ranges
from lvtui.vhd.extent import Kind
from lvtui.vhd.finding import Severity
from lvtui.vhd.flatten import virtual_disk
from lvtui.vhd.image import open_image
from lvtui.vhd.write import standalone_vhd
from tests.field.catalogue import FieldCase, field_case
from tests.lab import toolbox
from tests.lab.flatten import sha256_of

pytestmark = pytest.mark.skipif(toolbox.why_not() is not None, reason=str(toolbox.why_not()))


@contextmanager
def chain_of(case: FieldCase, name: str) -> Iterator[Chain]:
    """The chain of one volume, all others of the case being candidates."""
    with ExitStack() as stack:
        volumes = {path.stem: stack.enter_context(SourceDevice(str(path))) for path in case.images}
        others = [Candidate(key, key, source) for key, source in volumes.items() if key != name]
        yield build_chain(open_image(volumes[name], name=name), Catalogue(others))


def words(chain: Chain) -> str:
    return " ".join(str(finding.message) for finding in check_chain(chain).findings)


def test_a_differencing_image_without_a_parent_is_offered_with_gaps_and_never_as_whole() -> None:
    case = field_case("vhd_type4_orphan")
    with chain_of(case, "lv") as chain:
        said = words(chain)
        disk = virtual_disk(chain, partial=True)
        unknown = sum(one.length_bytes for one in unknown_ranges(disk))
        kinds = {extent.kind for extent in disk.extents()}
        data = sum(e.length_bytes for e in disk.extents() if e.kind is Kind.DATA)

        assert chain.end is End.NO_PARENT
        assert chain.raw_root is None
        assert "differencing image by its footer and names no parent" in said
        assert "must not come back under a VHD- name" in said
        assert data == (64 + 10) * 512
        assert unknown == 16 * MiB - data
        assert kinds == {Kind.DATA, Kind.UNKNOWN}
        with pytest.raises(Refused):
            virtual_disk(chain)


def test_of_two_footers_the_one_that_holds_all_blocks_counts_and_hidden_wins() -> None:
    case = field_case("vhd_two_footers")
    with chain_of(case, "lv") as chain:
        said = words(chain)
        disk = virtual_disk(chain)
        made = standalone_vhd(disk, chain.leaf.footer)

        assert chain.leaf.size_bytes == 24 * MiB
        assert chain.leaf.footer.hidden
        assert "Start and end have different footers" in said
        assert sha256_of(disk) == case.expect["sha256_with_head_size"]
        assert not open_image(made).footer.hidden


def test_the_parent_is_chosen_by_uuid_and_the_decoy_of_the_right_name_is_not_touched() -> None:
    case = field_case("vhd_locators")
    facts = case.expect["facts"]
    with chain_of(case, f"VHD-{facts['child']}") as chain:
        assert chain.keys == (f"VHD-{facts['parent_by_uuid']}",)
        assert "calls its parent" in words(chain)
        assert sha256_of(virtual_disk(chain)) == case.expect["flattened_sha256"]


def test_a_clobbered_table_gives_the_damaged_ranges_and_the_block_that_is_good() -> None:
    case = field_case("vhd_bat_clobber")
    with chain_of(case, "lv") as chain:
        checked = check_chain(chain)
        first = virtual_disk(chain).pread(0, 2 * MiB)

        assert checked.damaged == (
            ByteRange(2 * MiB, 2 * MiB),
            ByteRange(14 * MiB, 2 * MiB),
        )
        assert checked.doubtful == (ByteRange(4 * MiB, 2 * MiB), ByteRange(8 * MiB, 6 * MiB))
        assert first.gaps == ()
        assert hashlib.sha256(first.data).hexdigest() == case.expect["good_block0_sha256"]
        assert any(finding.severity is Severity.ERROR for finding in checked.findings)
        assert not checked.is_sound


def test_a_raw_volume_is_the_root_and_zeros_of_the_child_are_its_own() -> None:
    case = field_case("vhd_raw_root")
    child = next(path.stem for path in case.images if path.stem.startswith("VHD-"))
    with chain_of(case, child) as chain:
        assert chain.end is End.RAW
        assert chain.missing is None
        assert sha256_of(virtual_disk(chain)) == case.expect["flattened_sha256"]
        assert check_chain(chain).is_sound
