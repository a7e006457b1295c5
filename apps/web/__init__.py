"""Review pages and the webhook receiver."""
