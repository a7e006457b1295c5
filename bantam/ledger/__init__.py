"""The ledger: tables, the store (the only place with queries), migrations."""
