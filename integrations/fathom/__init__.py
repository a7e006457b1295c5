"""Fathom: meetings and transcripts."""
