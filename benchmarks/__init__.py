"""Timings: never a pass or fail of a test, each a ratio or a number taken in one run.

`make bench` runs them all, prints a table, and writes it with versions to `benchmarks/results/`.
"""
