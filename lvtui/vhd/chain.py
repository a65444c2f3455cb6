"""Chains: a differencing image, its parents down to the root, and what is missing of them.

A parent is the image whose footer uuid the child's header names; names and paths only say what to look
for. A raw parent has no uuid: the child's is zero and a locator names `LV-<vdi>`. Type differencing
without any parent: what the image does not hold is unknown, not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lvtui.errors import FormatError
from lvtui.vhd.catalogue import Candidate, Catalogue
from lvtui.vhd.finding import Finding, error, warning
from lvtui.vhd.footer import DiskType
from lvtui.vhd.image import Image, open_image
from lvtui.vhd.locators import ParentName

__all__ = ["CHAIN_MAX", "Candidate", "Catalogue", "Chain", "End", "MissingParent", "build_chain"]

CHAIN_MAX = 30
"""XenServer's own limit."""


class End(StrEnum):
    """What stands below the last image of a chain."""

    ZERO = "zero"
    """A dynamic or fixed root: all that nobody wrote is zero."""
    RAW = "raw"
    """A raw LV."""
    MISSING = "missing"
    """A parent that is not there: unknown, never zero."""
    NO_PARENT = "no-parent"
    """A differencing image that names none: unknown as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingParent:
    """The link that broke."""

    child: str
    uuid: bytes | None
    """None for a raw parent."""
    name: ParentName | None
    """What the child's locators call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Leaf first."""

    images: tuple[Image, ...]
    keys: tuple[str, ...]
    """Of the parents, in order; the leaf's own is not known here."""
    end: End
    raw_root: Candidate | None
    missing: MissingParent | None
    findings: tuple[Finding, ...]

    @property
    def leaf(self) -> Image:
        """The image whose disk it is."""
        return self.images[0]

    @property
    def is_whole(self) -> bool:
        """Whether every sector of the disk is known to be somewhere."""
        return self.end in {End.ZERO, End.RAW}

    @property
    def encrypted(self) -> bool:
        """Whether any image of it is."""
        return any(image.encrypted for image in self.images)


def build_chain(leaf: Image, catalogue: Catalogue) -> Chain:
    """Follow the parents of `leaf` through the catalogue.

    Never raises for what it finds: a missing parent, a cycle, a depth over 30, or a parent that cannot
    be opened end the chain as MISSING, with a finding that says why.
    """
    images = [leaf]
    keys: list[str] = []
    findings: list[Finding] = []
    while images[-1].type is DiskType.DIFFERENCING:
        child = images[-1]
        header = child.header
        raw = child.raw_parent
        if header is None or not (header.has_parent_field or raw):
            findings.append(
                error(
                    "TYPE",
                    60,
                    "{name} is a differencing image by its footer and names no parent in its header. "
                    "What it does not hold itself is unknown, not zero. It must not come back under a "
                    "VHD- name: scans by older versions of vhd-util crash on it.",
                    name=child.name,
                )
            )
            return _ended(images, keys, findings, End.NO_PARENT)
        missing = MissingParent(
            child=child.name,
            uuid=header.parent_uuid if header.has_parent_field else None,
            name=child.parent_name,
        )
        if raw is not None:
            roots = catalogue.with_name(raw.lv_name)
            if not roots:
                findings.append(_not_found(missing))
                return _ended(images, keys, findings, End.MISSING, missing=missing)
            if len(roots) > 1:
                findings.append(_several(child.name, roots))
            return _ended(images, [*keys, roots[0].key], findings, End.RAW, raw_root=roots[0])
        parent, key = _open_parent(child, header.parent_uuid, catalogue, findings)
        problem = None
        if parent is None:
            problem = _not_found(missing)
        elif any(image.footer.uuid == parent.footer.uuid for image in images):
            problem = error(
                "CHAIN", 552, "{name} has itself among its parents: a cycle.", name=child.name
            )
        elif len(images) >= CHAIN_MAX:
            problem = error(
                "CHAIN",
                552,
                "The chain below {name} is longer than {limit:count} images.",
                name=leaf.name,
                limit=CHAIN_MAX,
            )
        if parent is None or problem is not None:
            findings += [problem] if problem else []
            return _ended(images, keys, findings, End.MISSING, missing=missing)
        findings += _compare(child, parent)
        images.append(parent)
        keys.append(key)
    return _ended(images, keys, findings, End.ZERO)


def _open_parent(
    child: Image, uuid: bytes, catalogue: Catalogue, findings: list[Finding]
) -> tuple[Image | None, str]:
    named = child.parent_name
    found = catalogue.with_uuid(uuid, named.lv_name if named else None)
    if len(found) > 1:
        findings.append(_several(child.name, found))
    for candidate in found:
        try:
            parent = open_image(candidate.source, name=candidate.name)
        except FormatError as problem:
            findings.append(
                error(
                    "CHAIN",
                    None,
                    "{name}, a parent of {child}, cannot be opened. {why}",
                    name=candidate.name,
                    child=child.name,
                    why=str(problem),
                )
            )
            continue
        if parent.footer.uuid == uuid:
            return parent, candidate.key
    return None, ""


def _compare(child: Image, parent: Image) -> list[Finding]:
    findings = []
    if parent.size_bytes > child.size_bytes:
        findings.append(
            warning(
                "CHAIN",
                48,
                "{child} is smaller than its parent {parent}: {small:bytes} of {large:bytes}.",
                child=child.name,
                parent=parent.name,
                small=child.size_bytes,
                large=parent.size_bytes,
            )
        )
    if parent.header and child.block_bytes != parent.block_bytes:
        findings.append(
            warning(
                "CHAIN",
                544,
                "{child} and its parent {parent} have blocks of different sizes.",
                child=child.name,
                parent=parent.name,
            )
        )
    named = child.parent_name
    if named is not None and named.lv_name != parent.name and "VHD-" in parent.name:
        findings.append(
            warning(
                "CHAIN",
                None,
                "{child} calls its parent {called}; the image with the uuid that it names is "
                "now {parent}. The uuid counts for the data; the storage manager goes by the name.",
                child=child.name,
                called=named.lv_name,
                parent=parent.name,
            )
        )
    return findings


def _not_found(missing: MissingParent) -> Finding:
    return error(
        "CHAIN",
        552,
        "The parent of {child} is missing: {parent}, image uuid {uuid}. What "
        "{child} leaves to it is unknown.",
        child=missing.child,
        parent=missing.name.lv_name if missing.name else "its name is not known",
        uuid=missing.uuid.hex() if missing.uuid else "none, it is a raw volume",
    )


def _several(child: str, found: tuple[Candidate, ...]) -> Finding:
    return warning(
        "CHAIN",
        None,
        "{count:count} volumes could be the parent of {child}; {name} is taken.",
        count=len(found),
        child=child,
        name=found[0].name,
    )


def _ended(
    images: list[Image],
    keys: list[str],
    findings: list[Finding],
    end: End,
    *,
    raw_root: Candidate | None = None,
    missing: MissingParent | None = None,
) -> Chain:
    return Chain(
        images=tuple(images),
        keys=tuple(keys),
        end=end,
        raw_root=raw_root,
        missing=missing,
        findings=tuple(findings),
    )
