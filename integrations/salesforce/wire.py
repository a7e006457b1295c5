"""Salesforce's JSON, as far as we read it. Unknown fields are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


class TokenAnswer(BaseModel):
    """What the token endpoint gives; there is no `expires_in`."""

    access_token: str
    instance_url: str
    id: str = ""
    """A URL that ends in the user's id."""


class QueryPage(BaseModel):
    """One page of a query; records are read field by field."""

    records: list[Mapping[str, Any]]
    done: bool
    nextRecordsUrl: str | None = None  # noqa: N815 - Salesforce's name


class ItemProblem(BaseModel):
    """Why one record of a composite request was refused."""

    statusCode: str = ""  # noqa: N815 - Salesforce's name


class ItemAnswer(BaseModel):
    """What became of one record of a composite request; the request itself is always 200."""

    success: bool
    id: str | None = None
    errors: list[ItemProblem] = []


class Made(BaseModel):
    """What was created."""

    id: str


class FieldDescription(BaseModel):
    """One field that these credentials can see."""

    name: str
    type: str
    updateable: bool = True


class Description(BaseModel):
    """An object, with the fields that these credentials can see."""

    name: str
    createable: bool = True
    deletable: bool = True
    fields: list[FieldDescription]
