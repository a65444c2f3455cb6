"""V1 and V2: are footers and header what their writer leaves; type against header; encryption.

Reads nothing: everything is in the opened `Image`.
"""

from __future__ import annotations

from lvtui.vhd.finding import Finding, error, info, warning
from lvtui.vhd.footer import FOOTER_VERSION, DiskType
from lvtui.vhd.footers import FooterPlace, FooterState
from lvtui.vhd.header import HEADER_VERSION
from lvtui.vhd.image import Image

_PLACE_WORDS = {
    FooterState.BAD: "has a wrong checksum",
    FooterState.POISONED: "was disabled by the storage manager",
    FooterState.ABSENT: "is missing",
    FooterState.UNREADABLE: "cannot be read",
}


def check_structure(image: Image) -> tuple[Finding, ...]:
    """Everything that footers and header say about themselves and each other."""
    findings: list[Finding] = []
    if image.type is not DiskType.FIXED:
        findings += _place(image.head, "The footer copy at the start")
    findings += _place(image.tail, "The footer at the end")
    findings += _two_footers(image)
    findings += _versions(image)
    if image.header is not None and not image.header.checksum_ok:
        findings.append(
            error(
                "V1",
                image.header_offset_bytes,
                "The header is damaged. It was made again from where the block table stands.",
            )
        )
    elif image.header is not None and image.footer.data_offset_bytes != image.header_offset_bytes:
        findings.append(
            error("V1", 16, "The footer points to a place where the header is not; it was found.")
        )
    if image.head.footer is None and image.tail.footer is None:
        findings.append(
            error(
                "V1",
                0,
                "Both footers are lost. Size ({size:bytes}), type and uuid were reconstructed; compare "
                "the size with what the partition table or XenServer's records say.",
                size=image.size_bytes,
            )
        )
    if image.footer.type is DiskType.DYNAMIC and image.type is DiskType.DIFFERENCING:
        findings.append(
            error(
                "TYPE",
                60,
                "The footer calls the image stand-alone, its header names a parent. It is read as a "
                "differencing one.",
            )
        )
    if image.encrypted:
        findings.append(
            error(
                "KEY",
                image.batmap.offset_bytes if image.batmap else None,
                "The disk is encrypted by the storage manager: only the volume can be copied.",
            )
        )
    return tuple(findings)


def _place(place: FooterPlace, what: str) -> list[Finding]:
    if place.state is FooterState.OK:
        return []
    if place.state is FooterState.KILLED:
        # As every crash of a host leaves it: the head copy counts.
        return [
            info(
                "V2",
                place.offset_bytes,
                "The footer at the end was wiped while a VM ran, as always; the copy at the start "
                "counts.",
            )
        ]
    return [
        error(
            "V1", place.offset_bytes, "{what} {state}.", what=what, state=_PLACE_WORDS[place.state]
        )
    ]


def _two_footers(image: Image) -> list[Finding]:
    head, tail = image.head.footer, image.tail.footer
    if head is None or tail is None or image.type is DiskType.FIXED:
        return []
    at = image.tail.offset_bytes
    if head.uuid != tail.uuid:
        return [
            error(
                "V2", at, "The footer at the end is another image's. The one at the start counts."
            )
        ]
    if head == tail:
        if image.head.data != image.tail.data.ljust(512, b"\0"):
            return [warning("V2", at, "The two footers differ in bytes that have no meaning.")]
        return []
    return [
        warning(
            "V2",
            at,
            "Start and end have different footers: size {head_size:count} and {tail_size:count} bytes, "
            "hidden {head_hidden} and {tail_hidden}. Taken: {size:count} bytes, hidden {hidden}.",
            head_size=head.size_bytes,
            tail_size=tail.size_bytes,
            head_hidden=int(head.hidden),
            tail_hidden=int(tail.hidden),
            size=image.size_bytes,
            hidden=int(image.footer.hidden),
        )
    ]


def _versions(image: Image) -> list[Finding]:
    odd = image.footer.version != FOOTER_VERSION or (
        image.header is not None and image.header.version != HEADER_VERSION
    )
    return [warning("V1", 12, "Footer or header has a version that no known writer uses.")] * odd
