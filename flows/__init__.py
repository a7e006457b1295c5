"""Prefect flows over plain functions; `wiring.py` is the one composition root."""
