"""With settings alone: a Google Forms response becomes a HubSpot deal, and its call's score lands there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bantam.domain.delivery import DeliveryState
from bantam.domain.scheduled import BookingState
from bantam.ledger.limiter import SharedLimiter
from bantam.settings import Settings, load_settings
from flows import crms, vendors, wiring
from flows.deliver import deliver
from flows.inbox import pick_up
from flows.intake import Intake, take_in
from flows.poll import poll
from flows.sweep import sweep
from flows.worker import Worker
from integrations.crm.leads import CrmLeads
from integrations.embedded.desk import EmbeddedLeads
from tests import surroundings as worlds
from tests.faults import LOST_ANSWER
from tests.servers import Server, serve
from tests.standins import gong, google, hubspot

LEAD = "bo@buyer.example"
SAID = [
    {"speakerId": "64", "sentences": [{"start": 0, "end": 900, "text": "What is set aside?"}]},
    {"speakerId": "65", "sentences": [{"start": 1000, "end": 1900, "text": "We have a budget of forty thousand euros, approved."}]},
]  # fmt: skip


@dataclass
class Here:
    """One worker with its intake, between stand-ins."""

    worker: Worker
    intake: Intake
    clock: worlds.StillClock
    recorder: Server
    crm: Server

    @property
    def hubspot(self) -> Any:
        return self.crm.stand_in

    def turn(self) -> None:
        """Do every duty of `bantam serve` once."""
        take_in(self.worker, self.intake)
        poll(self.worker, first_look=timedelta(days=1))
        pick_up(self.worker)
        sweep(self.worker, self.intake)
        deliver(self.worker.ledger, self.worker.gateways, clock=self.clock)
        sweep(self.worker, self.intake)

    def forward(self, step: timedelta) -> None:
        ends = self.clock() + step
        while self.clock() < ends:
            self.clock.sleep(600)
            self.turn()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    clock = worlds.StillClock()
    crm, recorder, forms = hubspot.HubSpot(), gong.Gong([]), google.Forms()
    crm.prepare()
    with contextlib.ExitStack() as stack:
        served = [stack.enter_context(serve(s)) for s in (crm, recorder, forms, google.Issuer())]
        for server in served:
            server.stand_in.now = clock
        env = {
            "BANTAM_LEDGER__URL": f"sqlite:///{tmp_path / 'bantam.db'}",
            "BANTAM_DELIVERY__TARGETS": '["hubspot"]',
            "BANTAM_SERVE__SOURCES": '["gong"]',
            "BANTAM_SIDES__SELLER_DOMAINS": '["seller.example"]',
            "BANTAM_HUBSPOT__TOKEN": hubspot.TOKEN, "BANTAM_HUBSPOT__BASE_URL": served[0].url,
            "BANTAM_GONG__ACCESS_KEY": gong.KEY, "BANTAM_GONG__ACCESS_KEY_SECRET": gong.SECRET,
            "BANTAM_GONG__BASE_URL": served[1].url,
            "BANTAM_GOOGLE__FORMS": '["F1"]', "BANTAM_GOOGLE__FORMS_URL": served[2].url,
            "BANTAM_GOOGLE__TOKEN_URL": served[3].url,
            **{f"BANTAM_GOOGLE__{name.upper()}": v for name, v in google.REFRESH.items()},
        }  # fmt: skip
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(wiring, "utc_now", clock)
        around = worlds.surroundings(clock)
        monkeypatch.setattr(
            vendors,
            "surroundings",
            lambda _clock, ledger, worker: replace(
                around, limiter=SharedLimiter(ledger, worker, clock)
            ),
        )
        settings = load_settings(env=env)
        worker = stack.enter_context(wiring.worker(settings))
        intake = wiring.build_intake(settings, worker.ledger)
        yield Here(worker, intake, clock, served[1], served[0])


def test_a_form_response_ends_as_a_scored_hubspot_deal(here: Here) -> None:
    here.turn()
    (deal,) = here.hubspot.deals_of(LEAD)
    assert here.hubspot.objects["deals"][deal]["dealname"] == "Acme"
    (booking,) = here.worker.ledger.bookings_around(here.clock(), hours=24 * 365)
    assert (booking.state, booking.deal_id) == (BookingState.BOOKED, deal)
    assert booking.ends_at is not None
    here.clock.now = booking.ends_at
    held = gong.a_gong_call(
        "77", started=f"{booking.starts_at:%Y-%m-%dT%H:%M:%SZ}", transcript=SAID, context=[]
    )
    here.recorder.stand_in.calls.append(held)
    here.forward(timedelta(hours=1))

    (booking,) = here.worker.ledger.bookings_around(here.clock(), hours=24 * 365)
    assert booking.state is BookingState.DELIVERED
    (owed,) = here.worker.ledger.deliveries()
    assert (owed.state, owed.deal_id, owed.receipt["deal_id"]) == (DeliveryState.SENT, deal, deal)
    assert here.hubspot.shown(deal, "score") == str(owed.note.points)
    assert len(here.hubspot.notes_on(deal)) == 1
    assert here.hubspot.deals_of(LEAD) == [deal]
    assert here.hubspot.people() == [LEAD]


def test_a_deal_whose_answer_was_lost_is_not_made_twice_and_nothing_is_lost(here: Here) -> None:
    for operation in ("add_contact", "upsert_deals", "associate"):
        here.crm.faults.next(LOST_ANSWER, operation=operation, times=4)
    for _ in range(6):
        here.turn()
        here.clock.sleep(3600)
    assert here.crm.faults.unused == []
    here.turn()
    (booking,) = here.worker.ledger.bookings_around(here.clock(), hours=24 * 365)
    assert booking.state is BookingState.BOOKED
    assert here.hubspot.deals_of(LEAD) == [booking.deal_id]
    assert here.hubspot.people() == [LEAD]


@pytest.mark.parametrize(
    ("targets", "crm"),
    [
        pytest.param('["embedded"]', False, id="no CRM: the ledger"),
        pytest.param('["slack", "hubspot"]', True, id="the CRM among the targets"),
        pytest.param('["slack"]', False, id="Slack is no CRM"),
    ],
)
def test_leads_go_where_scores_go(here: Here, targets: str, crm: bool) -> None:
    env = {"BANTAM_DELIVERY__TARGETS": targets, "BANTAM_HUBSPOT__TOKEN": "t"}
    settings: Settings = load_settings(env=env)
    desk = crms.lead_desk(settings, here.worker.ledger, worlds.surroundings(here.clock))
    assert isinstance(desk, CrmLeads if crm else EmbeddedLeads)
