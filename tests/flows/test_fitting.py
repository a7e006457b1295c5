"""Who the buyer is, on the main path: asked once, kept, shown, erased, and never in the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from apps.cli import exit_codes
from apps.cli.lines import as_json, score_line
from apps.cli.main import run as main
from apps.cli.model_file import write_models
from bantam.domain.calls import Call, CallId, Participant, Side
from bantam.domain.crm_fields import evidence_of
from bantam.domain.crm_records import Firmographics
from bantam.domain.fit import CountryRule, FitModel, WordRule
from bantam.errors import SettingsError, VendorDownError
from bantam.ledger.store import Ledger
from bantam.scoring import BANT
from bantam.settings import Settings, load_settings
from flows import crms, vendors, wiring
from flows.fitting import FRESH, PAUSE, Fitting
from flows.rescore import rescore
from flows.score_calls import Pipeline, score_calls
from integrations.crm.note_text import html_note, plain_note
from tests import surroundings as worlds
from tests.crm_worlds import EMAIL
from tests.factories import a_call
from tests.fakes import ScriptedExtractor, SetClock
from tests.faults import status
from tests.servers import Server, serve
from tests.standins import hubspot, people_data_labs

FIT = FitModel(
    weight=0.5,
    title=WordRule(wanted=("CFO",)),
    country=CountryRule(wanted=("Germany",), points=4, points_off=10),
)
ASKS = BANT.model_copy(update={"name": "asks", "fit": FIT})
OTHER = ASKS.model_copy(
    update={"name": "other", "fit": FitModel(title=WordRule(wanted=("CFO",), points=9))}
)


class Knows:
    """A `Fit` that says what it is told to, or raises it, and notes whom it was asked about."""

    def __init__(self, name: str, answer: Exception | None = None, **facts: object) -> None:
        self.name = name
        self.asked: list[CallId] = []
        self.answer = answer
        self._facts = Firmographics(source=name, **facts)

    def firmographics(self, call: Call) -> Firmographics:
        self.asked.append(call.id)
        if self.answer is not None:
            raise self.answer
        return self._facts


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as opened:
        yield opened


def a_pipeline(ledger: Ledger, clock: SetClock, *sources: Knows) -> Pipeline:
    return Pipeline(
        ledger=ledger,
        extractor=ScriptedExtractor({"c-nothing": dict.fromkeys(BANT.weights, "not_discussed")}),
        score_model=ASKS,
        targets=("embedded",),
        clock=clock,
        concurrency=1,
        fitting=Fitting(sources, ledger, clock),
    )


def call_of(name: str, email: str | None = EMAIL) -> Call:
    buyer = Participant(id="b", name="Bo", email=email, side=Side.BUYER)
    return a_call(id=CallId(name), participants=(buyer,), turns=())


def test_a_later_source_fills_gaps_and_is_not_asked_without_any(ledger: Ledger) -> None:
    clock = SetClock()
    crm = Knows("crm", title="CFO", employees=50, industry="software")
    vendor = Knows("vendor", title="boss", country="Germany")
    found = Fitting((crm, vendor), ledger, clock).buyer(call_of("c-1"))
    assert found is not None
    assert (found.facts.title, found.facts.country) == ("CFO", "Germany")
    assert found.facts.source == "crm and vendor"
    full = Knows("crm", title="CFO", employees=50, industry="software", country="DE")
    Fitting((full, vendor), ledger, clock).buyer(call_of("c-2"))
    assert vendor.asked == ["c-1"]


def test_nobody_is_asked_without_a_number_an_address_or_a_need(ledger: Ledger) -> None:
    clock, crm = SetClock(), Knows("crm", title="CFO")
    pipeline = a_pipeline(ledger, clock, crm)
    score_calls([call_of("c-nothing"), call_of("c-nobody", email=None)], pipeline)
    assert crm.asked == []
    score_calls([call_of("c-1")], pipeline)
    clock.forward(FRESH)
    score_calls([call_of("c-2")], pipeline)
    assert crm.asked == ["c-1"]
    clock.forward(timedelta(seconds=1))
    score_calls([call_of("c-3")], replace(pipeline, consent_required=True))
    assert crm.asked == ["c-1"]
    score_calls([call_of("c-4")], pipeline)
    assert crm.asked == ["c-1", "c-4"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(VendorDownError("crm", "no answer"), "no answer", id="a vendor that is down"),
        pytest.param(RuntimeError("Bo earns a lot"), "unexpected RuntimeError", id="a defect"),
    ],
)
def test_who_cannot_be_asked_stops_no_scoring_and_can_be_asked_again(
    ledger: Ledger, error: Exception, told: str
) -> None:
    clock, crm = SetClock(), Knows("crm", error, title="CFO", country="Germany")
    vendor = Knows("vendor", country="France")
    pipeline = a_pipeline(ledger, clock, crm, vendor)
    counts = score_calls([call_of("c-1"), call_of("c-2", "cy@buyer.example")], pipeline)
    assert (counts.scored, counts.failed) == (2, 0)
    assert crm.asked == ["c-1"]
    before = ledger.latest_result(CallId("c-1"))
    assert before.score
    assert before.score.fit
    assert told in before.score.fit.trouble
    assert "earns" not in before.score.model_dump_json()
    assert {f.stage for f in ledger.failures()} == {"fit"}
    assert [p.as_wanted for p in before.score.fit.parts] == [None, False]

    crm.answer = None
    clock.forward(PAUSE)
    assert rescore(pipeline).changed == 0
    assert crm.asked == ["c-1"]
    moves = rescore(pipeline, ask_fit=True)
    assert moves.changed == 2
    after = ledger.latest_result(CallId("c-1")).score
    assert after
    assert after.points == before.score.points + 14
    assert list(ledger.failures()) == []
    rescore(pipeline, ask_fit=True)
    assert crm.asked == ["c-1", "c-1", "c-2"]


@dataclass
class World:
    """Settings, and the vendors that they lead to."""

    settings: Settings
    crm: Server
    vendor: Server

    def asked(self) -> dict[str, int]:
        """How often who was asked about buyers."""
        theirs = ("search_contacts", "read_companies")
        crm = [r for r in self.crm.stand_in.received if r.operation in theirs]
        return {"crm": len(crm), "vendor": len(self.vendor.stand_in.received)}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock = worlds.StillClock()
    theirs, data = hubspot.HubSpot(), people_data_labs.PeopleDataLabs()
    for stand_in in (theirs, data):
        stand_in.now = clock
    theirs.prepare()
    theirs.add_deal("9001", email=EMAIL)
    theirs.objects["contacts"][next(iter(theirs.objects["contacts"]))]["jobtitle"] = "Group CFO"
    data.people[EMAIL] = {
        "likelihood": 9, "job_title": "clerk", "job_company_location_country": "germany",
    }  # fmt: skip
    (tmp_path / "bantam.toml").write_text(
        '[scoring]\nmodel = "asks"\n[scoring.models.asks]\n'
        "weights = {budget = 0.25, authority = 0.25, need = 0.30, timeframe = 0.20}\n"
        "[scoring.models.asks.fit]\nweight = 0.5\n"
        '[scoring.models.asks.fit.title]\nwanted = ["CFO"]\n'
        "[scoring.models.asks.fit.employees]\nat_least = 50\n"
        '[scoring.models.asks.fit.country]\nwanted = ["Germany"]\npoints = 4\n'
    )
    with serve(theirs) as crm, serve(data) as vendor:
        env = {
            "BANTAM_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "BANTAM_DELIVERY__TARGETS": '["hubspot"]',
            "BANTAM_HUBSPOT__TOKEN": hubspot.TOKEN, "BANTAM_HUBSPOT__BASE_URL": crm.url,
            "BANTAM_CRM__ENRICHMENT": "people_data_labs",
            "BANTAM_PEOPLE_DATA_LABS__API_KEY": people_data_labs.KEY,
            "BANTAM_PEOPLE_DATA_LABS__BASE_URL": f"{vendor.url}/v5",
        }  # fmt: skip
        monkeypatch.setattr(wiring, "utc_now", clock)
        around = worlds.surroundings(clock)
        for module in (vendors, crms):
            monkeypatch.setattr(module, "surroundings", lambda *_: around)
        yield World(load_settings(tmp_path / "bantam.toml", env=env), crm, vendor)


SAID = (
    ("s", "What have you set aside for this?"),
    ("b", "We have a budget of forty thousand euros a year, and it is approved and signed off."),
    ("b", "I sign it myself, I am the one who decides."),
)


def run(world: World, *calls: Call) -> None:
    with wiring.pipeline(world.settings) as parts:
        score_calls(calls, parts)
        wiring.deliver_due(world.settings, parts)


def stored(world: World) -> dict[str, object]:
    """The call as `bantam show --json` has it."""
    with wiring.open_ledger(world.settings) as ledger:
        found = ledger.latest_result(CallId("c-1"))
    assert found.score
    line: dict[str, object] = json.loads(
        as_json(score_line(found.call, found.extraction, found.score))
    )
    return line


def test_fit_goes_from_crm_and_vendor_into_grade_score_note_and_ledger(world: World) -> None:
    run(world, a_call(*SAID))
    line = stored(world)
    asked = world.asked()
    assert asked["crm"] > 0
    assert asked["vendor"] > 0
    assert line["fit"] == {
        "value": 1.0, "known_share": 0.6667, "source": "hubspot and people_data_labs", "trouble": "",
        "facts": {
            "title": {"known": "Group CFO", "as_wanted": True, "points": 0.0},
            "employees": {"known": None, "as_wanted": None, "points": 0.0},
            "country": {"known": "germany", "as_wanted": True, "points": 4.0},
        },
    }  # fmt: skip
    assert [(a["kind"], a["points"]) for a in line["adjustments"]] == [("fit", 4.0)]
    told = "Fit: title Group CFO (as wanted), employees unknown, country germany (as wanted)"
    crm = world.crm.stand_in
    assert told in crm.shown("9001", "evidence")
    (note,) = crm.notes_on("9001")
    assert told in note


def test_scoring_again_under_another_fit_asks_nobody_and_forgetting_leaves_no_fact(
    world: World,
) -> None:
    run(world, a_call(*SAID))
    before, asked = stored(world)["score"], world.asked()
    with wiring.pipeline(world.settings) as parts:
        (move,) = rescore(replace(parts, score_model=OTHER)).largest
        assert (move.before, move.after) == (None, before - 4 + 9)
        assert world.asked() == asked
        assert parts.ledger
        parts.ledger.forget_call(CallId("c-1"), now=wiring.utc_now(), actor="somebody")
        kept = parts.ledger.latest_result(CallId("c-1"))
    assert kept.buyer is None
    assert kept.score
    assert kept.score.fit
    assert "CFO" not in kept.score.model_dump_json()


def test_a_vendor_that_is_down_leaves_the_crms_facts(world: World) -> None:
    for _ in range(20):
        world.vendor.faults.next(status(500))
    run(world, a_call(*SAID))
    fit = stored(world)["fit"]
    assert fit["facts"]["title"]["as_wanted"] is True
    assert fit["facts"]["country"]["as_wanted"] is None
    assert "people_data_labs could not be asked" in fit["trouble"]


def test_a_dry_run_asks_nobody(world: World) -> None:
    with wiring.pipeline(world.settings, dry_run=True) as parts:
        score_calls([a_call(*SAID)], parts)
    assert world.asked() == {"crm": 0, "vendor": 0}


def test_a_model_that_asks_needs_somebody_to_ask(world: World) -> None:
    crm = world.settings.crm.model_copy(update={"enrichment": "crm"})
    delivery = world.settings.delivery.model_copy(update={"targets": ("embedded",)})
    alone = world.settings.model_copy(update={"crm": crm, "delivery": delivery})
    with pytest.raises(SettingsError, match=r"scoring\.models\.asks\.fit: nobody to ask"):
        run(replace(world, settings=alone), a_call(*SAID))


@pytest.mark.parametrize("written", [plain_note, html_note, evidence_of])
def test_what_is_written_says_nothing_of_fit_where_nobody_asks(
    ledger: Ledger, written: Callable[..., str]
) -> None:
    asks = a_pipeline(ledger, SetClock(), Knows("crm", title="CFO"))
    score_calls([call_of("c-1")], asks)
    score_calls([call_of("c-2")], replace(asks, score_model=BANT, fitting=None))
    notes = {d.call_id: d.note for d in ledger.deliveries()}
    assert "Fit: title CFO" in written(notes[CallId("c-1")])
    assert "Fit:" not in written(notes[CallId("c-2")])
    assert "fit" not in notes[CallId("c-2")].model_dump(mode="json")


def test_scoring_again_and_delivering_need_no_credentials_of_who_could_be_asked(
    world: World,
) -> None:
    hub = world.settings.hubspot.model_copy(update={"token": None})
    without = world.settings.model_copy(update={"hubspot": hub})
    run(world, a_call(*SAID))
    with wiring.pipeline(without, asks_fit=False) as parts:
        assert rescore(parts).looked_at == 1
    with pytest.raises(SettingsError, match=r"hubspot\.token"):
        run(replace(world, settings=without), a_call(*SAID))


def test_show_tells_facts_verdicts_and_points(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(world, a_call(*SAID))
    monkeypatch.setenv("BANTAM_LEDGER__URL", world.settings.ledger.url.get_secret_value())
    assert main(["--config", str(tmp_path / "bantam.toml"), "show", "c-1"]) == exit_codes.OK
    out = capsys.readouterr().out
    assert "Fit: title Group CFO (as wanted), employees unknown, country germany (as wanted)" in out
    assert "+4.0  fit: country is as wanted (+4)" in out


def test_a_model_with_fit_that_is_written_into_settings_is_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "bantam.toml"
    write_models(path, [ASKS], comment="learned", use=True)
    assert load_settings(path, env={}).score_model() == ASKS
