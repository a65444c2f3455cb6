"""Values are dataclasses in all but the time that it takes to define them."""

from __future__ import annotations

import copy
import dataclasses
import subprocess
import sys

import pytest

from lvtui.values import dataclass, field, replace


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A frozen value."""

    name: str
    start: int = 0
    note: str = field(default="", compare=False, repr=False)

    @property
    def end(self) -> int:
        """A method of its own."""
        return self.start + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Fields by name only, one without a default behind one that has it."""

    label: str | None = None
    place: Place


@dataclass(slots=True)
class Counter:
    """A value that changes."""

    seen: list[int] = field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Standard:
    """What `Place` must behave as."""

    name: str
    start: int = 0
    note: str = dataclasses.field(default="", compare=False, repr=False)


ARGUMENTS = [("a",), ("a", 1), ("b", 0, "x"), ("b", 0, "y")]


@pytest.mark.parametrize("one", ARGUMENTS)
@pytest.mark.parametrize("other", ARGUMENTS)
def test_compares_as_a_dataclass_does(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    mine, theirs = (Place(*one), Place(*other)), (Standard(*one), Standard(*other))

    assert (theirs[0] == theirs[1]) == (mine[0] == mine[1])
    assert (theirs[0] < theirs[1]) == (mine[0] < mine[1])
    assert (theirs[0] >= theirs[1]) == (mine[0] >= mine[1])
    assert (hash(theirs[0]) == hash(theirs[1])) == (hash(mine[0]) == hash(mine[1]))


def test_is_not_equal_to_another_class_with_the_same_fields() -> None:
    other: object = Standard("a")

    assert other != Place("a")


def test_shows_itself_as_a_dataclass_does() -> None:
    assert repr(Standard("a", 1, "x")).replace("Standard", "Place") == repr(Place("a", 1, "x"))


def test_cannot_be_changed() -> None:
    place = Place("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.start = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.start


@pytest.mark.parametrize(
    "make",
    [
        Place,
        lambda: Place("a", 1, "x", 4),  # type: ignore[call-arg]
        lambda: Place("a", ends=4),  # type: ignore[call-arg]
        lambda: Named("a", Place("a")),  # type: ignore[call-arg]
        lambda: Named(label="a"),  # type: ignore[call-arg]
    ],
)
def test_refuses_what_its_fields_do_not_allow(make: object) -> None:
    assert callable(make)
    with pytest.raises(TypeError):
        make()


def test_has_no_other_attributes_than_its_fields() -> None:
    with pytest.raises(AttributeError):
        Counter().other = 1  # type: ignore[attr-defined]


def test_a_factory_makes_a_new_value_each_time() -> None:
    one, other = Counter(), Counter()
    one.seen.append(1)

    assert other.seen == []
    assert Counter([1]) == one


@pytest.mark.parametrize("replacing", [replace, dataclasses.replace])
def test_is_replaced(replacing: object) -> None:
    assert callable(replacing)
    value = Named(place=Place("a", 1, "x"))

    assert Named(label="new", place=Place("a", 1)) == replacing(value, label="new")
    assert replacing(value, label="new").place.note == "x"


def test_the_standard_functions_know_it() -> None:
    assert dataclasses.is_dataclass(Place)
    assert [one.name for one in dataclasses.fields(Named)] == ["label", "place"]
    assert dataclasses.asdict(Named(place=Place("a", 1, "x"))) == {
        "label": None,
        "place": {"name": "a", "start": 1, "note": "x"},
    }


def test_is_copied() -> None:
    value = Named(place=Place("a", 1, "x"))

    assert value == copy.deepcopy(value)
    assert copy.deepcopy(value).place.note == "x"


def test_making_values_does_not_load_dataclasses() -> None:
    code = "import sys, lvtui.lvm.version; print({'dataclasses', 'inspect'} & {*sys.modules})"

    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert told.stdout.strip() == "set()"
