"""Anybody who signs what they send: Standard Webhooks with a secret of ours."""
