"""The measures of the house: what fits on a screen can be read by the next person."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("apps", "bantam", "benchmarks", "evals", "extractors", "flows", "integrations")
MOST_LINES = 400
"""Of a module."""
MOST_CODE = 40
"""Lines of a function, its docstring not counted."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: str) -> Iterator[Path]:
    """Yield the Python files below folders; migrations are written by Alembic."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations/versions" not in path.as_posix():
                yield path


def code_lines(function: Function) -> int:
    first = function.body[0]
    docstring = ast.get_docstring(function, clean=False)
    told = (first.end_lineno or 0) - first.lineno + 1 if docstring is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - told


def long_functions(source: str) -> list[str]:
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, Function)]
    return [f"{f.name}: {n}" for f in found if (n := code_lines(f)) > MOST_CODE]


@pytest.mark.parametrize("folder", OURS)
def test_modules_fit(folder: str) -> None:
    lengths = {str(p.relative_to(ROOT)): p.read_text().count("\n") for p in modules(folder)}
    assert lengths
    assert {p: n for p, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("folder", [*OURS, "tests"])
def test_functions_fit_on_a_screen(folder: str) -> None:
    long = {str(p.relative_to(ROOT)): long_functions(p.read_text()) for p in modules(folder)}
    assert {p: names for p, names in long.items() if names} == {}


@pytest.mark.parametrize(
    ("lines", "told"),
    [pytest.param(39, [], id="the longest that fits"), pytest.param(40, ["f: 41"], id="one more")],
)
def test_a_function_is_measured_without_its_docstring(lines: int, told: list[str]) -> None:
    body = "".join(f"    x{i} = {i}\n" for i in range(lines))
    assert long_functions(f'def f():\n    """Say.\n\n    More.\n    """\n{body}') == told
