"""Gong: calls, their people and CRM links, and transcripts."""
