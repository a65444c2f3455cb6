"""The project's own files as data: what lint and README tests look at."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lvtui import errors

ROOT = Path(__file__).resolve().parents[1]
CODE = re.compile(r"LV-[A-Z]{3}-[0-9]{2}")
NOT_OURS = re.compile(
    r"\.git|\.venv|\.cache|\.[a-z_]+_cache|\.hypothesis|__pycache__|build|dist|.*\.egg-info"
)


class Said(NamedTuple):
    """An `LV-…` code where it is used, with the sentence and the error class beside it."""

    code: str
    template: str
    raised: str
    """Name of the class or function that is called with it."""
    where: str


def files() -> Iterator[Path]:
    """Every file of the tree that is not made by a tool."""
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if NOT_OURS.fullmatch(path.name):
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path


@functools.cache
def modules(folder: str = "lvtui") -> tuple[tuple[str, ast.Module], ...]:
    """(path from the root, syntax tree) of every module below a folder."""
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_bytes(), str(path)))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def _text(node: ast.expr) -> str | None:
    """A string constant; the template inside `message("…")`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and _name(node) == "message" and node.args:
        return _text(node.args[0])
    return None


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def codes() -> Iterator[Said]:
    """Every call that carries a code."""
    for where, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            texts = [_text(value) for value in values]
            for at, text in enumerate(texts):
                if text and CODE.fullmatch(text):
                    after = [later for later in texts[at + 1 :] if later]
                    place = f"{where}:{node.lineno}"
                    yield Said(text, after[0] if after else "", _name(node), place)


def exit_code(name: str) -> int | None:
    """The exit code of an error class; None for what is no error (a finding of a check)."""
    found = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, errors.LvtuiError):
        return found.exit_code
    return None
