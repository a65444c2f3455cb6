"""The tables of README.md that are made from the code: `python -m tests.readme` writes them anew."""

from __future__ import annotations

import re

from lvtui.cli.table import COMMANDS
from tests import sources

README = sources.ROOT / "README.md"


def errors_table() -> str:
    """Code, exit code, sentence."""
    said: dict[str, sources.Said] = {}
    for one in sources.codes():
        if one.code not in said or (one.template and not said[one.code].template):
            said[one.code] = one
    rows = ["| code | exit | what lvtui says |", "|---|---|---|"]
    for code, one in sorted(said.items()):
        exit_code = sources.exit_code(one.raised)
        sentence = re.sub(r":[a-z]+\}", "}", one.template).replace("|", "\\|")
        sentence = re.sub(r"\s+", " ", sentence).replace("{", "*").replace("}", "*")
        rows.append(f"| `{code}` | {'' if exit_code is None else exit_code} | {sentence} |")
    return "\n".join(rows)


def commands_table() -> str:
    """Command and what it does."""
    rows = ["| command | what it does |", "|---|---|"]
    for command in COMMANDS:
        names = [
            option.settings.get("metavar", "")
            for option in command.options
            if not option.names[0].startswith("-")
        ]
        line = " ".join(["lvtui", command.name, *names])
        rows.append(f"| `{line}` | {command.help} |")
    return "\n".join(rows)


TABLES = {"errors": errors_table, "commands": commands_table}


def with_tables(text: str) -> str:
    """The README with its tables as the code has them now."""
    for name, make in TABLES.items():
        between = re.compile(f"(<!-- {name} -->\\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text, found = between.subn(lambda m: f"{m[1]}{make()}\n{m[2]}", text)  # noqa: B023 - used at once
        assert found == 1, name
    return text


def main() -> None:
    """Write the tables."""
    README.write_text(with_tables(README.read_text()))


if __name__ == "__main__":
    main()
