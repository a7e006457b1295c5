"""HubSpot's JSON, as far as we read it. Unknown fields are ignored; every error field may lack."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, Field


class Version(BaseModel):
    """One value in a property's history, newest first in its list."""

    value: str | None = None
    timestamp: AwareDatetime | None = None
    sourceType: str = ""  # noqa: N815 - HubSpot's name
    sourceId: str | None = None  # noqa: N815 - HubSpot's name
    sourceLabel: str | None = None  # noqa: N815 - HubSpot's name
    updatedByUserId: int | None = None  # noqa: N815 - HubSpot's name


class Record(BaseModel):
    """A deal, contact, company or note."""

    id: str
    properties: Mapping[str, str | None] = {}
    propertiesWithHistory: Mapping[str, list[Version]] = {}  # noqa: N815 - HubSpot's name


class ErrorDetail(BaseModel):
    """One reason of an error."""

    code: str | None = None
    context: Mapping[str, list[str]] = {}


class ItemError(BaseModel):
    """What went wrong with some inputs of a batch."""

    status: str | None = None
    category: str | None = None
    context: Mapping[str, list[str]] = {}
    errors: list[ErrorDetail] = []


class BatchAnswer(BaseModel):
    """The answer of a batch: all results (200), or some with errors (207)."""

    results: list[Record]
    errors: list[ItemError] = []


class Next(BaseModel):
    """Where the next page is."""

    after: str


class Paging(BaseModel):
    """Paging of a list."""

    next: Next | None = None


class SearchPage(BaseModel):
    """One page of a search."""

    results: list[Record]
    paging: Paging | None = None


class Linked(BaseModel):
    """The far end of an association."""

    toObjectId: str | int  # noqa: N815 - HubSpot's name


class From(BaseModel):
    """The near end of an association."""

    id: str


class Association(BaseModel):
    """What one record is associated with."""

    from_: From = Field(alias="from")
    to: list[Linked]
    paging: Paging | None = None


class Associations(BaseModel):
    """The answer of an associations batch read."""

    results: list[Association]


class Associated(BaseModel):
    """The answer to associating two records."""

    status: str


class Property(BaseModel):
    """One property of an object type."""

    name: str
    type: str | None = None


class Properties(BaseModel):
    """All properties of an object type."""

    results: list[Property]


class Named(BaseModel):
    """A property group."""

    name: str


class Groups(BaseModel):
    """All property groups of an object type."""

    results: list[Named]
