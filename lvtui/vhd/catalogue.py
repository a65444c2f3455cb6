"""The volumes that may be somebody's parent, by footer uuid and by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lvtui.source import ByteSource
from lvtui.vhd.footers import read_head, read_tail


@dataclass(frozen=True, slots=True)
class Candidate:
    """A volume that may be somebody's parent."""

    key: str
    """What the caller knows it by: an LV uuid, a path."""
    name: str
    """The LV's name, `VHD-<vdi>` or `LV-<vdi>`; may have been another when the child was written."""
    source: ByteSource


@dataclass(slots=True)
class Catalogue:
    """Candidates by footer uuid, and raw ones by name; the order given is the order of preference.

    Present volumes, lost ones and those of older versions may all be in it: the footer of each is read
    once, and of none before those that bear the name that the child knows.
    """

    candidates: Sequence[Candidate]
    _by_uuid: dict[bytes, list[Candidate]] | None = field(default=None, repr=False)
    _by_name: dict[str, list[Candidate]] | None = field(default=None, repr=False)
    _uuids: dict[int, frozenset[bytes]] = field(default_factory=dict, repr=False)

    def with_uuid(self, uuid: bytes, name: str | None = None) -> tuple[Candidate, ...]:
        """The volumes whose footer has this uuid; those of this name, where any has it."""
        if name is not None:
            named = tuple(one for one in self.with_name(name) if uuid in self._uuids_of(one))
            if named:
                return named
        if self._by_uuid is None:
            self._by_uuid = {}
            for candidate in self.candidates:
                for found in sorted(self._uuids_of(candidate)):
                    self._by_uuid.setdefault(found, []).append(candidate)
        return tuple(self._by_uuid.get(uuid, ()))

    def with_name(self, name: str) -> tuple[Candidate, ...]:
        """The volumes of this name."""
        if self._by_name is None:
            self._by_name = {}
            for candidate in self.candidates:
                self._by_name.setdefault(candidate.name, []).append(candidate)
        return tuple(self._by_name.get(name, ()))

    def _uuids_of(self, candidate: Candidate) -> frozenset[bytes]:
        known = self._uuids.get(id(candidate))
        if known is None:
            known = self._uuids[id(candidate)] = _footer_uuids(candidate.source)
        return known


def _footer_uuids(source: ByteSource) -> frozenset[bytes]:
    head = read_head(source).footer
    if head is not None and head.is_sparse:
        return frozenset({head.uuid})
    tail = read_tail(source).footer
    return frozenset({footer.uuid for footer in (head, tail) if footer is not None})
