"""From settings to CRM gateways: the part of wiring that knows these vendors.

`flows/wiring.py` calls it. Vendors are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from bantam.domain.calls import CallId, DealId
from bantam.domain.delivery import DeliveryState
from bantam.errors import LedgerError, SettingsError
from bantam.ledger.store import Ledger
from bantam.ports import (
    AeViews,
    Clock,
    DealEndings,
    Fit,
    Gateway,
    LeadDesk,
    OutcomeSource,
    Watchful,
)
from bantam.settings import Settings
from flows.fitting import Fitting
from flows.vendors import needed, surroundings
from flows.worker import Watched, worker_name

if TYPE_CHECKING:
    from integrations.crm import AeFields, CrmGateway, DealRecords, Slot
    from integrations.crm.leads import LeadRecords
    from integrations.http import Surroundings


class CrmFacts(OutcomeSource, AeViews, Fit, Protocol):
    """What a CRM knows beside the score."""


@dataclass(frozen=True)
class Crm:
    """One CRM, connected."""

    records: DealRecords
    facts: CrmFacts
    leads: LeadRecords


def build_crm(name: str, settings: Settings, around: Surroundings) -> Crm:
    """Return a CRM by name.

    Args:
        name: "hubspot", "salesforce", "pipedrive" or "close".
        settings: hold its section.
        around: the world around its client.

    Raises:
        SettingsError: there is no such CRM, or a setting that it needs is not there.
    """
    if name not in CRMS:
        raise SettingsError(f"CRM {name!r}: no such CRM; there are {', '.join(CRMS)}")
    return CRMS[name](settings, around)


def crm_gateway(name: str, settings: Settings, ledger: Ledger, around: Surroundings) -> CrmGateway:
    """Return a CRM as a place that scores are delivered to.

    Raises:
        SettingsError: as `build_crm`.
    """
    from integrations.crm import CrmGateway  # noqa: PLC0415 - late, see above

    return CrmGateway(
        build_crm(name, settings, around).records,
        memory=ledger,
        calls=ledger,
        clock=around.clock,
        slots=slots_of(settings),
    )


def lead_desk(settings: Settings, ledger: Ledger, around: Surroundings) -> LeadDesk:
    """Return where leads come in: the CRM that scores are delivered to, else the embedded one.

    Of several CRMs the one that `delivery.targets` names first.

    Raises:
        SettingsError: as `build_crm`.
    """
    from integrations.crm.leads import CrmLeads  # noqa: PLC0415 - late, see above
    from integrations.embedded.desk import EmbeddedLeads  # noqa: PLC0415

    for target in settings.delivery.targets:
        if target in CRMS:
            return CrmLeads(build_crm(target, settings, around).leads)
    return EmbeddedLeads(ledger, around.clock)


def watched(
    settings: Settings, gateways: Mapping[str, Gateway], around: Surroundings
) -> Mapping[str, Watched]:
    """Return the CRMs whose webhooks are let in and can be acted on, by sender.

    A CRM whose webhooks are let in without its key in the settings is left out.

    Raises:
        SettingsError: the key is there, and another setting that the CRM needs is not.
    """
    let_in = {
        "hubspot": (settings.webhooks.hubspot_secret, settings.hubspot.token),
        "close": (settings.webhooks.close_secret, settings.close.api_key),
    }
    found: dict[str, Watched] = {}
    for name, (secret, key) in let_in.items():
        if secret is None or key is None:
            continue
        facts, gateway = build_crm(name, settings, around).facts, gateways.get(name)
        assert isinstance(facts, DealEndings)
        if isinstance(gateway, Watchful):
            found[name] = Watched(facts, gateway)
        else:
            found[name] = Watched(facts)
    return found


def link_call(
    ledger: Ledger, target: str, call_id: CallId, deal: str, *, now: datetime, actor: str
) -> int:
    """Remember which deal of a CRM a call belongs to, and release what waited for it.

    Returns:
        How many deliveries were released.

    Raises:
        NotInLedgerError: there is no such call.
        LedgerError: it was remembered by somebody else at the same moment.
    """
    from integrations.crm.finding import call_record  # noqa: PLC0415 - late, see above

    ledger.call(call_id)
    memory = ledger.recall(target, call_record(call_id))
    # A note on another deal is not this deal's.
    moved = memory.deal_id not in {"", deal}
    left = (*memory.left, f"{memory.deal_id}/{memory.note_id}")
    elsewhere = {"note_id": "", "note_key": "", "contact_id": "", "left": left}
    changes = {"deal_id": deal, **(elsewhere if moved else {})}
    if not ledger.remember(target, call_record(call_id), memory.model_copy(update=changes)):
        raise LedgerError(f"call {call_id}: somebody else changed it just now; try again")
    ledger.name_deal(call_id, DealId(deal), now=now, actor=actor)
    held = ledger.deliveries(states=[DeliveryState.HELD], target=target, call_id=call_id)
    keys = [delivery.key for delivery in held]
    for key in keys:
        ledger.release(key, now=now, actor=actor)
    return len(keys)


def slots_of(settings: Settings) -> tuple[Slot, ...]:
    """Return the fields that Bantam may write, with their policies."""
    from integrations.crm import slots_from  # noqa: PLC0415 - late, see above

    also = {key: (what.field, what.policy) for key, what in settings.crm.also_write.items()}
    return slots_from(settings.crm.policies, also)


def fit_sources(settings: Settings, around: Surroundings) -> tuple[Fit, ...]:
    """Return who knows about buyers: the first CRM that scores go to, then a data vendor.

    Empty when there is neither.

    Raises:
        SettingsError: as `build_crm`.
    """
    crm = next((target for target in settings.delivery.targets if target in CRMS), None)
    sources: list[Fit] = []
    if crm is not None:
        sources.append(build_crm(crm, settings, around).facts)
    if settings.crm.enrichment != "crm":
        sources.append(data_vendor(settings, around))
    return tuple(sources)


def fitting(settings: Settings, ledger: Ledger | None, clock: Clock) -> Fitting | None:
    """Return what asks about buyers, None where the score model does not want to know.

    Args:
        settings: the score model, where scores go, and whom to ask.
        ledger: keeps the answers; None, a dry run, asks nobody.
        clock: tells the time.

    Raises:
        SettingsError: it wants to, and nobody is there to ask.
    """
    if ledger is None or settings.score_model().fit is None:
        return None
    sources = fit_sources(settings, surroundings(clock, ledger, worker_name()))
    if not sources:
        raise SettingsError(
            f"scoring.models.{settings.scoring.model}.fit: nobody to ask about buyers; name a CRM "
            'in delivery.targets, or set crm.enrichment to "people_data_labs"'
        )
    return Fitting(sources, ledger, clock)


def data_vendor(settings: Settings, around: Surroundings) -> Fit:
    """Return People Data Labs.

    Raises:
        SettingsError: its key is not set.
    """
    from integrations.enrichment.people_data_labs import (  # noqa: PLC0415
        PeopleDataLabs,
        PeopleDataLabsAccount,
    )

    mine = settings.people_data_labs
    account = PeopleDataLabsAccount(
        needed("people_data_labs.api_key", mine.api_key),
        mine.base_url,
        mine.min_likelihood,
        mine.requests_per_minute,
    )
    return PeopleDataLabs(account, around)


def _ae_fields(name: str, settings: Settings) -> AeFields:
    """Return the fields in which AEs judge deals; what Bantam writes is nobody's own judgement."""
    from integrations.crm import AeFields  # noqa: PLC0415 - late, see above

    mine = getattr(settings, name).ae
    for setting in ("score", "qualified"):
        key = getattr(mine, setting)
        if key in settings.crm.also_write or key.lower().startswith("bant_"):
            raise SettingsError(
                f"{name}.ae.{setting}: Bantam itself writes {key!r}; name a field that AEs fill in"
            )
    return AeFields(mine.score, mine.score_most, mine.qualified, mine.qualified_yes)


def _hubspot(settings: Settings, around: Surroundings) -> Crm:
    from integrations.hubspot.client import HubSpotAccount, HubSpotClient  # noqa: PLC0415
    from integrations.hubspot.desk import HubSpotLeads  # noqa: PLC0415
    from integrations.hubspot.facts import HubSpotFacts  # noqa: PLC0415
    from integrations.hubspot.gateway import HubSpotDeals  # noqa: PLC0415

    mine = settings.hubspot
    account = HubSpotAccount(
        needed("hubspot.token", mine.token),
        mine.base_url,
        mine.version,
        mine.time_zone,
        mine.requests_per_10_seconds,
        mine.source_id,
    )
    client = HubSpotClient(account, around)
    leads = HubSpotLeads(client, pipeline=mine.new_deal_pipeline, stage=mine.new_deal_stage)
    return Crm(HubSpotDeals(client), HubSpotFacts(client, _ae_fields("hubspot", settings)), leads)


def _salesforce(settings: Settings, around: Surroundings) -> Crm:
    from integrations.salesforce.client import SalesforceAccount, SalesforceClient  # noqa: PLC0415
    from integrations.salesforce.desk import SalesforceLeads  # noqa: PLC0415
    from integrations.salesforce.facts import SalesforceFacts  # noqa: PLC0415
    from integrations.salesforce.gateway import SalesforceDeals  # noqa: PLC0415

    mine = settings.salesforce
    secret, key = "", ""
    if mine.private_key is not None:
        key = mine.private_key.get_secret_value()
    else:
        secret = needed("salesforce.client_secret", mine.client_secret)
    account = SalesforceAccount(
        base_url=needed("salesforce.base_url", mine.base_url),
        client_id=needed("salesforce.client_id", mine.client_id),
        client_secret=secret,
        private_key=key,
        username=needed("salesforce.username", mine.username) if key else "",
        login_audience=mine.login_audience,
        version=mine.version,
    )
    client = SalesforceClient(account, around)
    leads = SalesforceLeads(
        client,
        around.clock,
        stage=mine.new_deal_stage,
        closes_after=timedelta(days=mine.new_deal_close_days),
    )
    return Crm(
        SalesforceDeals(client, around.clock),
        SalesforceFacts(client, _ae_fields("salesforce", settings)),
        leads,
    )


def _pipedrive(settings: Settings, around: Surroundings) -> Crm:
    from integrations.pipedrive.client import PipedriveAccount, PipedriveClient  # noqa: PLC0415
    from integrations.pipedrive.desk import PipedriveLeads  # noqa: PLC0415
    from integrations.pipedrive.facts import PipedriveFacts  # noqa: PLC0415
    from integrations.pipedrive.gateway import PipedriveDeals  # noqa: PLC0415

    mine = settings.pipedrive
    token = needed("pipedrive.token", mine.token)
    client = PipedriveClient(
        PipedriveAccount(token, mine.base_url, mine.requests_per_second), around
    )
    leads = PipedriveLeads(client, pipeline=mine.new_deal_pipeline, stage=mine.new_deal_stage)
    return Crm(
        PipedriveDeals(client), PipedriveFacts(client, _ae_fields("pipedrive", settings)), leads
    )


def _close(settings: Settings, around: Surroundings) -> Crm:
    from integrations.close.client import CloseAccount, CloseClient  # noqa: PLC0415
    from integrations.close.desk import CloseLeads  # noqa: PLC0415
    from integrations.close.facts import CloseFacts  # noqa: PLC0415
    from integrations.close.gateway import CloseDeals  # noqa: PLC0415

    mine = settings.close
    key = needed("close.api_key", mine.api_key)
    client = CloseClient(CloseAccount(key, mine.base_url, mine.requests_per_second), around)
    leads = CloseLeads(client, status=mine.new_deal_status)
    return Crm(CloseDeals(client), CloseFacts(client, _ae_fields("close", settings)), leads)


CRMS: Mapping[str, Callable[[Settings, Surroundings], Crm]] = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "pipedrive": _pipedrive,
    "close": _close,
}
