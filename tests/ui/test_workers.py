"""Textual describes a worker by the `repr` of its arguments: of a Discovery that is gigabytes."""

from __future__ import annotations

import ast

import pytest

from tests import sources

SMALL = {"str", "int", "bool", "int | None", "str | None", "tuple[str, ...]", "Session", "Path"}


def _workers() -> list[tuple[str, ast.Call | ast.expr, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (f"{where}:{node.lineno}", decorator, node)
        for where, tree in sources.modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).startswith("work")
    ]


def test_there_are_workers_to_look_at() -> None:
    assert len(_workers()) > 5


@pytest.mark.parametrize("worker", _workers(), ids=lambda worker: worker[0])
def test_a_worker_whose_arguments_may_be_large_has_a_description(
    worker: tuple[str, ast.Call | ast.expr, ast.FunctionDef | ast.AsyncFunctionDef],
) -> None:
    _, decorator, function = worker
    arguments = [*function.args.args[1:], *function.args.kwonlyargs]
    kinds = {ast.unparse(one.annotation) for one in arguments if one.annotation is not None}
    described = isinstance(decorator, ast.Call) and any(
        keyword.arg == "description" for keyword in decorator.keywords
    )

    assert described or kinds <= SMALL
