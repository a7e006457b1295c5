"""Close's JSON, as far as we read it. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Opportunity(BaseModel):
    """An opportunity; custom fields stand beside the others as `custom.cf_...`."""

    model_config = ConfigDict(extra="allow")

    id: str
    lead_id: str
    contact_id: str | None = None
    status_type: str = ""
    """active, won or lost"""
    value: int | None = None
    """In cents."""
    value_currency: str | None = None
    date_created: str | None = None
    date_won: str | None = None
    date_lost: str | None = None

    @property
    def custom(self) -> Mapping[str, Any]:
        """The custom fields that have a value, by `custom.cf_...`."""
        return self.model_extra or {}


class ListPage(BaseModel, Generic[T]):
    """One page of a list."""

    data: list[T]
    has_more: bool = False


class Email(BaseModel):
    """One address of a contact."""

    email: str


class Contact(BaseModel):
    """A contact, as a search gives it."""

    id: str
    lead_id: str | None = None
    title: str | None = None
    emails: list[Email] = []


class SearchPage(BaseModel):
    """One page of a search."""

    data: list[Contact]
    cursor: str | None = None


class Field(BaseModel):
    """One custom field."""

    id: str
    name: str
    type: str | None = None


class Schema(BaseModel):
    """The custom fields of an object type."""

    fields: list[Field]


class Note(BaseModel):
    """A note on a lead."""

    id: str
    note: str | None = None
    date_created: str | None = None


class Whoever(BaseModel):
    """The user whose key it is."""

    id: str


class Address(BaseModel):
    """An address of a lead."""

    country: str | None = None


class Lead(BaseModel):
    """A lead: in Close, the company."""

    id: str
    addresses: list[Address] = []
    contacts: list[Contact] = []
