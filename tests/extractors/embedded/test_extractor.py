"""The embedded extractor: what it reads, what it leaves alone, and how it behaves as a part."""

from __future__ import annotations

import dataclasses
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from bantam.domain.bant import NOT_DISCUSSED, Criterion, ExtractionOutcome
from bantam.domain.calls import Call
from extractors.embedded.extractor import EmbeddedExtractor
from extractors.embedded.weighing import RULES
from tests.factories import a_call

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def reader() -> EmbeddedExtractor:
    return EmbeddedExtractor(lambda: NOW)


def levels(reader: EmbeddedExtractor, call: Call) -> dict[Criterion, object]:
    return {c: reading.level for c, reading in reader.extract(call).readings.items()}


def test_an_empty_call_says_nothing(reader: EmbeddedExtractor) -> None:
    found = reader.extract(a_call(turns=()))
    assert found.outcome is ExtractionOutcome.OK
    assert {r.level for r in found.readings.values()} == {NOT_DISCUSSED}


def test_small_talk_says_nothing(reader: EmbeddedExtractor) -> None:
    call = a_call(
        ("s", "How's the weather over there?"),
        ("b", "Wet. The dog refuses to leave the house."),
        ("s", "Can you see my screen?"),
        ("b", "I can see your inbox. Now I can see the slides."),
    )
    assert set(levels(reader, call).values()) == {NOT_DISCUSSED}


def test_an_owner_who_signs_decides(reader: EmbeddedExtractor) -> None:
    call = a_call(
        ("s", "And who signs off on something like this?"),
        ("b", "That would be me, I own the place and I sign everything myself."),
    )
    reading = reader.extract(call).readings[Criterion.AUTHORITY]
    assert reading.level in {3, 4}
    assert reading.evidence[0].turn == 1
    assert reading.evidence[0].speaker == "Bo"


def test_the_sellers_words_alone_are_never_evidence(reader: EmbeddedExtractor) -> None:
    call = a_call(
        ("s", "You told me the money is approved and you sign it yourself by the end of March."),
        ("b", "Mm-hm."),
        ("s", "You lose two thousand euros a week on this."),
        ("b", "Right."),
    )
    assert set(levels(reader, call).values()) == {NOT_DISCUSSED}


def test_the_same_call_is_read_the_same_by_many_threads_at_once() -> None:
    fresh = EmbeddedExtractor(lambda: NOW)
    calls = [a_call()] * 8
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fresh.extract, calls))
    assert all(extraction == found[0] for extraction in found)


@pytest.mark.parametrize("part", ["at_least", "unknown_at_least", "slope", "offset"])
def test_every_part_of_a_rule_names_the_reader(
    reader: EmbeddedExtractor, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    before = reader.version_key
    rule = RULES[Criterion.NEED]
    moved = dataclasses.replace(rule, **{part: getattr(rule, part) - 0.01})
    monkeypatch.setitem(RULES, Criterion.NEED, moved)
    assert reader.version_key != before


def test_it_reads_without_a_network(
    reader: EmbeddedExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert reader.extract(a_call()).outcome is ExtractionOutcome.OK


def test_the_version_names_the_reader_and_not_the_time() -> None:
    early = EmbeddedExtractor(lambda: NOW)
    late = EmbeddedExtractor(lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert early.version_key == late.version_key
    assert late.extract(a_call()).run.version_key == late.version_key
