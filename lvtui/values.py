"""`dataclass`, `field` and `replace` for values that are cheap to define: only start-up time differs.

Half of a look command's time would go to making its fifty dataclasses: the standard decorator
compiles eight methods for each (0.6 ms a class), and its module loads `inspect` (10 ms). Here methods
are shared closures over the fields' names, `__init__` is compiled when a value is first made, and
`dataclasses` is loaded when somebody asks for `__dataclass_fields__` (`fields`, `asdict`,
`dataclasses.replace`, all of which work). A type checker sees the standard decorator itself.

Only what the house uses: `slots=True` always; `frozen`, `kw_only`, `order`; fields with a default, a
factory, `compare` and `repr`; no inheritance of fields, no `__post_init__`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    _Class = TypeVar("_Class", bound=type)
    _NONE = object()

    class _Field:
        __slots__ = ("compare", "default", "default_factory", "repr")

        def __init__(
            self,
            default: object = _NONE,
            default_factory: object = _NONE,
            *,
            compare: bool = True,
            repr: bool = True,  # noqa: A002 - as in dataclasses
        ) -> None:
            self.default = default
            self.default_factory = default_factory
            self.compare = compare
            self.repr = repr

    def field(**settings: Any) -> _Field:
        """A field with a default, a `default_factory`, `compare` or `repr`."""
        return _Field(**settings)

    def replace(value: Any, /, **changes: Any) -> Any:
        """The same value with other fields."""
        for name in value.__slots__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return type(value)(**changes)

    def dataclass(
        *, slots: bool, frozen: bool = False, kw_only: bool = False, order: bool = False
    ) -> Any:
        """As `dataclasses.dataclass`."""
        assert slots, "a value has no other attributes than its fields"

        def make(cls: _Class) -> _Class:
            return _make(cls, frozen=frozen, kw_only=kw_only, order=order)

        return make

    def _make(cls: _Class, *, frozen: bool, kw_only: bool, order: bool) -> _Class:
        namespace = dict(cls.__dict__)
        names = tuple(namespace.get("__annotations__", ()))
        fields = {}
        for name in names:
            default = namespace.pop(name, _NONE)
            fields[name] = default if isinstance(default, _Field) else _Field(default)
        for name in ("__dict__", "__weakref__"):
            namespace.pop(name, None)
        compared = _getter([name for name in names if fields[name].compare])
        namespace |= {
            "__slots__": names,
            "__match_args__": () if kw_only else names,
            "__dataclass_fields__": _StandardFields(fields, frozen=frozen, kw_only=kw_only),
            "__init__": _first_init(fields, kw_only=kw_only),
            "__repr__": _repr(tuple(name for name in names if fields[name].repr)),
            "__getstate__": _state,
            "__setstate__": _set_state,
        }
        if "__eq__" not in namespace:
            namespace["__eq__"] = _eq(compared)
        if not namespace.get("__hash__"):
            namespace["__hash__"] = (lambda self: hash(compared(self))) if frozen else None
        if frozen:
            namespace |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if order:
            namespace |= _order(compared)
        made = type(cls)(cls.__name__, cls.__bases__, namespace)
        made.__qualname__ = cls.__qualname__
        return made

    def _getter(names: list[str]) -> Any:
        if not names:
            return lambda _: ()
        return attrgetter(*names)

    def _first_init(fields: dict[str, _Field], *, kw_only: bool) -> Any:
        """An `__init__` that compiles the true one, puts it in its own place, and calls it."""

        def first(self: Any, *args: Any, **values: Any) -> None:
            cls = type(self)
            cls.__init__ = _init(cls, fields, kw_only=kw_only)
            cls.__init__(self, *args, **values)

        return first

    def _init(cls: type, fields: dict[str, _Field], *, kw_only: bool) -> Any:
        known: dict[str, Any] = {"_NONE": _NONE}
        parameters, lines = [], []
        for name, one in fields.items():
            known[f"_set_{name}"] = getattr(cls, name).__set__
            value, default = name, ""
            if one.default is not _NONE:
                known[f"_default_{name}"] = one.default
                default = f"=_default_{name}"
            elif one.default_factory is not _NONE:
                known[f"_make_{name}"] = one.default_factory
                default = "=_NONE"
                value = f"_make_{name}() if {name} is _NONE else {name}"
            parameters.append(f"{name}{default}")
            lines.append(f" _set_{name}(self, {value})\n")
        star = ["*"] if kw_only and parameters else []
        source = (
            f"def __init__({', '.join(['self', *star, *parameters])}):\n{''.join(lines) or ' pass'}"
        )
        found: dict[str, Any] = {}
        exec(source, known, found)  # noqa: S102 - made of the fields' names, as dataclasses does
        found["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
        return found["__init__"]

    def _repr(names: tuple[str, ...]) -> Any:
        def shown(self: Any) -> str:
            parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
            return f"{type(self).__qualname__}({parts})"

        return shown

    def _eq(compared: Any) -> Any:
        def equal(self: Any, other: Any) -> bool:
            if other.__class__ is not self.__class__:
                return NotImplemented
            return compared(self) == compared(other)

        return equal

    def _order(compared: Any) -> dict[str, Any]:
        def comparison(of_tuples: Any) -> Any:
            def compare(self: Any, other: Any) -> bool:
                if other.__class__ is not self.__class__:
                    return NotImplemented
                return of_tuples(compared(self), compared(other))

            return compare

        return {
            "__lt__": comparison(lambda one, other: one < other),
            "__le__": comparison(lambda one, other: one <= other),
            "__gt__": comparison(lambda one, other: one > other),
            "__ge__": comparison(lambda one, other: one >= other),
        }

    def _state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in self.__slots__]

    def _set_state(self: Any, state: list[Any]) -> None:
        for name, value in zip(self.__slots__, state, strict=True):
            getattr(type(self), name).__set__(self, value)

    def _refuse(self: Any, name: str, *_value: object) -> None:
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - a bug: it may cost

        raise FrozenInstanceError(f"cannot assign to field {name!r} of {type(self).__qualname__}")

    class _StandardFields:
        """`__dataclass_fields__`, made by the standard decorator when somebody asks."""

        __slots__ = ("_fields", "_settings")

        def __init__(self, fields: dict[str, _Field], **settings: bool) -> None:
            self._fields = fields
            self._settings = settings

        def __get__(self, value: object, owner: type) -> dict[str, Any]:
            import dataclasses  # noqa: PLC0415 - this is what is saved

            settings = ("default", "default_factory", "compare", "repr")
            namespace: dict[str, Any] = {"__annotations__": dict(owner.__annotations__)}
            for name, one in self._fields.items():
                told = {
                    key: setting for key in settings if (setting := getattr(one, key)) is not _NONE
                }
                namespace[name] = dataclasses.field(**told)
            twin = type(owner.__name__, (), namespace)
            return dataclasses.dataclass(**self._settings)(twin).__dataclass_fields__
