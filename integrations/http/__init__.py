"""Talking to vendors over HTTP: one client for all, each vendor's habits passed in."""

from integrations.http.client import Ask, Patience, Surroundings, Vendor, VendorClient
from integrations.http.credentials import Fixed, Renewable, Token
from integrations.http.limits import TokenBuckets
from integrations.http.pages import Page, paginate
from integrations.http.problems import Answer, Problem, oauth_problem, standard_problem
from integrations.http.wire import Wire

__all__ = [
    "Answer",
    "Ask",
    "Fixed",
    "Page",
    "Patience",
    "Problem",
    "Renewable",
    "Surroundings",
    "Token",
    "TokenBuckets",
    "Vendor",
    "VendorClient",
    "Wire",
    "oauth_problem",
    "paginate",
    "standard_problem",
]
