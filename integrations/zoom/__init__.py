"""Zoom: cloud recordings and their transcripts."""
