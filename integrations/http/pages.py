"""Reading page after page, without a way to go round in circles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bantam.errors import VendorRejectedError

T = TypeVar("T")
_log = logging.getLogger(__name__)

MOST_PAGES = 5000


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some items, and where the next ones are."""

    items: Sequence[T]
    cursor: str | None = None
    """None or "" on the last page."""


def paginate(
    vendor: str, fetch: Callable[[str | None], Page[T]], *, most_pages: int = MOST_PAGES
) -> Iterator[T]:
    """Yield the items of all pages.

    A cursor that comes a second time ends the walk with a warning: what follows would be the
    same pages again.

    Args:
        vendor: for the log and the error.
        fetch: returns one page; gets None first, then each page's cursor.
        most_pages: how many pages are walked at most.

    Raises:
        VendorRejectedError: there are more pages than that.
    """
    seen: set[str] = set()
    cursor: str | None = None
    for _ in range(most_pages):
        page = fetch(cursor)
        yield from page.items
        cursor = page.cursor or None
        if cursor is None:
            return
        if cursor in seen:
            _log.warning("%s: a page cursor came twice after %d pages", vendor, len(seen))
            return
        seen.add(cursor)
    raise VendorRejectedError(vendor, f"more than {most_pages} pages; ask for a shorter window")
