"""Webhooks of CRMs, acted on: each is a hint, and what it is about is read from the CRM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bantam.domain.activity import ActivityKind
from bantam.domain.calls import CallId, DealId
from bantam.domain.deals import Outcome
from bantam.domain.pickup import MEETING, Notice
from bantam.errors import VendorBusyError, VendorDownError
from bantam.ledger.store import Ledger
from bantam.scoring import BANT
from flows.events import AT_ONCE, act_on_events
from flows.score_calls import Pipeline
from flows.worker import Watched, Worker
from integrations.close.client import CloseAccount, CloseClient
from integrations.close.facts import CloseFacts
from integrations.hubspot.client import HubSpotAccount, HubSpotClient
from integrations.hubspot.facts import HubSpotFacts
from tests.crm_cases import a_delivery
from tests.crm_worlds import World as CrmWorld
from tests.crm_worlds import world
from tests.factories import a_call
from tests.fakes import FakeSource, ScriptedExtractor
from tests.faults import server_error, status
from tests.standins import close, hubspot
from tests.surroundings import NOW, StillClock, surroundings

FIRST_LOOK = timedelta(days=7)


@dataclass
class Here:
    """A worker that watches one CRM."""

    crm: CrmWorld
    worker: Worker
    source: FakeSource
    told: int = field(default=0)

    @property
    def ledger(self) -> Ledger:
        return self.worker.ledger

    def tell(self, about: str | None, source: str | None = None) -> None:
        """Let a webhook come in."""
        self.told += 1
        notice = Notice(
            source=source or self.crm.kind.name, delivery_id=f"e-{self.told}", event="e",
            about=about,
        )  # fmt: skip
        self.ledger.receive([notice], now=NOW)

    def act(self) -> int:
        return act_on_events(self.worker, first_look=FIRST_LOOK)

    def came_of_it(self) -> list[object]:
        told = self.ledger.activities(kinds=[ActivityKind.WEBHOOK_ACTED_ON])
        return [a.features["came_of_it"] for a in told]

    def close_deal(self, *, won: bool) -> None:
        """Let somebody close the deal in the CRM."""
        if self.crm.kind.name == "hubspot":
            ended = {"hs_is_closed_won": str(won).lower(), "closedate": "2026-11-24T08:00:00Z"}
            self.crm.crm.objects["deals"][self.crm.deal].update(hs_is_closed="true", **ended)
        else:
            ended = {"status_type": "won" if won else "lost"}
            ended["date_won" if won else "date_lost"] = "2026-11-24"
            self.crm.crm.opportunities[self.crm.deal].update(ended)

    def reopen(self) -> None:
        if self.crm.kind.name == "hubspot":
            self.crm.crm.objects["deals"][self.crm.deal]["hs_is_closed"] = "false"
        else:
            self.crm.crm.opportunities[self.crm.deal]["status_type"] = "active"


def facts(name: str, url: str, clock: StillClock) -> Any:
    around = surroundings(clock)
    if name == "hubspot":
        return HubSpotFacts(HubSpotClient(HubSpotAccount(hubspot.TOKEN, url), around))
    return CloseFacts(CloseClient(CloseAccount(close.KEY, f"{url}/api/v1"), around))


@pytest.fixture(params=["hubspot", "close"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    name = request.param
    url = f"sqlite:///{tmp_path / 'bantam.db'}"
    with world(name) as crm, Ledger.open(url, create=True) as ledger:
        pipeline = Pipeline(
            ledger=ledger,
            extractor=ScriptedExtractor(),
            score_model=BANT,
            targets=(name,),
            clock=crm.clock,
        )
        source = FakeSource()
        watched = Watched(facts(name, crm.server.url, crm.clock), crm.gateway)
        worker = Worker(ledger, pipeline, {"gong": source}, watched={name: watched})
        yield Here(crm, worker, source)


@pytest.mark.parametrize("won", [True, False], ids=["won", "lost"])
def test_a_deal_that_closed_is_an_outcome_at_once(here: Here, won: bool) -> None:
    here.close_deal(won=won)
    for _ in range(3):
        here.tell(f"deal:{here.crm.deal}")
    assert here.act() == 3
    outcome = here.ledger.outcome(DealId(here.crm.deal))
    assert outcome is not None
    assert outcome.won is won
    (closed,) = here.ledger.activities(kinds=[ActivityKind.DEAL_CLOSED])
    assert (closed.customer, closed.actor) == (here.crm.deal, here.crm.kind.name)
    assert here.came_of_it() == ["closed"] * 3
    assert here.act() == 0


def test_a_deal_that_is_open_again_has_no_outcome(here: Here) -> None:
    here.close_deal(won=False)
    here.tell(f"deal:{here.crm.deal}")
    here.act()
    here.reopen()
    here.tell(f"deal:{here.crm.deal}")
    here.act()
    assert here.ledger.outcome(DealId(here.crm.deal)) is None
    assert [a.customer for a in here.ledger.activities(kinds=[ActivityKind.DEAL_REOPENED])] == [
        here.crm.deal
    ]


def test_a_persons_edit_of_our_field_is_told_and_nothing_is_written(here: Here) -> None:
    here.crm.gateway.send(a_delivery(here.crm.kind.name))
    here.tell(f"deal:{here.crm.deal}")
    here.act()
    assert here.came_of_it() == ["nothing"], "our own write is no edit"
    here.crm.crm.edit(here.crm.deal, "next_question", "What does legal say?")
    writes = here.crm.crm.writes
    for _ in range(2):
        here.tell(f"deal:{here.crm.deal}")
        here.act()
    (edit,) = here.ledger.activities(kinds=[ActivityKind.FIELD_EDITED])
    assert edit.features == {"target": here.crm.kind.name, "field": "next_question"}
    assert edit.customer == here.crm.deal
    assert "legal" not in edit.model_dump_json()
    assert here.crm.crm.writes == writes
    assert here.crm.crm.shown(here.crm.deal, "next_question") == "What does legal say?"


def test_a_deal_that_we_never_wrote_is_asked_only_how_it_stands(here: Here) -> None:
    here.tell(f"deal:{here.crm.deal}")
    here.act()
    assert here.came_of_it() == ["nothing"]
    assert list(here.ledger.activities(kinds=[ActivityKind.FIELD_EDITED])) == []


@pytest.mark.parametrize("deal", ["999", "oppo_999", "not an id"])
def test_a_deal_that_is_gone_leads_to_nothing(here: Here, deal: str) -> None:
    known = Outcome(deal_id=DealId(deal), won=True, closed_at=NOW)
    here.ledger.record_outcomes([known])
    here.tell(f"deal:{deal}")
    assert here.act() == 1
    assert here.ledger.outcome(DealId(deal)) == known


def test_a_meeting_that_took_place_has_the_sources_asked_now(here: Here) -> None:
    call = a_call(id=CallId("gong:1"), started_at=NOW - timedelta(hours=1))
    here.source.there["gong:1"] = call
    here.tell(MEETING)
    here.tell(MEETING)
    assert here.act() == 2
    assert len(here.source.windows) == 1
    assert here.ledger.pickup(CallId("gong:1")) is not None
    assert here.came_of_it() == ["sources asked"] * 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(server_error(503), VendorDownError, id="down"),
        pytest.param(status(429, None, Retry_After="3600"), VendorBusyError, id="busy"),
    ],
)
def test_a_crm_that_cannot_be_asked_delays_and_loses_nothing(
    here: Here, fault: Any, kind: type[Exception]
) -> None:
    here.close_deal(won=True)
    here.tell(f"deal:{here.crm.deal}")
    here.tell(MEETING)
    here.crm.server.faults.next(fault, times=4)
    with pytest.raises(kind):
        here.act()
    assert here.came_of_it() == ["sources asked"], "the meeting does not wait for the CRM"
    here.crm.server.faults.clear()
    here.crm.clock.sleep(7200)
    here.act()
    assert here.ledger.outcome(DealId(here.crm.deal)) is not None


def test_one_refused_deal_holds_up_no_other(here: Here) -> None:
    other = here.crm.kind.other_deal
    here.crm.crm.add_deal(other)
    here.close_deal(won=True)
    here.tell(f"deal:{other}")
    here.tell(f"deal:{here.crm.deal}")
    here.crm.server.faults.next(status(400, {"category": "VALIDATION_ERROR"}), times=2)
    assert here.act() == 2
    assert here.ledger.outcome(DealId(here.crm.deal)) is not None
    assert [f.stage for f in here.ledger.failures()] == ["events"]
    assert sorted(map(str, here.came_of_it())) == ["closed", "refused"]


def test_messages_of_nobody_whom_we_watch_are_closed_and_told(here: Here) -> None:
    here.tell("deal:1", source="pipedrive")
    here.tell(None)
    assert here.act() == 1
    assert here.came_of_it() == ["nothing"]
    assert here.ledger.open_notices(9) == []


def test_many_messages_are_taken_some_at_a_time(here: Here) -> None:
    for _ in range(AT_ONCE + 5):
        here.tell(f"deal:{here.crm.deal}")
    assert [here.act(), here.act(), here.act()] == [AT_ONCE, 5, 0]
