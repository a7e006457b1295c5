"""The one composition root: settings in, sources, extractors, gateways and ledger out."""
