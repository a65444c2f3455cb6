"""Image: one VHD inside a source, opened: footers, header, block table, parent's names.

`open_image` is the only way in. It reads metadata only, a few KiB and, where two footers differ or one
must be made, the block table once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from lvtui.errors import FormatError
from lvtui.message import message
from lvtui.source import ByteRange, ByteSource
from lvtui.vhd.bat import BlockTable
from lvtui.vhd.batmap import Batmap, read_batmap
from lvtui.vhd.footer import (
    CREATOR_TAP,
    FOOTER_BYTES,
    SIZE_MAX_BYTES,
    DiskType,
    Footer,
)
from lvtui.vhd.footers import FooterPlace, choose, read_head, read_tail
from lvtui.vhd.header import HEADER_BYTES, Header, build_header, parse_header
from lvtui.vhd.locators import ParentName, parent_in, read_paths
from lvtui.vhd.reconstruct import (
    Rebuilt,
    data_end_bytes,
    highest_block,
    made_footers,
    rebuild_footer,
    rebuild_header,
)

_LOCATOR_ROOM_BYTES = 64 << 10
_LITTLE_ENDIAN_VERSION = 0x00000001


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A VHD as it was found."""

    name: str
    """The LV's or file's name, for messages and for raw parents."""
    source: ByteSource
    head: FooterPlace
    tail: FooterPlace
    footer: Footer
    """The one that counts: chosen, joined or made."""
    header: Header | None
    """None for a fixed disk."""
    header_offset_bytes: int
    table: BlockTable | None
    batmap: Batmap | None
    parent_paths: tuple[str, ...]
    rebuilt: tuple[Rebuilt, ...]

    @property
    def size_bytes(self) -> int:
        """Size of the virtual disk."""
        return self.footer.size_bytes

    @property
    def type(self) -> DiskType:
        """Fixed, dynamic or differencing; a parent in the header makes it differencing."""
        if self.footer.type is DiskType.DYNAMIC and self.header and self.header.has_parent_field:
            return DiskType.DIFFERENCING
        return self.footer.type

    @property
    def footer_word(self) -> str:
        """`ok`, `head-only`, `tail-only` or `bad`, as commands.md words it."""
        if self.footer.type is DiskType.FIXED:
            return "ok"
        tail = self.tail.footer
        foreign = self.head.footer and tail and tail.uuid != self.head.footer.uuid
        return {
            (True, True): "ok",
            (True, False): "head-only",
            (False, True): "tail-only",
            (False, False): "bad",
        }[self.head.footer is not None, tail is not None and not foreign]

    @property
    def block_bytes(self) -> int:
        """Bytes of the disk in one block."""
        return self.header.block_bytes if self.header else 1

    @property
    def block_count(self) -> int:
        """Blocks that the disk's size makes."""
        return -(-self.size_bytes // self.block_bytes) if self.header else 0

    @property
    def stride_bytes(self) -> int:
        """Bitmap and data of one block in the source."""
        return self.header.bitmap_bytes + self.header.block_bytes if self.header else 0

    @property
    def encrypted(self) -> bool:
        """Whether the guest's data are encrypted by tapdisk."""
        return self.batmap is not None and self.batmap.encrypted

    @property
    def headers_end_bytes(self) -> int:
        """First byte behind all metadata: no block can stand before it."""
        if self.header is None:
            return 0
        end = max(
            self.header_offset_bytes + HEADER_BYTES,
            self.header.table_offset_bytes + self.header.bat_bytes,
            self.batmap.end_bytes if self.batmap else 0,
        )
        # Locators follow; one that stands far behind was moved there, among the blocks.
        for entry in self.header.locators:
            stop = entry.offset_bytes + (entry.space_bytes or 0)
            if stop <= end + _LOCATOR_ROOM_BYTES:
                end = max(end, stop)
        return end

    @property
    def raw_parent(self) -> ParentName | None:
        """The raw LV that a child with a zero parent uuid stands on; None where none is named."""
        if self.header is None or self.header.has_parent_field:
            return None
        names = [parent_in(path) for path in self.parent_paths]
        return next((name for name in names if name is not None and name.raw), None)

    @property
    def parent_name(self) -> ParentName | None:
        """What the locators call the parent; LVs may have other names today."""
        names = [parent_in(path) for path in self.parent_paths]
        return next((name for name in names if name is not None), None)

    def entry_is_possible(self, entry: int) -> bool:
        """Whether a table entry points at a place where a block can begin."""
        at = entry * 512
        return self.headers_end_bytes <= at < self.source.size_bytes - 512


def open_image(
    source: ByteSource, *, name: str = "", hint_bytes: int | None = None, uuid: bytes | None = None
) -> Image:
    """Open the VHD in a source.

    Args:
        source: the LV or file.
        name: its name.
        hint_bytes: the disk's size from elsewhere, used only where no footer tells it.
        uuid: the footer uuid that a child names, used only where no footer is left.

    Raises:
        FormatError: `LV-VHD-01` nothing of a VHD, `LV-VHD-02` no header and none can be made,
            `LV-VHD-03` an impossible size, `LV-VHD-04` a version that nobody can read.
    """
    head, tail = read_head(source), read_tail(source)
    fixed = tail.footer
    sparse = [
        place.footer
        for place in (head, tail)
        if place.footer is not None and place.footer.is_sparse
    ]
    # A guest may keep a VHD's bytes at the start of a fixed disk: only a header proves a head copy.
    is_headed = bool(sparse) and _header_at(source, sparse[0].data_offset_bytes) is not None
    if fixed is not None and fixed.type is DiskType.FIXED and not is_headed:
        return _fixed(source, name, head, tail, fixed)
    offset = next((footer.data_offset_bytes for footer in sparse), FOOTER_BYTES)
    found = _header_at(source, offset)
    if found is None:
        offset, found = FOOTER_BYTES, _header_at(source, FOOTER_BYTES)
    usable = found is not None and found.checksum_ok and found.is_plausible(source.size_bytes)
    size = max((footer.size_bytes for footer in sparse), default=hint_bytes)
    header = found if usable else rebuild_header(source, size_bytes=size, damaged=found)
    if header is None:
        _refuse(head, tail, found_header=found is not None)
    table = BlockTable(source, header.table_offset_bytes, header.bat_entries)
    rebuilt: list[Rebuilt] = []
    if not usable:
        data = build_header(bat_entries=header.bat_entries) if not header.has_parent_field else None
        rebuilt.append(
            Rebuilt(
                range=ByteRange(FOOTER_BYTES, HEADER_BYTES),
                why=message("the header was made from where the block table stands"),
                data=data,
            )
        )
    paths = read_paths(source, header)
    footer = _footer(head, tail, header, table)
    if footer is None:
        named = any(parent_in(path) for path in paths)
        footer = rebuild_footer(
            header,
            table,
            source.size_bytes,
            header_data=source.pread(FOOTER_BYTES, HEADER_BYTES).data,
            may_have_parent=named or found is None,
            hint_bytes=hint_bytes,
            uuid=uuid,
        )
    _check_size(footer, header)
    return Image(
        name=name,
        source=source,
        head=head,
        tail=tail,
        footer=footer,
        header=header,
        header_offset_bytes=offset if usable else FOOTER_BYTES,
        table=table,
        batmap=read_batmap(source, header.table_offset_bytes + header.bat_bytes),
        parent_paths=paths,
        rebuilt=(*made_footers(head, tail, footer, data_end_bytes(header, table)), *rebuilt),
    )


def _header_at(source: ByteSource, offset_bytes: int) -> Header | None:
    if offset_bytes % 512 or offset_bytes + HEADER_BYTES > source.size_bytes:
        return None
    piece = source.pread(offset_bytes, HEADER_BYTES)
    return None if piece.gaps else parse_header(piece.data)


def _fixed(
    source: ByteSource, name: str, head: FooterPlace, tail: FooterPlace, footer: Footer
) -> Image:
    _check_size(footer, None)
    return Image(
        name=name,
        source=source,
        head=head,
        tail=tail,
        footer=footer,
        header=None,
        header_offset_bytes=0,
        table=None,
        batmap=None,
        parent_paths=(),
        rebuilt=(),
    )


def _footer(
    head: FooterPlace, tail: FooterPlace, header: Header, table: BlockTable
) -> Footer | None:
    first = head.footer if head.footer and head.footer.is_sparse else None
    last = tail.footer if tail.footer and tail.footer.is_sparse else None
    if first == last or first is None or last is None:
        return first or last
    return choose(
        first,
        last,
        first_free_bytes=highest_block(table) * header.block_bytes + 1,
        table_bytes=header.bat_entries * header.block_bytes,
    )


def _check_size(footer: Footer, header: Header | None) -> None:
    size = footer.size_bytes
    room = header.bat_entries * header.block_bytes if header else SIZE_MAX_BYTES
    if not 0 < size <= min(room, SIZE_MAX_BYTES) or size % 512:
        raise FormatError(
            "LV-VHD-03",
            "The footer gives the disk an impossible size: {size:count} bytes. Its block table has "
            "room for {room:count}. Copy the whole volume instead of its disk.",
            offset_bytes=48,
            size=size,
            room=room,
        )
    if footer.creator_app == CREATOR_TAP and footer.creator_version == _LITTLE_ENDIAN_VERSION:
        raise FormatError(
            "LV-VHD-04",
            "The image was written by a tapdisk of before 2008, whose bitmaps have another bit order. "
            "Copy the whole volume instead of its disk.",
            offset_bytes=32,
        )


def _refuse(head: FooterPlace, tail: FooterPlace, *, found_header: bool) -> NoReturn:
    if head.footer is None and tail.footer is None and not found_header:
        raise FormatError(
            "LV-VHD-01",
            "There is no VHD here: no footer at the start or the end, no header between. If the volume "
            "should hold one, its first megabytes were overwritten.",
        )
    raise FormatError(
        "LV-VHD-02",
        "The header of the VHD is lost and its block table cannot be recognised, so nothing tells where "
        "the blocks of the disk stand. Copy the whole volume.",
        offset_bytes=FOOTER_BYTES,
    )
