"""Sections of bantam.toml for CRMs and for who the buyer is.

Secrets come from the environment (`BANTAM_HUBSPOT__TOKEN`) and never print. Nothing here is needed
until the vendor is used: what is missing then is named by its setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from bantam.domain.crm_fields import FIELDS_BY_NAME
from bantam.domain.merge import Policy
from bantam.settings_section import Section

_FIELD_KEY = r"^[A-Za-z0-9_]*$"


class AlsoWrite(Section):
    """A field that people use too, and what of ours goes there."""

    field: str
    """Name of one of Bantam's fields: "score", "next_question", ..."""
    policy: Policy = Policy.WRITE_IF_EMPTY

    @field_validator("field")
    @classmethod
    def _is_ours(cls, name: str) -> str:
        return _known_field(name)


class CrmSettings(Section):
    """Section [crm]: alike for all CRMs."""

    policies: Mapping[str, Policy] = {}
    """{name of one of Bantam's fields: policy} where it is not "own"."""
    also_write: Mapping[str, AlsoWrite] = {}
    """{the CRM's key of a field that people use: what goes there}. Empty by default: Bantam
    writes only its own fields unless asked."""
    enrichment: Literal["crm", "people_data_labs"] = "crm"
    """Who knows title, company size, industry and country; a data vendor is asked for what the
    CRM does not know."""

    @field_validator("policies")
    @classmethod
    def _are_ours(cls, policies: Mapping[str, Policy]) -> Mapping[str, Policy]:
        for name in policies:
            _known_field(name)
        return policies


class AeSettings(Section):
    """Sections [hubspot.ae], [salesforce.ae] and so on: fields in which AEs judge their deals."""

    score: str = Field(default="", pattern=_FIELD_KEY)
    """The CRM's key of the field that holds an AE's own score; empty: there is none."""
    score_most: float = Field(default=100, gt=0)
    """The best score of their scale; the worst is 0."""
    qualified: str = Field(default="", pattern=_FIELD_KEY)
    """The CRM's key of the field that says whether an AE holds a deal for qualified."""
    qualified_yes: tuple[str, ...] = ("true", "yes", "1")
    """What stands there when he does, whatever its capitals; anything else says that he does
    not, and nothing says nothing."""


class HubSpotSettings(Section):
    """Section [hubspot]."""

    token: SecretStr | None = None
    """A service key."""
    base_url: str = "https://api.hubapi.com"
    version: str = Field(default="2026-09", pattern=r"^[A-Za-z0-9-]+$")
    """In every path."""
    time_zone: str = "UTC"
    """Of the account, such as "Europe/Berlin": its daily budget starts again at its midnight."""
    requests_per_10_seconds: int = Field(default=100, ge=1)
    """190 for Professional and Enterprise."""
    source_id: str | None = None
    """`sourceId` of Bantam's own writes in a property's history, if known."""
    new_deal_pipeline: str = "default"
    """Where deals of new leads stand: the pipeline's internal id."""
    new_deal_stage: str = "appointmentscheduled"
    """Internal id of the stage that they start in."""
    ae: AeSettings = AeSettings()


class SalesforceSettings(Section):
    """Section [salesforce]."""

    base_url: str | None = None
    """https://MYDOMAIN.my.salesforce.com"""
    client_id: str | None = None
    """The External Client App's consumer key."""
    client_secret: SecretStr | None = None
    private_key: SecretStr | None = None
    """PEM, for the JWT bearer flow instead of the secret."""
    username: str | None = None
    """Whom the JWT stands for."""
    login_audience: str = "https://login.salesforce.com"
    """https://test.salesforce.com for a sandbox."""
    version: str = Field(default="v62.0", pattern=r"^v\d+\.0$")
    new_deal_stage: str = "Prospecting"
    """StageName of opportunities of new leads."""
    new_deal_close_days: int = Field(default=90, ge=1)
    """Their CloseDate, which Salesforce wants, in days from the request."""
    ae: AeSettings = AeSettings()


class PipedriveSettings(Section):
    """Section [pipedrive]."""

    token: SecretStr | None = None
    base_url: str = "https://api.pipedrive.com"
    requests_per_second: float = Field(default=10.0, gt=0)
    new_deal_pipeline: int | None = Field(default=None, ge=1)
    """Id of the pipeline for deals of new leads; Pipedrive's own default when not set."""
    new_deal_stage: int | None = Field(default=None, ge=1)
    ae: AeSettings = AeSettings()


class CloseSettings(Section):
    """Section [close]."""

    api_key: SecretStr | None = None
    base_url: str = "https://api.close.com/api/v1"
    requests_per_second: float = Field(default=10.0, gt=0)
    new_deal_status: str | None = None
    """Id (stat_...) of the status of opportunities of new leads; Close's own default when not
    set."""
    ae: AeSettings = AeSettings()


class PeopleDataLabsSettings(Section):
    """Section [people_data_labs]."""

    api_key: SecretStr | None = None
    base_url: str = "https://api.peopledatalabs.com/v5"
    min_likelihood: int = Field(default=6, ge=1, le=10)
    """Matches that are less likely to be the right person are not taken (and not paid)."""
    requests_per_minute: int = Field(default=100, ge=1)


def _known_field(name: str) -> str:
    if name not in FIELDS_BY_NAME:
        raise ValueError(
            f"no field of Bantam is called {name!r}; there are {', '.join(FIELDS_BY_NAME)}"
        )
    return name
