"""Files that commands write, and Markdown lines that they print."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from bantam.errors import OutputError

FILE = click.Path(path_type=Path, dir_okay=False)


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
