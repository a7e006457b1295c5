"""Vendors: one folder each, knowing nothing of one another."""
