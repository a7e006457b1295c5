from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bantam.domain.calls import CallId
from bantam.domain.crm_records import Firmographics
from bantam.domain.fit import KnownBuyer
from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from tests.factories import a_call
from tests.ledgers import NOW, scored


def a_buyer(who: str = "w", days: int = 0, trouble: str = "", **facts: object) -> KnownBuyer:
    known = Firmographics(**{"title": "CFO", "source": "hubspot", **facts})
    asked = NOW + timedelta(days=days)
    return KnownBuyer(who=who, facts=known, asked_at=asked, trouble=trouble)


def an_entry(call_id: str, buyer: KnownBuyer | None) -> Entry:
    return replace(scored(a_call(id=CallId(call_id))), buyer=buyer)


def test_a_buyer_is_kept_with_the_call_and_comes_back_with_its_result(ledger: Ledger) -> None:
    ledger.record_many([an_entry("c-1", a_buyer()), an_entry("c-2", None)])
    assert ledger.latest_result(CallId("c-1")).buyer == a_buyer()
    assert [r.buyer for r in ledger.results()] == [a_buyer(), None]
    again = a_buyer(days=1, title="CEO")
    ledger.record_many([an_entry("c-1", again)])
    assert ledger.latest_result(CallId("c-1")).buyer == again
    ledger.record_many([an_entry("c-1", None)])
    assert ledger.latest_result(CallId("c-1")).buyer == again


@pytest.mark.parametrize(
    ("since_days", "expected"),
    [
        pytest.param(0, "newest", id="the newest full answer of any call"),
        pytest.param(2, "newest", id="an answer as old as allowed"),
        pytest.param(3, None, id="none that is young enough"),
    ],
)
def test_calls_with_the_same_buyers_share_an_answer(
    ledger: Ledger, since_days: int, expected: str | None
) -> None:
    ledger.record_many(
        [
            an_entry("c-1", a_buyer(title="newest", days=2)),
            an_entry("c-2", a_buyer(title="older", days=1)),
            an_entry("c-3", a_buyer(title="not all", days=4, trouble="x could not be asked")),
            an_entry("c-4", a_buyer("somebody else", title="other", days=5)),
        ]
    )
    found = ledger.known_buyer("w", since=NOW + timedelta(days=since_days))
    assert (found.facts.title if found else None) == expected


def test_what_was_found_out_settles_that_somebody_could_not_be_asked(ledger: Ledger) -> None:
    ledger.record_many([an_entry("c-1", None)])
    ledger.add_failure("c-1", stage="fit", reason="no answer", now=NOW)
    entry = an_entry("c-1", a_buyer())
    ledger.record_many([replace(entry, call=None, extraction=None)])
    assert list(ledger.failures()) == []
