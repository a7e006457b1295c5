"""The embedded CRM: the default target, a table in the ledger that exports as CSV."""
