"""HubSpot: scores on deals as properties, one note per call, closed deals, fit."""
