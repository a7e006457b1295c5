"""Close: scores on opportunities as custom fields, one note per call, closed deals, fit."""
