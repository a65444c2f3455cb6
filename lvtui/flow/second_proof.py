"""What lies inside each lost volume of an SR: its VHD, the chain below it, its name; reads only.

For each one footer, header, locators and block table are read, through the volume's extents; a
volume whose first sector is no VHD's costs that read and one of its last sector. What is found is the
second proof of a verdict: it lowers one, it never raises it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from lvtui.errors import FormatError, Refused
from lvtui.flow.content import Link, VhdContent
from lvtui.flow.judging import LostReport
from lvtui.flow.labels import with_labels
from lvtui.flow.pvs import PvPlaces
from lvtui.flow.shelf import Placed, Shelf
from lvtui.host.device import SourceDevice
from lvtui.lvm.verdict import Verdict, VerdictWord
from lvtui.lvm.version import History
from lvtui.message import Message, message
from lvtui.rescue.family import Life, life_of
from lvtui.rescue.foreign import FEW_EXTENTS, foreign_signs
from lvtui.rescue.stale import touches
from lvtui.rescue.verdict import ChainLink, combined, worst
from lvtui.source import ByteRange
from lvtui.vhd.chain import Catalogue, Chain, End, build_chain
from lvtui.vhd.check import DiskCheck, check_image
from lvtui.vhd.damage import blocks_touched, damaged_ranges, visible
from lvtui.vhd.extent import joined
from lvtui.vhd.finding import Severity
from lvtui.vhd.flatten import VirtualDisk, disk_layers
from lvtui.vhd.footer import DiskType
from lvtui.vhd.image import Image, open_image
from lvtui.xen.names import VolumeRole

_HEAD_BYTES = 512
_NO_DAMAGE = frozenset({"KEY", "TYPE", "CHAIN"})
"""Findings that say nothing about lost bytes: what they mean is said elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDisk:
    """A volume's image, its chain, and the volumes that the chain's layers stand in."""

    placed: Placed
    chain: Chain
    volumes: tuple[Placed, ...]
    """By layer, leaf first; a raw root last."""

    @property
    def image(self) -> Image:
        """The leaf's."""
        return self.chain.leaf


@dataclass(slots=True)
class Reader:
    """Looks into volumes; remembers what it learnt of each."""

    shelf: Shelf
    probes_left: int = 256 * FEW_EXTENTS
    """Extents that may still be looked at, two reads each; `lvtui check` looks at all."""
    _checks: dict[str, DiskCheck] = field(default_factory=dict)
    _lives: dict[str | None, Life] = field(default_factory=dict)

    def disk_in(self, placed: Placed) -> OpenedDisk:
        """The disk in a volume.

        Raises:
            FormatError: as `open_image`. Refused: `LV-VHD-15`, its beginning is another volume's now.
        """
        owner = self.shelf.owner_of_head(placed)
        if owner is not None:
            raise Refused(
                "LV-VHD-15",
                "Where {name} began, {owner} lies now: the image that stands there is not its own. Only "
                "the volume can be copied (--format lv), with what is left of it.",
                name=placed.lv.name,
                owner=owner,
            )
        image = open_image(placed.source, name=placed.lv.name)
        needs_parents = image.type is DiskType.DIFFERENCING
        chain = build_chain(image, self.shelf.catalogue() if needs_parents else Catalogue(()))
        return OpenedDisk(
            placed=placed,
            chain=chain,
            volumes=(placed, *(self.shelf.placed(key) for key in chain.keys)),
        )

    def look(self, report: LostReport) -> LostReport:
        """The report with what is inside, and the verdict lowered by it."""
        placed = self.shelf.of_report(report)
        if not _may_hold_vhd(placed) or not placed.ranges:
            return report
        try:
            opened = self.disk_in(placed)
        except Refused as taken:
            return replace(report, vhd=_no_vhd(taken.message))
        except FormatError as error:
            return _without_vhd(report, placed, error)
        links = tuple(self._link(one, report) for one in opened.volumes[1:])
        own = self._lowered(report.verdict, opened)
        if not opened.chain.is_whole:
            own = lowered(own, VerdictWord.NO_PARENT, self._broken(opened.chain))
        content = self.content(opened)
        return replace(report, vhd=content, verdict=combined(own, links))

    def check(self, placed: Placed, image: Image) -> DiskCheck:
        """Tables only, once a volume."""
        known = self._checks.get(placed.key)
        if known is None:
            known = self._checks[placed.key] = check_image(image, bitmaps=False)
        return known

    def damage(self, opened: OpenedDisk) -> tuple[ByteRange, ...]:
        """Ranges of the disk that are lost or doubtful, through all its volumes."""
        disk = VirtualDisk(disk_layers(opened.chain), opened.image.size_bytes, opened.chain.end)
        found: list[ByteRange] = []
        for number, image in enumerate(opened.chain.images):
            own = self.check(opened.volumes[number], image)
            if own.damaged or own.doubtful:
                found += visible(disk, number, (*own.damaged, *own.doubtful))
        lost = {
            number: ranges
            for number, one in enumerate(opened.volumes)
            if (ranges := self.shelf.damage(one))
        }
        if lost:
            found += damaged_ranges(disk, lost)
        return joined(found)

    def content(self, opened: OpenedDisk) -> VhdContent:
        """What a report tells of the VHD."""
        image, chain = opened.image, opened.chain
        own = self.check(opened.placed, image)
        parents = tuple(
            Link(
                lv_uuid=one.lv.uuid,
                name=one.lv.name,
                vdi_uuid=one.name.vdi_uuid,
                where=one.where,
            )
            for one in opened.volumes[1:]
        )
        named = image.parent_name
        parent = parents[0].vdi_uuid if parents else named.vdi_uuid if named else None
        missing = None
        if not chain.is_whole:
            missing = _missing_name(chain)
        return VhdContent(
            type=image.type.value,
            virtual_size_bytes=image.size_bytes,
            hidden=image.footer.hidden,
            parent_vdi_uuid=parent if image.type is DiskType.DIFFERENCING else None,
            footer=image.footer_word,
            allocated_blocks=own.allocated_blocks,
            damaged_blocks=blocks_touched(self.damage(opened)),
            chain=parents,
            missing_parent=missing,
            problem=message("it is encrypted by the storage manager") if chain.encrypted else None,
        )

    def _lowered(self, verdict: Verdict, opened: OpenedDisk) -> Verdict:
        """What the image itself shows: errors make it at-risk."""
        reasons: list[Message] = []
        for number, image in enumerate(opened.chain.images):
            reasons += [
                finding.message
                for finding in self.check(opened.volumes[number], image).findings
                if finding.severity is Severity.ERROR and finding.code not in _NO_DAMAGE
            ]
        most = min(FEW_EXTENTS, self.probes_left)
        signs = foreign_signs(opened.image, opened.placed.vg.extent_bytes, most=most)
        self.probes_left -= signs.probed
        reasons += signs.reasons()
        return lowered(verdict, VerdictWord.AT_RISK, *dict.fromkeys(reasons))

    def _broken(self, chain: Chain) -> Message:
        """Why the chain ends where it does."""
        if chain.end is End.NO_PARENT:
            return message(
                "it should have a parent and names none: what it does not hold is unknown"
            )
        name = _missing_name(chain)
        known = next((one for one in self.shelf.all() if one.lv.name == name), None)
        if known is None:
            return message("its parent {name} is in no known version", name=name)
        return message(
            "its parent {name}, last seen in version {id}, is not where it was: another image stands "
            "there, or none",
            name=name,
            id=known.version.id,
        )

    def _link(self, one: Placed, report: LostReport) -> ChainLink:
        history = report.lost.history
        touched: tuple[Message, ...] = ()
        if one.history is history or one.history.vg_uuid == history.vg_uuid:
            life = self._life(history)
            touched = touches(life, one.lv.uuid, report.lost.last_seen)
        return ChainLink(
            lv_uuid=one.lv.uuid,
            name=one.lv.name,
            present=one.is_present,
            verdict=self.shelf.verdict(one),
            touched=touched,
        )

    def _life(self, history: History) -> Life:
        known = self._lives.get(history.vg_uuid)
        if known is None:
            known = self._lives[history.vg_uuid] = life_of(history)
        return known


@contextmanager
def open_shelf(
    paths: Iterable[str],
    histories: Sequence[History],
    places: PvPlaces,
    reports: Iterable[LostReport],
) -> Iterator[Shelf]:
    """The volumes of every SR, readable as long as the context lasts.

    Raises:
        SourceReadError, UserError: a path is no longer there.
    """
    with ExitStack() as stack:
        devices = [stack.enter_context(SourceDevice(path)) for path in paths]
        yield Shelf(histories, places, devices, reports)


def look_inside(
    paths: Iterable[str],
    histories: Sequence[History],
    places: PvPlaces,
    *lists: Sequence[LostReport],
) -> tuple[tuple[LostReport, ...], ...]:
    """Each list of reports with what the volumes hold; outside an SR nothing is read."""
    reports = tuple(report for each in lists for report in each)
    if all(report.name.role is VolumeRole.OTHER for report in reports):
        return tuple(tuple(each) for each in lists)
    with open_shelf(paths, histories, places, reports) as shelf:
        reader = Reader(shelf)
        return tuple(with_labels(shelf, [reader.look(one) for one in each]) for each in lists)


def lowered(verdict: Verdict, word: VerdictWord, *reasons: Message) -> Verdict:
    """The verdict, no better than `word`, for these reasons; as it is without any."""
    if not reasons:
        return verdict
    new = worst(verdict.word, word)
    kept = verdict.reasons if verdict.word is not VerdictWord.INTACT else ()
    told = (*reasons, *kept) if new is word else (*kept, *reasons)
    return replace(verdict, word=new, reasons=told)


def _may_hold_vhd(placed: Placed) -> bool:
    return placed.name.role in {VolumeRole.VHD, VolumeRole.OLD} or placed.name.neutral


def _missing_name(chain: Chain) -> str:
    missing = chain.missing
    if missing is None or missing.name is None:
        return "its name is not known"
    return missing.name.lv_name


def _no_vhd(problem: Message) -> VhdContent:
    return VhdContent(
        type=DiskType.NONE.value,
        virtual_size_bytes=None,
        hidden=False,
        parent_vdi_uuid=None,
        footer="bad",
        allocated_blocks=0,
        damaged_blocks=0,
        problem=problem,
    )


def _without_vhd(report: LostReport, placed: Placed, error: FormatError) -> LostReport:
    """No VHD where the name promises one: zeros mean that the place was discarded, or never written."""
    head = placed.source.pread(0, _HEAD_BYTES)
    verdict = report.verdict
    if error.code != "LV-VHD-01" or head.gaps:
        verdict = lowered(verdict, VerdictWord.AT_RISK, error.message)
    elif not any(head.data):
        told = message("zeros stand where its VHD should begin: discarded, or never written")
        verdict = lowered(verdict, VerdictWord.AT_RISK, told)
    else:
        told = message("no VHD begins in it: something else was written there")
        verdict = replace(verdict, reasons=(*verdict.reasons, told))
    return replace(report, vhd=_no_vhd(error.message), verdict=verdict)
