"""Measurements, not tests: they print what they saw."""
