"""Calls that the embedded reader does not guess at."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bantam.domain.bant import ExtractionOutcome
from extractors.embedded.extractor import EmbeddedExtractor
from extractors.embedded.languages import unsupported
from tests.factories import a_call

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "text", "known"),
    [
        pytest.param("en", "The budget is approved.", True, id="English"),
        pytest.param("en-GB", "The budget is approved.", True, id="with a region"),
        pytest.param("de_AT", "Das Budget ist genehmigt, ÄÖÜß.", True, id="German"),
        pytest.param("fr", "Le budget est validé, où ça.", True, id="French"),
        pytest.param("es", "El presupuesto está aprobado, ñ.", True, id="Spanish"),
        pytest.param("und", "The budget is approved.", True, id="undetermined"),
        pytest.param("en", "", True, id="no words"),
        pytest.param("en", "50,000 $ ... 100 %", True, id="no letters"),
        pytest.param("en", "We run 1С and Бухгалтерия here, it is fine.", True, id="a foreign name"),
        pytest.param("en", "Бюджет утверждён, пятьдесят тысяч евро. OK.", False, id="Russian called English"),
        pytest.param("en", "予算は五百万円を確保しています。", False, id="Japanese called English"),
        pytest.param("en", "الميزانية معتمدة", False, id="Arabic called English"),
        pytest.param("ja", "Hello there, this is a test.", False, id="said to be Japanese"),
        pytest.param("pl", "Budżet jest zatwierdzony.", False, id="said to be Polish"),
        pytest.param("pt-BR", "O orçamento está aprovado.", False, id="said to be Portuguese"),
    ],
)  # fmt: skip
def test_four_languages_in_latin_script_are_known(language: str, text: str, known: bool) -> None:
    assert (unsupported(language, [text]) is None) == known


def test_only_what_is_read_decides() -> None:
    reader = EmbeddedExtractor(lambda: NOW)
    seller = a_call(("s", "Какой у вас бюджет, расскажите подробно?"), ("b", "No money for it."))
    buyer = a_call(("s", "What is your budget?"), ("b", "Бюджет утверждён, сто тысяч евро."))
    assert reader.extract(seller).outcome is ExtractionOutcome.OK
    found = reader.extract(buyer)
    assert found.outcome is ExtractionOutcome.UNSUPPORTED_LANGUAGE
    assert found.readings == {}
    assert "Latin script" in found.detail
    assert "Бюджет" not in found.detail
