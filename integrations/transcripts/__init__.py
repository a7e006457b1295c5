"""Transcripts as text: captions (WebVTT, SRT) and lines, read the same way for every source."""
