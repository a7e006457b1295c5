"""One note per call where a CRM knows no key for it: looked for before and after it is written.

Looking before is not enough. A request that something on the way repeats, or a worker that was
held up between looking and writing while another took over, makes a second note; so whoever wrote
one looks again, and the oldest stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from bantam.errors import VendorNotFoundError
from integrations.crm.records import note_marker


@dataclass(frozen=True)
class NoteThere:
    """A note that stands in the CRM. Its repr shows no words."""

    id: str
    text: str = field(repr=False)
    made: str
    """Sorts the notes of one place by their age."""


def the_one_note(
    call_id: str, there: Iterable[NoteThere], drop: Callable[[str], None], *, mine: str = ""
) -> str:
    """Return the id of a call's note, and delete what was made twice of it.

    A note that only quotes ours is a person's and stays: what is deleted says the very same, or
    was written by us a moment ago.

    Args:
        call_id: what the note is about.
        there: the notes that stand where it belongs.
        drop: deletes a note by its id.
        mine: id of the note that was just written; "" before any was.

    Returns:
        The id of the oldest; `mine` where none is seen yet.

    Raises:
        VendorError: one could not be deleted.
    """
    marker = note_marker(call_id)
    found = sorted((n for n in there if marker in n.text), key=lambda n: (n.made, n.id))
    for note in found[1:]:
        if note.id == mine or note.text == found[0].text:
            with suppress(VendorNotFoundError):
                drop(note.id)
    return found[0].id if found else mine
