"""An operator's sentence as a value: an English template and named values.

Pure code makes messages; log, JSON and scripts render English; only `ui` renders through gettext.
A template's field may name how its value is shown: `{size:bytes}`, `{count:count}`,
`{part:percent}` (a pair part, whole), `{rate:rate}`, `{took:duration}`; a field without it shows a
string through `safe.safe`, so no message can carry a control character.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lvtui.safe import SafeStr, safe
from lvtui.units import human_bytes, human_count, human_duration, human_percent, human_rate

Value = str | int | float | tuple[int, int]

VALUE_CHARS_MAX = 512
"""LVM's names end at 127, but a path that a person must find again may be longer."""

_SHOWN: dict[str, Callable[[Any], str]] = {
    "bytes": human_bytes,
    "count": human_count,
    "rate": human_rate,
    "duration": human_duration,
    "percent": lambda pair: human_percent(pair[0], pair[1]),
}


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        shown = _SHOWN.get(format_spec)
        if shown is not None:
            return shown(value)
        text = value if isinstance(value, str) else format(value, format_spec)
        return safe(text, limit_chars=VALUE_CHARS_MAX)


_FORMATTER = _Formatter()


@dataclass(frozen=True, slots=True)
class Message:
    """`template` in English, `values` as sorted (name, value) pairs, so that messages compare."""

    template: str
    values: tuple[tuple[str, Value], ...] = ()

    def render(self, translate: Callable[[str], str] | None = None) -> SafeStr:
        """The sentence, in English or through a translator of templates."""
        template = translate(self.template) if translate else self.template
        return SafeStr(_FORMATTER.vformat(template, (), dict(self.values)))

    def __str__(self) -> str:
        return self.render()


def message(template: str, **values: Value) -> Message:
    """Make a message: `message("{name} holds {size:bytes}", name=..., size=...)`."""
    return Message(template, tuple(sorted(values.items())))
