from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.activity import ActivityKind
from bantam.domain.calls import DealId
from bantam.ledger.store import Ledger
from flows import crm_commands
from flows.outcomes import OutcomesRead

TABLE = """deal_id,won,closed_at,amount,currency,account_id,ae_score,scored_at
D-1,yes,2026-03-01,48000,eur,A-1,80,2026-01-05
D-2,no,2026-02-01,,,A-2,,
D-3,,,,,A-3,,
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deals.csv").write_text(TABLE)


def _outcomes() -> dict[str, bool]:
    with Ledger.open("sqlite:///bantam.db", create=False) as ledger:
        return {o.deal_id: o.won for o in ledger.outcomes()}


def test_closed_deals_of_a_table_are_kept_and_reading_it_twice_changes_nothing(capsys) -> None:
    for _ in range(2):
        assert run(["outcomes", "sync", "--table", "deals.csv"]) == exit_codes.OK
        assert "2 closed deals read" in capsys.readouterr().err
    with Ledger.open("sqlite:///bantam.db", create=False) as ledger:
        found = ledger.outcome(DealId("D-1"))
        (view,) = ledger.ae_views()
        told = [a for a in ledger.activities() if a.kind is ActivityKind.DEAL_CLOSED]
    assert (found.won, found.amount, found.currency, found.account_id) == (
        True,
        48000,
        "EUR",
        "A-1",
    )
    assert (view.deal_id, view.words[0].score) == ("D-1", 80)
    assert view.words[0].at == datetime(2026, 1, 5, 23, 59, 59, 999999, tzinfo=UTC)
    assert len(told) == 2
    assert _outcomes() == {"D-1": True, "D-2": False}


def test_what_changed_is_written_over() -> None:
    run(["outcomes", "sync", "--table", "deals.csv"])
    Path("deals.csv").write_text(TABLE.replace("D-2,no", "D-2,yes"))
    assert run(["outcomes", "sync", "--table", "deals.csv"]) == exit_codes.OK
    assert _outcomes() == {"D-1": True, "D-2": True}


def test_since_leaves_older_deals_out() -> None:
    assert (
        run(["outcomes", "sync", "--table", "deals.csv", "--since", "2026-02-15"]) == exit_codes.OK
    )
    assert _outcomes() == {"D-1": True}


def test_a_bad_row_is_named_and_the_others_are_kept(capsys) -> None:
    Path("deals.csv").write_text(TABLE + "D-4,perhaps,2026-03-01,,,,,\n")
    assert run(["outcomes", "sync", "--table", "deals.csv"]) == exit_codes.SOME_FAILED
    assert "line 5, won: 'perhaps' is neither yes nor no" in capsys.readouterr().err
    assert len(_outcomes()) == 2


def test_a_crm_is_asked_since_the_day_given(monkeypatch, capsys) -> None:
    asked = []
    monkeypatch.setattr(
        crm_commands,
        "read_closed_deals",
        lambda _, vendor, since: asked.append((vendor, since)) or OutcomesRead(deals=7, judged=0),
    )
    assert run(["outcomes", "sync", "hubspot", "--since", "2026-01-02"]) == exit_codes.OK
    assert asked == [("hubspot", datetime(2026, 1, 2, tzinfo=UTC))]
    assert "hubspot: 7 closed deals read" in capsys.readouterr().err


@pytest.mark.parametrize("args", [[], ["hubspot", "--table", "deals.csv"]])
def test_one_source_at_a_time(args, capsys) -> None:
    assert run(["outcomes", "sync", *args]) == exit_codes.USAGE
    assert "one of the two" in capsys.readouterr().err
