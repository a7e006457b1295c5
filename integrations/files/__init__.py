"""Calls from files, folders and standard input."""
