"""Who runs a command: named in the activity stream beside what they did."""

from __future__ import annotations

import getpass
import os


def actor() -> str:
    """Return the user's name, or number where it has no name (as in many containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError since Python 3.13
        return f"user {os.getuid()}"
