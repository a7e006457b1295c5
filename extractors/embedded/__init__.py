"""Reads Budget, Authority, Need and Timeframe without a key, a network or a download.

`cues` turns what buyers said into probabilities, `weighing` turns those into claims, and the
claims pass the same gates as a language model's. How it was trained: `train/train.py`, `CARD.md`.
"""
