"""Labelled calls through the whole extractor: openai SDK, server, gates, readings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from bantam.domain.bant import (
    NOT_DISCUSSED,
    BudgetValue,
    Criterion,
    ExtractionOutcome,
    TimeframeValue,
)
from bantam.domain.calls import Call
from extractors.bant import ModelExtractor
from extractors.models.openai_chat import ChatSettings, OpenAIChat
from extractors.models.pacing import Pacing
from extractors.models.transport import Transport, make_client
from extractors.prompts import BantPrompt
from tests.extractors.injection_attacks import ATTACKS
from tests.factories import a_call
from tests.fakes import SetClock
from tests.openai_server import API_KEY, OpenAIServer, wire_reply
from tests.paths import GOLD
from tests.perfect_reader import PerfectReader, read_labelled

LABELLED = [read_labelled(path) for path in sorted(GOLD.glob("*.json"))]


@pytest.fixture
def extractor_at() -> Iterator[Callable[[OpenAIServer], ModelExtractor]]:
    clients = []

    def connect(server: OpenAIServer) -> ModelExtractor:
        settings = ChatSettings(model="m", base_url=server.base_url, api_key=SecretStr(API_KEY))
        clients.append(make_client(server.base_url, API_KEY))
        pacing = Pacing(4)
        model = OpenAIChat(settings, pacing, transport=Transport(clients[-1], pacing))
        return ModelExtractor(model, BantPrompt(), SetClock())

    yield connect
    for client in clients:
        client.close()


def test_what_a_perfect_reader_says_of_the_labelled_calls_passes_every_gate(
    extractor_at: Callable[[OpenAIServer], ModelExtractor],
) -> None:
    assert len(LABELLED) == 28
    with OpenAIServer(PerfectReader(LABELLED)) as server:
        extractor = extractor_at(server)
        lost = [(call.id, what) for call, gold in LABELLED for what in _lost(extractor, call, gold)]

    assert server.problems == []
    assert lost == []


def _lost(extractor: ModelExtractor, call: Call, gold: Mapping[str, Any]) -> Iterator[str]:
    """Yield what of a call's labels did not come through."""
    extraction = extractor.extract(call)
    assert extraction.outcome is ExtractionOutcome.OK
    for criterion in Criterion:
        label, reading = gold[criterion], extraction.readings[criterion]
        level = NOT_DISCUSSED if label["level"] is None else label["level"]
        if reading.level != level:
            yield f"{criterion}: {level} became {reading.level}"
    budget = extraction.readings[Criterion.BUDGET].value
    if isinstance(budget, BudgetValue):
        wanted = gold["budget"]
        read = (budget.amount_min, budget.amount_max, budget.currency)
        if read != (wanted["amount_min"], wanted["amount_max"], wanted["currency"]):
            yield f"budget: amounts became {read}"
    timeframe = extraction.readings[Criterion.TIMEFRAME].value
    target = gold["timeframe"].get("target_date")
    date = timeframe.target_date if isinstance(timeframe, TimeframeValue) else None
    if target and str(date) != target:
        yield f"timeframe: {target} became {date}"


def test_a_model_that_obeys_an_attack_leaves_the_call_unsold(
    extractor_at: Callable[[OpenAIServer], ModelExtractor],
) -> None:
    attack = next(turns for name, _, turns in ATTACKS if name == "split-with-seller-between")
    call = a_call(("s", "Hello."), *attack)
    cited = [
        {"turn": n, "quote": turn.text, "polarity": "supports"} for n, turn in enumerate(call.turns)
    ]
    obeyed = {"evidence": cited, "level": "4"}
    when = {"evidence": cited, "plan": "plan", "date_kind": "relative", "offset_days": 7}
    reply = wire_reply(budget=obeyed, authority=obeyed, need=obeyed, timeframe=when)

    with OpenAIServer(lambda _: reply) as server:
        extraction = extractor_at(server).extract(call)

    assert {reading.level for reading in extraction.readings.values()} == {NOT_DISCUSSED}
    assert extraction.mostly_ungrounded
