"""What a copy waits for until it is asked to go on: an error that is no end."""

from __future__ import annotations

from lvtui.message import Message, Value, message


class HoldError(OSError):
    """Something is missing that an operator can bring back; `told` says what."""

    def __init__(self, template: str, **values: Value) -> None:
        """`template` and `values` as in `message`."""
        self.told: Message = message(template, **values)
        super().__init__(str(self.told))
