"""Exit codes of the command `bantam`; scripts may rely on them."""

from __future__ import annotations

OK = 0
UNEXPECTED = 1
"""A defect in Bantam: please report it with `--debug`."""
USAGE = 2
"""The command line is wrong (click's own code)."""
SOME_FAILED = 3
"""The run went through; some calls could not be read or delivered, and each is named."""
SETTINGS = 4
"""bantam.toml or the environment is wrong."""
NOT_FOUND = 5
"""The call, deal or delivery asked for is not in the ledger."""
UNAVAILABLE = 6
"""A server that is needed does not answer or refuses: the ledger, the model, a vendor, the disk."""
BLOCKED = 7
"""The eval gate says BLOCK."""
INCONCLUSIVE = 8
"""The eval gate says INCONCLUSIVE."""
INTERRUPTED = 130
"""Ctrl-C."""
