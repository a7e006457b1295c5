"""`bantam evals`: measure readings and scores, and gate a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.deal_source import Material, Tables, landmark_options, material_of, table_options
from apps.cli.evals_labels import closed_deals_check, reviewed_calls
from apps.cli.evals_real import false_alarms_command, persuasion_command
from apps.cli.evals_replay import replay_command
from apps.cli.gathering import gathered
from apps.cli.main import settings_of
from apps.cli.terminal import stderr
from apps.cli.written import FILE, print_lines, write
from bantam.errors import EvalError
from bantam.settings import Settings
from evals.compare import Verdict
from evals.deal_cases import LandmarkRule
from evals.field_report import FieldReport, field_report
from evals.field_run import FieldRun, field_run
from evals.gate import gate
from evals.gold import gold_calls
from evals.power import power_line
from evals.report import ReportParts, html_report
from evals.reviewed import FLATTERED
from evals.runs import EvalRun, accept_baseline, read_baseline
from evals.study import Study, StudyOptions, study
from evals.summary import power_lines, report_lines, study_lines
from flows import wiring

_EVALS = Path(__file__).resolve().parents[2] / "evals"
_EXIT = {
    Verdict.PASS: exit_codes.OK,
    Verdict.BLOCK: exit_codes.BLOCKED,
    Verdict.INCONCLUSIVE: exit_codes.INCONCLUSIVE,
}


@dataclass(frozen=True)
class Reading:
    """What `evals run` reads, and how."""

    cases: Path
    candidate: Path | None
    extractor: str
    model: str | None
    samples: int | None
    attack: bool
    reviews: bool
    outcomes: bool
    deals: Path | None

    def __post_init__(self) -> None:
        """Refuse options that do not go together."""
        if self.candidate is not None and (self.reviews or self.outcomes):
            raise click.UsageError("--candidate is a saved run: it reads no call of the ledger")
        if self.deals is not None and not self.outcomes:
            raise click.UsageError("--deals goes with --outcomes")


@dataclass(frozen=True)
class Files:
    """What `evals run` writes, where it is asked to."""

    save: Path | None
    html_path: Path | None
    markdown: Path | None
    json_path: Path | None


@dataclass(frozen=True)
class Baseline:
    """What a run is compared with, and whether it takes its place."""

    baseline: Path
    accept_baseline: bool
    reason: str | None

    def __post_init__(self) -> None:
        """Refuse a reason for nothing."""
        if self.reason and not self.accept_baseline:
            raise click.UsageError("--reason goes with --accept-baseline")


@dataclass(frozen=True)
class Thresholds:
    """Where `evals study` draws its lines; None is chosen from the deals or settings."""

    threshold: float | None
    high_score: float
    ae_threshold: float
    precision: float | None
    capacity: float | None


@click.group()
def evals_command() -> None:
    """Measure readings and scores, and gate every change of a prompt, model or weights."""


@evals_command.command("run")
@click.option(
    "--cases",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=_EVALS / "cases",
    help="Labelled calls; default: the bundled ones.",
)
@click.option(
    "--baseline",
    type=FILE,
    default=_EVALS / "baseline.json",
    help="What to compare with; default: the one in the repository.",
)
@click.option(
    "--candidate",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Judge this saved run instead of reading the calls.",
)
@click.option(
    "--extractor",
    type=click.Choice(["embedded", "model"]),
    default="embedded",
    show_default=True,
    help="Who reads the calls.",
)
@click.option("--model", help="Name of a language model; implies --extractor model.")
@click.option(
    "--samples",
    type=click.IntRange(1, 9),
    default=None,
    help="How often each call is read; default 3 with a model, 1 without.",
)
@click.option(
    "--attack/--no-attack",
    default=True,
    show_default=True,
    help="Also read each call with words to the reader in it.",
)
@click.option(
    "--reviews",
    is_flag=True,
    help="Also take the ledger's reviewed calls as labelled ones (flattering: see the report).",
)
@click.option(
    "--outcomes",
    is_flag=True,
    help="Also read the ledger's calls of closed deals anew; fewer won ones found blocks.",
)
@click.option(
    "--deals",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="With --outcomes: a CSV of deals instead of the ledger's outcomes.",
)
@click.option("--save", type=FILE, help="Write the run (ids and levels, no words) to this file.")
@click.option("--html", "html_path", type=FILE, help="Write the report for people to this file.")
@click.option("--markdown", type=FILE, help="Write the report for a pull request to this file.")
@click.option("--json", "json_path", type=FILE, help="Write every figure to this file.")
@click.option("--accept-baseline", is_flag=True, help="Make this run the baseline.")
@click.option("--reason", help="Why it is accepted; kept in the baseline file.")
@gathered("reading", Reading)
@gathered("files", Files)
@gathered("against", Baseline)
@click.pass_context
def run_command(ctx: click.Context, *, reading: Reading, files: Files, against: Baseline) -> int:
    """Read labelled calls and say PASS, BLOCK or INCONCLUSIVE against the baseline.

    Exit codes: 0 PASS, 7 BLOCK, 8 INCONCLUSIVE. With --accept-baseline the run becomes the
    baseline and the exit code is 0.
    """
    settings = wiring.with_options(
        settings_of(ctx), extractor=reading.extractor, model=reading.model
    )
    known = read_baseline(against.baseline)
    found = _found(settings, reading)
    extra = []
    if reading.outcomes:
        reader = wiring.build_extractor(settings, None)
        extra.append(closed_deals_check(settings, reader, reading.deals))
    result = gate(found.run, known.run if known else None, extra)
    report = field_report(found, result, settings.score_model(), threshold=_top_band(settings))
    lines = [*report_lines(report), *([f"Mind: {FLATTERED}."] if reading.reviews else [])]
    print_lines(lines)
    _write(files, found, report, lines)
    if against.accept_baseline:
        _accept(against, found.run, result.verdict if known else "first")
        return exit_codes.OK
    return _EXIT[result.verdict]


@evals_command.command("study")
@table_options
@landmark_options
@click.option("--threshold", type=click.FloatRange(1, 100), help="Default: the top band's start.")
@click.option(
    "--high-score",
    type=click.FloatRange(1, 100),
    default=80.0,
    show_default=True,
    help="Whose time to close is looked at.",
)
@click.option(
    "--ae-threshold",
    type=click.FloatRange(0, 100),
    default=50.0,
    show_default=True,
    help="An AE score at or above it is a yes.",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 1, min_open=True),
    help="Choose a threshold for this precision; default: the AEs' own.",
)
@click.option(
    "--capacity",
    type=click.FloatRange(min=0, min_open=True),
    help="Choose the threshold that flags at most so many deals a week.",
)
@click.option("--html", "html_path", type=FILE, help="Write the report for people to this file.")
@click.option("--json", "json_path", type=FILE, help="Write the whole study to this file.")
@gathered("lines", Thresholds)
@click.pass_context
def study_command(
    ctx: click.Context,
    *,
    tables: Tables,
    rule: LandmarkRule,
    lines: Thresholds,
    html_path: Path | None,
    json_path: Path | None,
) -> int:
    """Hold scores against closed deals, and against the AEs' own scores on the same deals."""
    settings = settings_of(ctx)
    material = material_of(settings, tables)
    options = StudyOptions(
        threshold=lines.threshold or _top_band(settings),
        high_score=lines.high_score,
        ae_threshold=lines.ae_threshold,
        precision_floor=lines.precision,
        capacity_a_week=lines.capacity,
    )
    model = settings.score_model()
    found = study(material.deals, material.calls, rule=rule, model=model, options=options)
    print_lines(study_lines(found))
    if html_path is not None:
        write(html_path, _study_report(found, material))
    if json_path is not None:
        write(json_path, found.model_dump_json(indent=1) + "\n")
    return exit_codes.SOME_FAILED if material.bad_rows else exit_codes.OK


@evals_command.command("power")
@click.option("--recall", type=click.FloatRange(0, 1), default=0.81, show_default=True)
@click.option(
    "--against",
    type=click.FloatRange(0, 1),
    multiple=True,
    default=(0.41, 0.61, 0.71, 0.78),
    show_default=True,
    help="May be given several times.",
)
@click.option(
    "--phi",
    type=click.FloatRange(-1, 1),
    multiple=True,
    default=(0.0, 0.4, 0.8),
    show_default=True,
    help="Correlation of their hits; may be given several times.",
)
@click.option(
    "--win-rate", type=click.FloatRange(0, 1, min_open=True), default=0.2, show_default=True
)
def power_command(
    recall: float, against: tuple[float, ...], phi: tuple[float, ...], win_rate: float
) -> int:
    """Say how many deals it takes to tell one recall from another."""
    table = {
        (line.against, round(line.phi, 2)): line
        for other in against
        for shared in phi
        for line in [power_line(recall, other, phi=shared, win_rate=win_rate)]
    }
    print_lines(power_lines(list(table.values()), win_rate))
    return exit_codes.OK


def _found(settings: Settings, reading: Reading) -> FieldRun:
    if reading.candidate is not None:
        return FieldRun(_saved(reading.candidate), ())
    calls = [*gold_calls(reading.cases), *(reviewed_calls(settings) if reading.reviews else ())]
    embedded = settings.extractor == "embedded"
    count = reading.samples or (1 if embedded else 3)
    # No ledger: a remembered answer would make every sample the same.
    readers = [wiring.build_extractor(settings, None) for _ in range(count)]
    return field_run(
        calls,
        readers,
        settings.score_model(),
        now=wiring.utc_now,
        attack=reading.attack,
        threads=1 if embedded else settings.model.concurrency,
    )


def _write(files: Files, found: FieldRun, report: FieldReport, lines: Sequence[str]) -> None:
    if files.json_path is not None:
        write(files.json_path, report.model_dump_json(indent=1) + "\n")
    if files.html_path is not None:
        parts = ReportParts(wiring.utc_now(), field=report, extractions=found.extractions)
        write(files.html_path, html_report(parts))
    if files.markdown is not None:
        write(files.markdown, "\n".join(lines) + "\n")
    if files.save is not None:
        write(files.save, found.run.model_dump_json(indent=1) + "\n")


def _study_report(found: Study, material: Material) -> str:
    worst = {call for deal in found.outcomes.worst for call in deal.call_ids}
    readings = {c.call_id: c.extraction for c in material.calls if c.call_id in worst}
    read = {call: e for call, e in readings.items() if e is not None}
    return html_report(ReportParts(wiring.utc_now(), study=found, readings=read))


def _saved(path: Path) -> EvalRun:
    try:
        return EvalRun.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise EvalError(f"{path}: not a saved run ({type(error).__name__})") from None


def _accept(against: Baseline, run: EvalRun, verdict: str) -> None:
    path = against.baseline
    accept_baseline(path, run, reason=against.reason or "", verdict=verdict, now=wiring.utc_now())
    stderr().print(f"{path} is the baseline now; commit it", soft_wrap=True)


def _top_band(settings: Settings) -> float:
    return float(max(band.at_least for band in settings.score_model().bands))


evals_command.add_command(replay_command)
evals_command.add_command(persuasion_command)
evals_command.add_command(false_alarms_command)
