"""Options of a command that belong together reach it as one value."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any


def gathered(
    name: str, make: Callable[..., object]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Hand a command, as its parameter `name`, what `make` makes of the options it names.

    Stands below the options that it gathers.

    Args:
        name: of the command's parameter.
        make: a frozen dataclass or a function; its parameters are the options taken.
    """
    taken = tuple(inspect.signature(make).parameters)

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def call(*args: Any, **options: Any) -> Any:
            options[name] = make(**{key: options.pop(key) for key in taken})
            return command(*args, **options)

        return call

    return decorate
