"""Pipedrive's JSON, as far as we read it. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class Pagination(BaseModel):
    """Where the next page of a v1 list is."""

    more_items_in_collection: bool = False
    next_start: int | None = None


class Additional(BaseModel):
    """What stands beside the data."""

    next_cursor: str | None = None
    pagination: Pagination | None = None


class Envelope(BaseModel, Generic[T]):
    """Every answer."""

    success: bool
    data: T
    additional_data: Additional | None = None


class Done(BaseModel):
    """An answer without data that matters."""

    success: bool


class Deal(BaseModel):
    """A deal; custom fields are nested under their 40-character codes."""

    id: int
    status: str = ""
    value: float | None = None
    currency: str | None = None
    org_id: int | None = None
    close_time: str | None = None
    won_time: str | None = None
    lost_time: str | None = None
    is_deleted: bool = False
    custom_fields: Mapping[str, Any] | None = None


class Change(BaseModel):
    """One change of one field of a deal."""

    field_key: str
    new_value: Any = None
    time: str | None = None


class Field(BaseModel):
    """A deal field."""

    field_code: str
    field_name: str
    field_type: str | None = None


class Person(BaseModel):
    """A person."""

    id: int
    org_id: int | None = None
    job_title: str | None = None


class Organization(BaseModel):
    """An organisation; `industry` may be the id of an option instead of its label."""

    id: int
    industry: str | int | None = None
    employee_count: int | None = None
    address: Mapping[str, Any] | None = None


class FoundPerson(BaseModel):
    """The person of one search hit."""

    id: int


class Hit(BaseModel):
    """One search hit."""

    item: FoundPerson


class Hits(BaseModel):
    """What a search found."""

    items: list[Hit]


class Note(BaseModel):
    """A note (still v1)."""

    id: int
    content: str | None = None
