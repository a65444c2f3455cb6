from __future__ import annotations

import pytest

from lvtui.message import Message, Value, message


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        pytest.param("{a} and {b}", {"a": "x", "b": 3}, "x and 3", id="plain"),
        pytest.param("{n:bytes}", {"n": 40 << 30}, "40.0 GiB", id="bytes"),
        pytest.param("{n:bytes}", {"n": 512}, "512 B", id="below-a-KiB"),
        pytest.param("{n:count}", {"n": 238464}, "238 464", id="count"),
        pytest.param("{p:percent}", {"p": (10222, 10262)}, "99.6 %", id="percent"),
        pytest.param("{p:percent}", {"p": (99999, 100000)}, "99.9 %", id="never-rounded-up"),
        pytest.param("{p:percent}", {"p": (1, 100000)}, "0.1 %", id="never-rounded-down"),
        pytest.param("{d:duration}", {"d": 193.0}, "3 min 13 s", id="duration"),
    ],
)
def test_a_message_shows_its_values_in_the_wizards_units(
    template: str, values: dict[str, Value], expected: str
) -> None:
    assert expected == str(message(template, **values))


def test_a_value_cannot_carry_a_control_character_into_a_sentence() -> None:
    shown = str(message("LV {name} is gone", name="a\x1b]0;pwn\x07\u202eb"))

    assert shown == "LV a\\x1b]0;pwn\\x07\\u202eb is gone"


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    assert str(message("{name}", name="{other}")) == "{other}"


def test_messages_with_the_same_values_are_equal_and_translate() -> None:
    one, other = message("{a} {b}", a=1, b=2), message("{a} {b}", b=2, a=1)

    assert one == other
    assert one.render(lambda template: {"{a} {b}": "{b} до {a}"}[template]) == "2 до 1"
    assert Message("plain").render() == "plain"
