"""Bantam's core: values, scoring, ports, the ledger and settings.

Imports none of the packages beside it (`extractors`, `integrations`, `evals`,
`flows`, `apps`). The import contracts in pyproject.toml hold this.
"""

__version__ = "0.1.0"
