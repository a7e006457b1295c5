"""What Prometheus scrapes."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from apps.web.metrics import metrics_text
from bantam.domain.calls import CallId
from bantam.domain.delivery import Receipt
from bantam.ledger.store import Ledger
from tests.factories import a_call
from tests.ledgers import NOW, scored


def samples(ledger: Ledger) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics_text(ledger, NOW))
    return {
        (s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples
    }


def test_metrics_are_those_of_the_ledger_and_hold_no_words(tmp_path: Path) -> None:
    said = ("b", "zebra crossing moonlight")
    with Ledger.open(f"sqlite:///{tmp_path / 'b.db'}", create=True) as ledger:
        ledger.record_many(
            [scored(a_call(said, id=CallId(f"c-{i}"), title="Zebra")) for i in range(3)]
        )
        (claim,) = ledger.claim_deliveries(1, now=NOW, lease_seconds=60, worker="w")
        ledger.mark_sent(claim, Receipt(record_id="r"), now=NOW)
        ledger.add_failure("x.json", stage="read", reason="zebra", now=NOW)
        found = samples(ledger)
        assert found["bantam_rows", "calls"] == 3
        assert found["bantam_deliveries", "embedded", "pending"] == 2
        assert found["bantam_deliveries", "embedded", "sent"] == 1
        assert found["bantam_failures", "read"] == 1
        assert found["bantam_lag_seconds", "0.95", "total"] > 0
        assert "zebra" not in metrics_text(ledger, NOW).lower()


def test_an_empty_ledger_can_be_scraped(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'b.db'}", create=True) as ledger:
        assert samples(ledger)["bantam_rows", "calls"] == 0
