"""From settings to call sources, Slack and Google: the part of wiring that knows these vendors.

`flows/wiring.py` calls it. Vendors are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bantam.domain.calls import Call, CallId, CallWindow
from bantam.errors import SettingsError
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.store import Ledger
from bantam.ports import Calendar, CallSource, Clock, FormSource, Gateway, LeadDesk, LeavesOut
from bantam.settings import Settings
from bantam.settings_vendors import SlackSettings
from integrations.files.sides import SideRules, with_sides

if TYPE_CHECKING:
    from flows.intake import Intake
    from integrations.google.calendar import CalendarClient
    from integrations.google.forms import FormsClient
    from integrations.http import Surroundings
    from integrations.http.credentials import Credentials
    from integrations.slack.client import SlackClient


class Sided:
    """A call source whose unknown participants get the sides that rules make certain."""

    def __init__(self, source: CallSource, rules: SideRules) -> None:
        """Wrap a source."""
        self._source = source
        self._rules = rules
        self.name = source.name
        self.overlap = source.overlap

    @property
    def left_out(self) -> Mapping[str, int]:
        """What the source does not list, counted; empty when it lists all."""
        return self._source.left_out if isinstance(self._source, LeavesOut) else {}

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield the source's ids (see `CallSource.call_ids`)."""
        return self._source.call_ids(window)

    def fetch(self, call_id: CallId) -> Call:
        """Return the source's call, with sides (see `CallSource.fetch`)."""
        call = self._source.fetch(call_id)
        return Call(**{**dict(call), "participants": with_sides(call.participants, self._rules)})


def surroundings(clock: Clock, ledger: Ledger | None = None, worker: str = "") -> Surroundings:
    """Return the real world for vendor clients.

    Args:
        clock: tells the time.
        ledger: counts requests for all who work on it; None counts those of the clients alone.
        worker: who works here, other than any other process.
    """
    from integrations.http import Surroundings, TokenBuckets  # noqa: PLC0415 - late, see above

    limiter = TokenBuckets() if ledger is None else SharedLimiter(ledger, worker, clock)
    return Surroundings(clock=clock, limiter=limiter)


def build_source(name: str, settings: Settings, around: Surroundings) -> CallSource:
    """Return a call recorder by name.

    Args:
        name: "gong", "fireflies", "zoom" or "fathom".
        settings: hold its section.
        around: the world around its client.

    Raises:
        SettingsError: there is no such source, or a setting that it needs is not there.
    """
    if name not in SOURCES:
        raise SettingsError(f"source {name!r}: no such source; there are {', '.join(SOURCES)}")
    rules = SideRules.of(settings.sides.seller_domains, settings.sides.seller_names)
    return Sided(SOURCES[name](settings, around), rules)


def build_sources(settings: Settings, around: Surroundings) -> Mapping[str, CallSource]:
    """Return the sources that are polled and fetched from, by name.

    Raises:
        SettingsError: there is no such source, or a setting that it needs is not there.
    """
    sources = {name: build_source(name, settings, around) for name in settings.serve.sources}
    if settings.serve.folder is not None:
        from integrations.files.folder import FolderSource  # noqa: PLC0415

        sides = SideRules.of(settings.sides.seller_domains, settings.sides.seller_names)
        sources[FolderSource.name] = FolderSource(settings.serve.folder, sides)
    return sources


def _gong(settings: Settings, around: Surroundings) -> CallSource:
    from integrations.gong.client import GongClient, key_and_secret  # noqa: PLC0415
    from integrations.gong.source import GongSource  # noqa: PLC0415
    from integrations.http import Fixed  # noqa: PLC0415

    mine = settings.gong
    if mine.access_token is not None:
        token = mine.access_token.get_secret_value()
        credentials: Credentials = Fixed({"Authorization": f"Bearer {token}"})
    else:
        credentials = key_and_secret(
            needed("gong.access_key", mine.access_key),
            needed("gong.access_key_secret", mine.access_key_secret),
        )
    client = GongClient(credentials, around, base_url=mine.base_url, workspace_id=mine.workspace_id)
    return GongSource(client, include_private=mine.include_private)


def _fireflies(settings: Settings, around: Surroundings) -> CallSource:
    from integrations.fireflies.client import FirefliesClient  # noqa: PLC0415
    from integrations.fireflies.source import FirefliesSource  # noqa: PLC0415

    mine = settings.fireflies
    client = FirefliesClient(
        needed("fireflies.api_key", mine.api_key),
        around,
        base_url=mine.base_url,
        per_minute=mine.requests_per_minute,
    )
    return FirefliesSource(client)


def _zoom(settings: Settings, around: Surroundings) -> CallSource:
    from integrations.zoom.client import ZoomApp, ZoomClient  # noqa: PLC0415
    from integrations.zoom.source import ZoomSource  # noqa: PLC0415

    mine = settings.zoom
    app = ZoomApp(
        needed("zoom.account_id", mine.account_id),
        needed("zoom.client_id", mine.client_id),
        needed("zoom.client_secret", mine.client_secret),
    )
    if not mine.hosts:
        raise SettingsError("zoom.hosts: not set; name the users whose recordings are read")
    client = ZoomClient(app, around, base_url=mine.base_url, auth_url=mine.auth_url)
    return ZoomSource(client, hosts=mine.hosts)


def _fathom(settings: Settings, around: Surroundings) -> CallSource:
    from integrations.fathom.client import FathomClient  # noqa: PLC0415
    from integrations.fathom.source import FathomSource  # noqa: PLC0415

    mine = settings.fathom
    key = needed("fathom.api_key", mine.api_key)
    return FathomSource(FathomClient(key, around, base_url=mine.base_url), around.clock)


SOURCES: Mapping[str, Callable[[Settings, Surroundings], CallSource]] = {
    "gong": _gong,
    "fireflies": _fireflies,
    "zoom": _zoom,
    "fathom": _fathom,
}


def slack_gateway(settings: SlackSettings, ledger: Ledger, around: Surroundings) -> Gateway:
    """Return Slack as a place that scores are delivered to.

    Raises:
        SettingsError: the token or the channel is not set.
    """
    from integrations.slack.alerts import AlertPolicy, Route  # noqa: PLC0415
    from integrations.slack.gateway import Routing, SlackGateway  # noqa: PLC0415

    client = slack_client(settings, around)
    routes = tuple(Route(**route.model_dump()) for route in settings.routes)
    return SlackGateway(
        client,
        ledger,
        ledger,
        routing=Routing(default=needed("slack.channel", settings.channel), routes=routes),
        policy=AlertPolicy(
            thresholds=settings.thresholds,
            change=settings.change,
            quiet_after=timedelta(days=settings.quiet_after_days),
        ),
        clock=around.clock,
    )


def slack_client(settings: SlackSettings, around: Surroundings) -> SlackClient:
    """Return the client of one workspace.

    Raises:
        SettingsError: the token is not set.
    """
    from integrations.slack.client import SlackClient  # noqa: PLC0415

    return SlackClient(needed("slack.token", settings.token), around, base_url=settings.base_url)


def google_clients(settings: Settings, around: Surroundings) -> tuple[FormsClient, CalendarClient]:
    """Return the clients of Forms and Calendar.

    Raises:
        SettingsError: neither a service account nor a refresh token is set.
    """
    from integrations.google.auth import (  # noqa: PLC0415
        RefreshToken,
        ServiceAccount,
        google_credentials,
    )
    from integrations.google.calendar import CalendarClient  # noqa: PLC0415
    from integrations.google.forms import FormsClient  # noqa: PLC0415

    mine = settings.google
    who: ServiceAccount | RefreshToken
    if mine.service_account_json is not None:
        key = mine.service_account_json.get_secret_value()
        who = ServiceAccount.from_json(key, mine.subject)
    else:
        who = RefreshToken(
            needed("google.client_id", mine.client_id),
            needed("google.client_secret", mine.client_secret),
            needed("google.refresh_token", mine.refresh_token),
        )
    credentials = google_credentials(who, around, token_url=mine.token_url)
    return (
        FormsClient(credentials, around, base_url=mine.forms_url),
        CalendarClient(credentials, around, base_url=mine.calendar_url),
    )


def intake(settings: Settings, leads: LeadDesk, around: Surroundings) -> Intake:
    """Return where leads come from and where they go.

    Args:
        settings: name forms and the calendar.
        leads: where they go.
        around: the world around Google's clients.

    Raises:
        SettingsError: Google is asked for and its settings are not there.
    """
    from flows.intake import Intake  # noqa: PLC0415
    from integrations.embedded.desk import EmbeddedCalendar  # noqa: PLC0415

    mine = settings.intake
    calendar: Calendar = EmbeddedCalendar()
    forms: tuple[FormSource, ...] = ()
    if settings.google.forms or mine.calendar == "google":
        from integrations.google.desk import GoogleDesk, GoogleForm  # noqa: PLC0415

        asked, booked = google_clients(settings, around)
        forms = tuple(GoogleForm(asked, form_id) for form_id in settings.google.forms)
        if mine.calendar == "google":
            calendar = GoogleDesk(booked, settings.google.calendar, mine.also_free)
    return Intake(
        leads=leads,
        calendar=calendar,
        forms=forms,
        questions=mine.questions,
        hours=mine.hours,
    )


def needed(setting: str, value: SecretStr | str | None) -> str:
    """Return a setting that a vendor cannot do without.

    Raises:
        SettingsError: it is not set.
    """
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not text:
        section, _, key = setting.partition(".")
        variable = f"BANTAM_{section}__{key}".upper()
        raise SettingsError(f"{setting}: not set; set {variable}, see docs/vendors/{section}.md")
    return text
