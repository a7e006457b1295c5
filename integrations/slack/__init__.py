"""Slack: messages about scores that matter, updated in place."""
