from __future__ import annotations

from collections.abc import Callable

from bantam.domain.crm_records import RecordMemory
from bantam.ledger.store import Ledger


def test_nothing_is_remembered_of_an_unknown_record(ledger: Ledger) -> None:
    assert ledger.recall("hubspot", "deal:1") == RecordMemory()


def test_what_is_remembered_is_recalled_as_the_next_version(
    open_ledger: Callable[[], Ledger],
) -> None:
    memory = RecordMemory(deal_id="1", written={"score": ("a", "b")})
    assert open_ledger().remember("hubspot", "call:c-1", memory)
    found = open_ledger().recall("hubspot", "call:c-1")
    assert found == memory.model_copy(update={"version": 1})
    assert open_ledger().recall("close", "call:c-1") == RecordMemory()


def test_of_two_who_recalled_the_same_only_one_is_heard(ledger: Ledger) -> None:
    assert ledger.remember("hubspot", "deal:1", RecordMemory(sender="first"))
    assert not ledger.remember("hubspot", "deal:1", RecordMemory(sender="second"))
    both = ledger.recall("hubspot", "deal:1")
    assert ledger.remember("hubspot", "deal:1", both.model_copy(update={"sender": "third"}))
    assert not ledger.remember("hubspot", "deal:1", both.model_copy(update={"sender": "fourth"}))
    assert ledger.recall("hubspot", "deal:1").sender == "third"
