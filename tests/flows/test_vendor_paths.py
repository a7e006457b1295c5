"""With only settings changed, the main path runs from any recorder to any CRM, through every fault.

Calls are read from a stand-in of the recorder, scored by the embedded reader into a real ledger,
and delivered to a stand-in of the CRM (and of Slack). Each fault meets the first request of every
kind, at every vendor on the way; what was given up is tried again, as the schedule would.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bantam.domain.calls import Call, CallWindow
from bantam.domain.crm_fields import CRM_FIELDS, field_values
from bantam.domain.delivery import DeliveryState
from bantam.domain.notes import build_note
from bantam.errors import VendorError
from bantam.ledger.limiter import SharedLimiter
from bantam.ledger.store import Ledger
from bantam.settings import Settings, load_settings
from flows import crms, vendors, wiring
from flows.rescore import rescore
from flows.score_calls import score_calls
from tests import surroundings as worlds
from tests.crm_worlds import EMAIL, KINDS
from tests.faults import HALF_DONE, PASSING, Fault, conflict, expired_token, status
from tests.replies import Reply
from tests.servers import Server, StandIn, serve
from tests.standins import (
    close,
    fathom,
    fireflies,
    gong,
    hubspot,
    pipedrive,
    salesforce,
    slack,
    zoom,
)

SAID = (
    ("Ana", "What have you set aside for this?"),
    ("Bo", "We have a budget of forty thousand euros a year, and it is approved and signed off."),
    ("Ana", "And who signs?"),
    ("Bo", "I sign it myself, I am the one who decides."),
    ("Bo", "We want to have it signed by the end of January."),
)
WINDOW = CallWindow(
    since=datetime(2026, 11, 23, tzinfo=UTC), until=datetime(2026, 11, 24, tzinfo=UTC)
)


def _gong() -> StandIn:
    speakers = {"Ana": "64", "Bo": "65"}
    said = [
        {
            "speakerId": speakers[who],
            "sentences": [{"start": 1000 * i, "end": 1000 * i + 900, "text": text}],
        }
        for i, (who, text) in enumerate(SAID)
    ]
    return gong.Gong([gong.a_gong_call("7782342274025937895", transcript=said)])


def _fireflies() -> StandIn:
    said = [
        {
            "index": i,
            "speaker_id": i,
            "speaker_name": who,
            "text": text,
            "raw_text": text,
            "start_time": str(i),
            "end_time": str(i + 1),
        }
        for i, (who, text) in enumerate(SAID)
    ]
    return fireflies.Fireflies([fireflies.a_meeting("ASxwZxCstx", sentences=said)])


def _zoom() -> StandIn:
    cues = [
        f"00:00:{10 + i}.000 --> 00:00:{10 + i}.900\n{'Ana S.' if who == 'Ana' else who}: {text}"
        for i, (who, text) in enumerate(SAID)
    ]
    return zoom.Zoom([zoom.a_recording(vtt="WEBVTT\n\n" + "\n\n".join(cues) + "\n")])


def _fathom() -> StandIn:
    names = {"Ana": ("Ana S.", "ana@seller.example"), "Bo": ("Bo B.", EMAIL)}
    said = [
        {
            "speaker": {
                "display_name": names[who][0],
                "matched_calendar_invitee_email": names[who][1],
            },
            "text": text,
            "timestamp": f"00:00:{10 + i}",
        }
        for i, (who, text) in enumerate(SAID)
    ]
    return fathom.Fathom([fathom.a_recording(4711, transcript=said)])


@dataclass(frozen=True)
class Way:
    """From a recorder to a CRM."""

    source: str
    recorder: Callable[[], StandIn]
    crm: str
    deal: str
    targets: str
    settings: Callable[[str, str], Mapping[str, str]]
    """From the addresses of the recorder and the CRM."""


WAYS = {
    "gong-hubspot-slack": Way(
        "gong", _gong, "hubspot", "9001", '["hubspot", "slack"]',
        lambda source, crm: {
            "BANTAM_GONG__ACCESS_KEY": gong.KEY, "BANTAM_GONG__ACCESS_KEY_SECRET": gong.SECRET,
            "BANTAM_GONG__BASE_URL": source,
            "BANTAM_HUBSPOT__TOKEN": hubspot.TOKEN, "BANTAM_HUBSPOT__BASE_URL": crm,
        },
    ),
    "fireflies-salesforce": Way(
        "fireflies", _fireflies, "salesforce", "006000000000001AAA", '["salesforce"]',
        lambda source, crm: {
            "BANTAM_FIREFLIES__API_KEY": fireflies.KEY, "BANTAM_FIREFLIES__BASE_URL": source,
            "BANTAM_SALESFORCE__BASE_URL": crm, "BANTAM_SALESFORCE__CLIENT_ID": salesforce.CLIENT_ID,
            "BANTAM_SALESFORCE__CLIENT_SECRET": salesforce.SECRET,
        },
    ),
    "zoom-pipedrive": Way(
        "zoom", _zoom, "pipedrive", "101", '["pipedrive"]',
        lambda source, crm: {
            "BANTAM_ZOOM__ACCOUNT_ID": zoom.APP.account_id, "BANTAM_ZOOM__CLIENT_ID": zoom.APP.client_id,
            "BANTAM_ZOOM__CLIENT_SECRET": zoom.APP.client_secret, "BANTAM_ZOOM__HOSTS": '["ana@seller.example"]',
            "BANTAM_ZOOM__BASE_URL": f"{source}/v2", "BANTAM_ZOOM__AUTH_URL": source,
            "BANTAM_PIPEDRIVE__TOKEN": pipedrive.TOKEN, "BANTAM_PIPEDRIVE__BASE_URL": crm,
        },
    ),
    "fathom-close": Way(
        "fathom", _fathom, "close", "oppo_1", '["close"]',
        lambda source, crm: {
            "BANTAM_FATHOM__API_KEY": fathom.KEY, "BANTAM_FATHOM__BASE_URL": f"{source}/external/v1",
            "BANTAM_CLOSE__API_KEY": close.KEY, "BANTAM_CLOSE__BASE_URL": f"{crm}/api/v1",
        },
    ),
}  # fmt: skip


@dataclass
class Running:
    """One way, with everything it needs."""

    way: Way
    settings: Settings
    clock: worlds.StillClock
    recorder: Server
    crm: Server
    slack: Server

    @property
    def servers(self) -> tuple[Server, ...]:
        return (self.recorder, self.crm, self.slack)

    @property
    def deal(self) -> str:
        return self.way.deal

    def read(self) -> list[Call]:
        """Poll until everything was read."""
        for _ in range(20):
            with contextlib.suppress(VendorError), wiring.open_ledger(self.settings) as ledger:
                source = wiring.build_source(self.settings, self.way.source, ledger)
                return [source.fetch(call_id) for call_id in source.call_ids(WINDOW)]
            self.clock.sleep(60)
        raise AssertionError("the recorder never came back")

    def deliver(self, ledger: Ledger) -> None:
        """Send until nothing is owed; somebody looks at what failed and has it tried again."""
        for _ in range(40):
            with wiring.pipeline(self.settings) as parts:
                wiring.deliver_due(self.settings, parts)
            states = {d.state for d in ledger.deliveries()}
            if states <= {DeliveryState.SENT, DeliveryState.SUPERSEDED}:
                return
            self.clock.sleep(3700)
            ledger.retry_failed(now=self.clock(), actor="somebody")
        raise AssertionError([(d.target, d.state, d.last_error) for d in ledger.deliveries()])

    def score(self, score_model: str | None = None) -> None:
        """Read the recorder and score what it has."""
        chosen = wiring.with_options(self.settings, score_model=score_model)
        with wiring.pipeline(chosen) as parts:
            counts = score_calls(self.read(), parts)
        assert counts.failed == 0

    def rescore(self, score_model: str) -> None:
        with wiring.pipeline(wiring.with_options(self.settings, score_model=score_model)) as parts:
            assert rescore(parts).first == 1


@contextlib.contextmanager
def running(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault | None = None
) -> Iterator[Running]:
    way = WAYS[name]
    clock = worlds.StillClock()
    recorder, crm, chat = way.recorder(), KINDS[way.crm].stand_in(), slack.Slack()
    for stand_in in (recorder, crm, chat):
        stand_in.now = clock
    crm.prepare()
    crm.add_deal(way.deal, email=EMAIL)
    with serve(recorder) as source, serve(crm) as target, serve(chat) as messages:
        env = {
            "BANTAM_LEDGER__URL": f"sqlite:///{tmp_path / f'{len(list(tmp_path.iterdir()))}.db'}",
            "BANTAM_DELIVERY__TARGETS": way.targets,
            "BANTAM_DELIVERY__REVIEW_BASE_URL": '"https://bantam.example"',
            "BANTAM_SIDES__SELLER_DOMAINS": '["seller.example"]',
            "BANTAM_SLACK__TOKEN": slack.TOKEN, "BANTAM_SLACK__CHANNEL": "C1",
            "BANTAM_SLACK__THRESHOLDS": "[1]", "BANTAM_SLACK__BASE_URL": f"{messages.url}/api",
            **way.settings(source.url, target.url),
        }  # fmt: skip
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(wiring, "utc_now", clock)
        around = worlds.surroundings(clock, fault=fault)
        monkeypatch.setattr(
            vendors,
            "surroundings",
            lambda _clock, ledger, worker: replace(
                around, limiter=SharedLimiter(ledger, worker, clock)
            ),
        )
        yield Running(way, load_settings(env=env), clock, source, target, messages)


def run_once(here: Running) -> None:
    """The main path, then a person's edit, then another score model, delivered again."""
    here.score()
    with wiring.open_ledger(here.settings) as ledger:
        here.deliver(ledger)
        (stored,) = ledger.results()
        assert stored.score
        assert stored.score.points
        note = build_note(
            stored.call,
            stored.extraction,
            stored.score,
            review_url=f"https://bantam.example/calls/{stored.call.id}",
        )
        wanted = field_values(note)
        crm = here.crm.stand_in
        shown = {f.name: crm.shown(here.deal, f.name) for f in CRM_FIELDS}
        assert shown == wanted
        crm.edit(here.deal, "next_question", "What does legal say?")
        here.rescore("anum")
        here.deliver(ledger)
        newer = next(iter(ledger.results(model="anum"))).score
        assert newer
        assert newer.points != stored.score.points
        assert crm.shown(here.deal, "score") == str(newer.points)
        assert crm.shown(here.deal, "next_question") == "What does legal say?"
        kept = [
            d.receipt
            for d in ledger.deliveries(target=here.way.crm)
            if d.state is DeliveryState.SENT
        ]
        assert any("after our last write" in r.get("kept.next_question", "") for r in kept)


def operations(server: Server) -> list[str]:
    return list(dict.fromkeys(r.operation for r in server.stand_in.received))


_MET: dict[str, list[list[str]]] = {}
"""What each way asks of each server when all is well; found out once."""

SKEWED = Fault(
    "429 until a time on a clock that is an hour ahead",
    instead=Reply(429, None, {"Retry-After": format_datetime(worlds.NOW + timedelta(hours=1, seconds=3), usegmt=True)}),
)  # fmt: skip
FAULTS = (
    *PASSING,
    *HALF_DONE,
    expired_token(),
    conflict(),
    status(503, None, Retry_After="1"),
    SKEWED,
)


@pytest.mark.parametrize("name", WAYS)
def test_the_path_runs_with_only_settings_changed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(name, tmp_path, monkeypatch) as here:
        run_once(here)
        with wiring.open_ledger(here.settings) as ledger:
            assert list(ledger.deal_ids()) == [here.deal]
        assert len(here.crm.stand_in.notes_on(here.deal)) == 1
        assert len(here.slack.stand_in.messages) == (1 if "slack" in name else 0)


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS])
@pytest.mark.parametrize("name", WAYS)
def test_each_fault_at_each_step_ends_in_the_right_state_once(
    name: str, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in _MET:
        with running(name, tmp_path, monkeypatch) as honest:
            run_once(honest)
            _MET[name] = [operations(server) for server in honest.servers]
    met = _MET[name]
    with running(name, tmp_path, monkeypatch, fault) as here:
        if fault is SKEWED:
            for server in here.servers:
                server.stand_in.now = lambda: here.clock() + timedelta(hours=1)
        for server, kinds in zip(here.servers, met, strict=True):
            for kind in kinds:
                server.faults.next(fault, operation=kind)
        run_once(here)
        assert [server.faults.unused for server in here.servers] == [[], [], []]
        crm = here.crm.stand_in
        assert len(crm.notes_on(here.deal)) == 1
        # Nothing tells Slack that a request which somebody repeated on the way is the same one.
        messages = len(here.slack.stand_in.messages)
        assert messages == ((2 if fault.twice else 1) if "slack" in name else 0)


def test_every_crm_and_every_recorder_is_on_one_of_the_ways() -> None:
    assert {way.crm for way in WAYS.values()} == set(crms.CRMS)
    assert {way.source for way in WAYS.values()} == set(vendors.SOURCES)
