"""What reading left out, so that nothing is skipped in silence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts that grow while calls are read."""

    left_out: int = 0
    """Files of folders whose ending is none of ours."""
    repeated: int = 0
    """Calls that were read before, with the same content."""
    undated: int = 0
    """Calls that state no date: the time of their file stands in."""
