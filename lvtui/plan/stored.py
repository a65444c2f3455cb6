"""Frozen values to JSON and back, by their type hints: what job and case files hold.

Reading is strict, since a file may be torn, edited or of another version: a value of another type
than the field's is refused by name; keys that are unknown (a newer lvtui's) are ignored; a missing key
takes the field's default.
"""

from __future__ import annotations

import dataclasses
import types
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from lvtui.errors import FormatError
from lvtui.message import Message

T = TypeVar("T")

_SCALARS = (str, int, float, bool, type(None))


def encode(value: object) -> Any:  # noqa: ANN401 - what json.dumps takes
    """`value` as lists, dicts and scalars that `json` writes."""
    if isinstance(value, Message):
        return {"template": value.template, "values": {n: encode(v) for n, v in value.values}}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(cls: type[T], stored: object) -> T:
    """The value of class `cls` that `encode` stored.

    Raises:
        FormatError: `LV-STO-01`, naming the field that holds something else.
    """
    value: T = _decode(cls, stored, cls.__name__)
    return value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _bad(where: str) -> FormatError:
    return FormatError(
        "LV-STO-01", "A stored file holds something else than expected in {field}.", field=where
    )


def _decode(hint: Any, stored: object, where: str) -> Any:  # noqa: ANN401 - typed by `hint`
    if hint in _SCALARS:
        return _scalar(hint, stored, where)
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _first_fit(get_args(hint), stored, where)
    if origin is tuple:
        return _tuple(get_args(hint), stored, where)
    if hint is Message:
        return _message(stored, where)
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(stored)
        except ValueError:
            raise _bad(where) from None
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, stored, where)
    raise TypeError(hint)


def _scalar(hint: type, stored: object, where: str) -> object:
    # bool is an int to Python and not to JSON; an int is a whole float
    if hint is float and isinstance(stored, int) and not isinstance(stored, bool):
        return float(stored)
    if type(stored) is not hint:
        raise _bad(where)
    return stored


def _first_fit(hints: tuple[Any, ...], stored: object, where: str) -> object:
    for hint in hints:
        try:
            return _decode(hint, stored, where)
        except FormatError:
            continue
    raise _bad(where)


def _tuple(hints: tuple[Any, ...], stored: object, where: str) -> tuple[object, ...]:
    if not isinstance(stored, list):
        raise _bad(where)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_decode(hints[0], item, where) for item in stored)
    if len(hints) != len(stored):
        raise _bad(where)
    return tuple(_decode(hint, item, where) for hint, item in zip(hints, stored, strict=True))


def _message(stored: object, where: str) -> Message:
    if not isinstance(stored, dict):
        raise _bad(where)
    template, values = stored.get("template"), stored.get("values")
    if not isinstance(template, str) or not isinstance(values, dict):
        raise _bad(where)
    value_hint = str | int | float | tuple[int, int]
    return Message(
        template,
        tuple(sorted((str(n), _decode(value_hint, v, where)) for n, v in values.items())),
    )


def _dataclass(cls: Any, stored: object, where: str) -> object:  # noqa: ANN401 - a class
    if not isinstance(stored, dict):
        raise _bad(where)
    hints = _hints(cls)
    kept: dict[str, object] = {}
    for field in dataclasses.fields(cls):
        if field.name in stored:
            kept[field.name] = _decode(
                hints[field.name], stored[field.name], f"{where}.{field.name}"
            )
        elif field.default is dataclasses.MISSING:
            raise _bad(f"{where}.{field.name}")
    return cls(**kept)
