"""Fireflies: transcripts over GraphQL."""
