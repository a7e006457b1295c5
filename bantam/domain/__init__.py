"""Values and pure functions. No input, no output, no clock, no randomness."""
