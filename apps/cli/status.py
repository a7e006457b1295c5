"""`bantam status`: how things stand, in a terminal, as JSON, or as Prometheus metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta

import click

from apps.cli import exit_codes
from apps.cli.main import settings_of
from apps.cli.outbox_lines import stuck_lines
from apps.cli.terminal import line, stdout
from bantam.ledger.rows import Failure
from bantam.ledger.standing import Standing
from flows import wiring

_MOST_FAILURES = 10


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--metrics", is_flag=True, help="Prometheus' text form on stdout.")
@click.pass_context
def status_command(ctx: click.Context, as_json: bool, metrics: bool) -> int:
    """Show what is in the ledger, what waits, what failed, how late it was and what it cost."""
    settings = settings_of(ctx)
    with wiring.open_ledger(settings) as ledger:
        now = wiring.utc_now()
        if metrics:
            from apps.web.metrics import metrics_text  # noqa: PLC0415 - only when asked for

            click.echo(metrics_text(ledger, now), nl=False)
            return exit_codes.OK
        counts, standing = ledger.counts(), ledger.standing(now=now)
        failures = ledger.failures(limit=_MOST_FAILURES)
        pickups, stuck = ledger.pickup_counts(), list(stuck_lines(ledger))
    if as_json:
        click.echo(json.dumps({**_as_data(counts, standing), "pickups": pickups}))
        return exit_codes.OK
    for source, states in sorted(pickups.items()):
        stdout().print(
            line(f"to fetch    {source}: {_listed({s.value: n for s, n in states.items()})}")
        )
    for told in (*_lines(counts, standing, failures), *stuck):
        stdout().print(line(told), soft_wrap=True)
    return exit_codes.OK


def _as_data(counts: Mapping[str, int], standing: Standing) -> dict[str, object]:
    data = asdict(standing)
    data["troubles"] = {f"{t} {kind}": n for (t, kind), n in standing.troubles.items()}
    return {"counts": dict(counts), **data}


def _lines(counts: Mapping[str, int], standing: Standing, failures: list[Failure]) -> Iterator[str]:
    yield f"ledger      {_listed(counts)}"
    for target, states in sorted(standing.deliveries.items()):
        overdue = standing.oldest_due.get(target)
        late = f"; overdue for {_span(overdue)}" if overdue and overdue >= 1 else ""
        yield f"outbox      {target}: {_listed(states)}{late}"
    for (target, kind), n in sorted(standing.troubles.items()):
        yield f"trouble     {target}: {n} {kind} within the last day"
    if standing.unscored:
        yield f"unscored    {_listed(standing.unscored)}"
    for model, spent in sorted(standing.spent.items()):
        cost = "" if spent.cost_usd is None else f", ${spent.cost_usd:.2f}"
        yield (
            f"read by     {model}: {spent.extractions} calls, {spent.input_tokens} tokens in"
            f" ({spent.cached_tokens} cached), {spent.output_tokens} out{cost}"
        )
    for stage, lag in standing.lags.items():
        yield (
            f"lag         {stage}: p50 {_span(lag.p50)}, p95 {_span(lag.p95)},"
            f" most {_span(lag.most)} ({lag.n} within the last day)"
        )
    if standing.failures:
        yield f"failures    {_listed(standing.failures)}"
    for failure in failures:
        yield f"  {failure.stage} {failure.subject}: {failure.reason} ({failure.times} times)"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return str(timedelta(seconds=round(seconds)))
