"""What `bantam crm` and `bantam connect` do, put together from settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from bantam.domain.calls import CallId
from bantam.domain.crm_records import Check, SetupStep
from bantam.errors import LedgerError, SettingsError
from bantam.ledger.store import Ledger
from bantam.settings import Settings
from flows import connecting, crms, outcomes, vendors, wiring
from flows.worker import worker_name

if TYPE_CHECKING:
    from integrations.http import Surroundings


def set_up(settings: Settings, name: str, *, dry_run: bool) -> Sequence[SetupStep]:
    """Make Bantam's fields in a CRM, or say what would be made.

    Raises:
        SettingsError: there is no such CRM, or a setting that it needs is not there.
        VendorError: the CRM refuses.
    """
    with _around(settings) as around:
        return crms.build_crm(name, settings, around).records.setup(dry_run=dry_run)


def vendor_checks(settings: Settings, name: str) -> Sequence[Check]:
    """Try a vendor's credentials with requests that change nothing.

    Raises:
        SettingsError: there is no such vendor, or a setting that it needs is not there.
    """
    with _around(settings) as around:
        return connecting.vendor_checks(name, settings, around)


def can_be_checked(name: str) -> bool:
    """Say whether `vendor_checks` knows a vendor or target."""
    return name in connecting.CHECKED


def link_call(settings: Settings, target: str, call_id: CallId, deal: str, *, actor: str) -> int:
    """Remember which deal of a CRM a call belongs to; return how many deliveries it released.

    Raises:
        SettingsError: there is no such CRM.
        NotInLedgerError: there is no such call.
    """
    if target not in crms.CRMS:
        raise SettingsError(f"{target!r}: no such CRM; there are {', '.join(crms.CRMS)}")
    with wiring.open_ledger(settings) as ledger:
        return crms.link_call(ledger, target, call_id, deal, now=wiring.utc_now(), actor=actor)


def read_closed_deals(
    settings: Settings, name: str, since: datetime | None
) -> outcomes.OutcomesRead:
    """Read how deals ended in a CRM into the ledger; return what was read.

    Raises:
        SettingsError: there is no such CRM, or a setting that it needs is not there.
        VendorError: the CRM cannot be asked.
    """
    with wiring.open_ledger(settings) as ledger:
        around = vendors.surroundings(wiring.utc_now, ledger, worker_name())
        facts = crms.build_crm(name, settings, around).facts
        return outcomes.read_outcomes(ledger, facts, name, clock=wiring.utc_now, since=since)


@contextmanager
def _around(settings: Settings) -> Iterator[Surroundings]:
    """Yield the world around clients whose requests count with those of all workers.

    Credentials are tried before there is a ledger, and fields may be made without one: then the
    clients count by themselves.
    """
    try:
        ledger = Ledger.open(settings.ledger.url.get_secret_value(), create=False)
    except LedgerError:
        yield vendors.surroundings(wiring.utc_now)
        return
    with ledger:
        yield vendors.surroundings(wiring.utc_now, ledger, worker_name())
