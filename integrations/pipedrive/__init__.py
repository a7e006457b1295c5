"""Pipedrive: scores on deals as custom fields, one note per call, closed deals, fit."""
