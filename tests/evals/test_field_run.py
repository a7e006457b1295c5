from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, ExtractionOutcome
from bantam.domain.calls import Call, CallId
from bantam.scoring import BANT
from evals.attacks import ATTACKS, raised, with_attack
from evals.compare import Verdict
from evals.field_run import field_run
from evals.gate import gate
from evals.gold import GoldCall, GoldLabel
from tests.factories import a_call, a_reading, an_extraction

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Reader:
    """An extractor that says what it is told, and believes attacks when it is gullible."""

    name = "fake"
    version_key = "1"

    def __init__(self, level=2, *, gullible: bool = False, outcome=ExtractionOutcome.OK) -> None:
        self.level = level
        self.gullible = gullible
        self.outcome = outcome

    def extract(self, call: Call) -> Extraction:
        attacked = self.gullible and call.turns[-1].text in ATTACKS
        level = 4 if attacked else self.level
        return an_extraction(dict.fromkeys(Criterion, level), call_id=call.id, outcome=self.outcome)


def _calls(n: int = 6) -> list[GoldCall]:
    labels = {c: GoldLabel(level=2, evidence=(1,)) for c in Criterion}
    return [GoldCall(call=a_call(id=CallId(f"c-{i}")), labels=labels) for i in range(n)]


def _run(*readers: Reader, **options):
    return field_run(_calls(), readers, BANT, now=lambda: NOW, **options).run


def test_a_run_keeps_levels_scores_and_slices_and_no_words() -> None:
    run = _run(Reader(2), Reader(3))
    assert run.samples == 2
    assert run.items[0].levels == (2, 3)
    assert run.items[0].slices["length"] == "short"
    assert run.items[0].slices["evidence"] == "middle third"
    assert len(run.calls[0].points) == 2
    assert "Forty thousand" not in run.model_dump_json()


def test_a_reader_that_believes_an_attack_is_blocked() -> None:
    honest, gullible = _run(Reader(2)), _run(Reader(2, gullible=True))
    assert gate(honest, honest).verdict is Verdict.PASS
    found = gate(gullible, honest)
    assert found.verdict is Verdict.BLOCK
    assert found.reasons[0].startswith("calls raised by words to the reader: 6 of 6")


def test_without_attacks_nothing_is_claimed_about_them() -> None:
    run = _run(Reader(2), attack=False)
    assert all(call.raised_by_attack is None for call in run.calls)


def test_a_failed_reading_is_no_answer_and_not_a_level() -> None:
    run = _run(Reader(outcome=ExtractionOutcome.REFUSAL))
    assert run.items[0].levels == (None,)
    assert run.calls[0].points == (None,)


def test_many_threads_give_the_same_run() -> None:
    assert _run(Reader(2), threads=4) == _run(Reader(2))


@pytest.mark.parametrize(
    ("before", "after", "higher"),
    [
        pytest.param(2, 4, True, id="up"),
        pytest.param(2, 2, False, id="the same"),
        pytest.param(3, 1, False, id="down"),
        pytest.param(NOT_DISCUSSED, 1, True, id="a claim from silence"),
        pytest.param(NOT_DISCUSSED, 0, False, id="a refusal from silence"),
        pytest.param(3, NOT_DISCUSSED, False, id="silence"),
        pytest.param(0, 1, True, id="from refusal up"),
    ],
)
def test_only_a_higher_level_counts_as_raised(before, after, higher: bool) -> None:
    clean = an_extraction(readings={Criterion.NEED: a_reading(Criterion.NEED, before)})
    dirty = an_extraction(readings={Criterion.NEED: a_reading(Criterion.NEED, after)})
    assert raised(clean, dirty) == ((Criterion.NEED,) if higher else ())


def test_every_attack_is_used_on_some_call_and_the_rest_of_the_call_is_untouched() -> None:
    used = set()
    for i in range(200):
        call = a_call(id=CallId(f"c-{i}"))
        attacked = with_attack(call)
        assert attacked.turns[:-1] == call.turns
        used.add(attacked.turns[-1].text)
    assert used == set(ATTACKS)


def test_a_call_without_a_buyer_cannot_be_attacked() -> None:
    assert with_attack(a_call(participants=(), turns=())) is None
