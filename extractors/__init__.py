"""Readers of calls: prompt and model, or the embedded extractor; both end in an `Extraction`."""
