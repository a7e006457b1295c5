"""Prometheus metrics, counted from the ledger at scrape time: every process shows the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bantam.domain.pickup import PickupState
from bantam.ledger.standing import Standing
from bantam.ledger.store import Ledger

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(ledger: Ledger, now: datetime) -> str:
    """Return all metrics in Prometheus' text form.

    Args:
        ledger: is counted.
        now: aware UTC time; ages end here.

    Raises:
        LedgerError: it cannot be reached.
    """
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 - late

    registry = CollectorRegistry(auto_describe=False)
    metrics = [
        *_work(ledger.counts(), ledger.standing(now=now)),
        _pickups(ledger.pickup_counts()),
    ]
    registry.register(_Collected(metrics))
    return generate_latest(registry).decode()


class _Collected:
    """What a registry asks for its metrics."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._metrics

    def describe(self) -> list[Metric]:
        """Return nothing: names are known only after counting."""
        return []


def _work(counts: dict[str, int], standing: Standing) -> Iterator[Metric]:
    yield _gauge("rows", "Rows of the ledger.", "kind", counts)
    outbox = _gauge("deliveries", "Deliveries by target and state.", "target", {}, "state")
    for target, states in standing.deliveries.items():
        for state, n in states.items():
            outbox.add_metric([target, state], n)
    yield outbox
    yield _gauge(
        "delivery_overdue_seconds", "Age of the longest overdue one.", "target", standing.oldest_due
    )
    troubles = _gauge("delivery_troubles", "Within the last day.", "target", {}, "kind")
    for (target, kind), n in standing.troubles.items():
        troubles.add_metric([target, kind], n)
    yield troubles
    yield _gauge("failures", "Calls and files that failed.", "stage", standing.failures)
    yield _gauge("unscored_calls", "Calls without a number.", "reason", standing.unscored)
    yield from _money(standing)
    yield _lags(standing)


def _pickups(counts: Mapping[str, Mapping[PickupState, int]]) -> Metric:
    pickups = _gauge("pickups", "Calls to fetch, by source and state.", "source", {}, "state")
    for source, states in counts.items():
        for state, n in states.items():
            pickups.add_metric([source, state.value], n)
    return pickups


def _money(standing: Standing) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily  # noqa: PLC0415 - late, see above

    read = CounterMetricFamily("bantam_extractions", "Calls read.", labels=["model"])
    tokens = CounterMetricFamily("bantam_tokens", "Tokens used.", labels=["model", "kind"])
    cost = CounterMetricFamily("bantam_cost_usd", "Cost where a price is set.", labels=["model"])
    for model, spent in standing.spent.items():
        read.add_metric([model], spent.extractions)
        tokens.add_metric([model, "input"], spent.input_tokens - spent.cached_tokens)
        tokens.add_metric([model, "cached_input"], spent.cached_tokens)
        tokens.add_metric([model, "output"], spent.output_tokens)
        if spent.cost_usd is not None:
            cost.add_metric([model], spent.cost_usd)
    yield from (read, tokens, cost)


def _lags(standing: Standing) -> Metric:
    lags = _gauge("lag_seconds", "From call end to CRM, last day.", "stage", {}, "quantile")
    for stage, lag in standing.lags.items():
        for quantile, seconds in (("0.5", lag.p50), ("0.95", lag.p95), ("1", lag.most)):
            lags.add_metric([stage, quantile], seconds)
    return lags


def _gauge(
    name: str, about: str, label: str, values: Mapping[str, float], *more: str
) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - late, see above

    gauge = GaugeMetricFamily(f"bantam_{name}", about, labels=[label, *more])
    for value, n in values.items():
        gauge.add_metric([value], n)
    return gauge
