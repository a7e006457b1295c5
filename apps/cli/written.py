"""Files that commands write, and Markdown lines that they print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from bantam.errors import OutputError


class OutputFile(click.Path):
    """A file to write. That it can be written is tried before the work whose result it takes."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        """Take whether - stands for stdout."""
        super().__init__(path_type=Path, dir_okay=False, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises:
            OutputError: it cannot be written.
        """
        path = Path(str(super().convert(value, param, ctx)))
        if str(path) != "-":
            _try(path)
        return path


FILE = OutputFile()


def _try(path: Path) -> None:
    was_there = path.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8"):
            pass
        if not was_there:
            path.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def write(path: Path, text: str) -> None:
    """Write a file, making its folder.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to stdout."""
    for line in lines:
        click.echo(line)
