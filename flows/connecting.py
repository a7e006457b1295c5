"""Whether vendors' credentials work: harmless requests, and what is missing in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bantam.domain.calls import Call, CallId, CallWindow, Participant, Side
from bantam.domain.crm_records import Check
from bantam.errors import SettingsError, VendorError
from bantam.settings import Settings
from flows import crms, vendors

if TYPE_CHECKING:
    from integrations.http import Surroundings

_LOOKED_BACK = timedelta(days=1)


def vendor_checks(name: str, settings: Settings, around: Surroundings) -> Sequence[Check]:
    """Return what a vendor's credentials allow, one line for each thing that Bantam needs.

    Args:
        name: one of `CHECKED`.
        settings: hold its section.
        around: the world around its client.

    Raises:
        SettingsError: there is no such vendor, or a setting that it needs is not there.
    """
    if name not in CHECKED:
        raise SettingsError(f"connect: no such vendor: {name!r}; there are {', '.join(CHECKED)}")
    return CHECKED[name](settings, around)


def _crm(name: str, settings: Settings, around: Surroundings) -> Sequence[Check]:
    return crms.build_crm(name, settings, around).records.check()


def _source(name: str, settings: Settings, around: Surroundings) -> Sequence[Check]:
    source = vendors.build_source(name, settings, around)
    now = around.clock()
    window = CallWindow(since=now - _LOOKED_BACK, until=now)
    return [_tried("list calls", lambda: _first(source.call_ids(window)))]


def _slack(settings: Settings, around: Surroundings) -> Sequence[Check]:
    return [_tried("log in", vendors.slack_client(settings.slack, around).who)]


def _google(settings: Settings, around: Surroundings) -> Sequence[Check]:
    forms, calendar = vendors.google_clients(settings, around)
    now = around.clock()
    mine = settings.google
    looks = [
        _tried(f"read form {number}", partial(_first, forms.responses(form, now)))
        for number, form in enumerate(mine.forms, start=1)
    ]
    busy = partial(calendar.busy, [mine.calendar], now, now + _LOOKED_BACK)
    return [*looks, _tried("read calendar", busy)]


def _people_data_labs(settings: Settings, around: Surroundings) -> Sequence[Check]:
    fit = crms.data_vendor(settings, around)
    nobody = Participant(id="b", name="", email="nobody@example.invalid", side=Side.BUYER)
    call = Call(id=CallId("connect"), started_at=around.clock(), participants=(nobody,))
    return [_tried("look somebody up", partial(fit.firmographics, call))]


CHECKED: Mapping[str, Callable[[Settings, Surroundings], Sequence[Check]]] = {
    **{name: partial(_source, name) for name in vendors.SOURCES},
    **{name: partial(_crm, name) for name in crms.CRMS},
    "slack": _slack,
    "google": _google,
    "people_data_labs": _people_data_labs,
}
"""Whom `vendor_checks` knows."""


def _first(items: Iterable[object]) -> object:
    return next(iter(items), None)


def _tried(name: str, ask: Callable[[], object]) -> Check:
    try:
        ask()
    except VendorError as error:
        return Check(name=name, ok=False, detail=str(error))
    return Check(name=name, ok=True)
