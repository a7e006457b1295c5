"""`bantam fit`: learn weights from closed deals, or a score from a table of leads."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import click

from apps.cli import exit_codes
from apps.cli.deal_source import (
    Tables,
    landmark_options,
    material_of,
    table_options,
    tell_bad_rows,
    text_of,
)
from apps.cli.gathering import gathered
from apps.cli.main import settings_of
from apps.cli.model_file import settings_path, write_models
from apps.cli.terminal import stderr
from apps.cli.written import FILE, print_lines, write
from bantam.domain.score import ScoreModel
from evals.deal_cases import CaseSet, LandmarkRule, build_cases
from evals.fit import Fit, FitOptions, fit_model
from evals.fit_summary import fit_lines, lead_lines
from evals.lead_fit import LeadFit, fit_leads
from evals.lead_table import LeadTable, read_leads
from flows import wiring

_LEADS = click.Path(path_type=Path, dir_okay=False, exists=True)


@dataclass(frozen=True)
class Wish:
    """What is to be learned from deals, and where it goes."""

    score_model: str | None
    name: str
    isotonic: bool
    by_segment: bool
    write_it: bool
    use_it: bool
    json_path: Path | None

    def __post_init__(self) -> None:
        """Refuse to use what is not written."""
        if self.use_it and not self.write_it:
            raise click.UsageError("--use goes with --write")


@dataclass(frozen=True)
class Leads:
    """A table of leads to learn from instead of deals."""

    table: Path | None
    target: str | None
    keep: tuple[str, ...]
    drop: tuple[str, ...]
    points: Path | None

    def __post_init__(self) -> None:
        """Refuse a table without its target."""
        if self.table is not None and self.target is None:
            raise click.UsageError("--table goes with --target COLUMN")


@click.command()
@table_options
@landmark_options
@click.option(
    "--score-model", help="Whose weights are the starting point; default: the one in use."
)
@click.option(
    "--name",
    default="fitted",
    show_default=True,
    callback=lambda _ctx, _param, value: _key(value),
    help="Of the new score model.",
)
@click.option("--isotonic", is_flag=True, help="Probability in steps; needs 1,000 closed deals.")
@click.option("--by-segment", is_flag=True, help="Also one for each segment; needs 500.")
@click.option("--write", "write_it", is_flag=True, help="Write the model into bantam.toml.")
@click.option("--use", "use_it", is_flag=True, help="With --write: score with it from now on.")
@click.option("--table", type=_LEADS, help="Learn from this CSV of leads instead of deals.")
@click.option("--target", help="With --table: the column that says whether a lead converted.")
@click.option("--keep", multiple=True, help="With --table: use this suspected column; repeatable.")
@click.option("--drop", multiple=True, help="With --table: leave this column out; repeatable.")
@click.option("--points", type=FILE, help="With --table: write each row's points to this CSV.")
@click.option("--json", "json_path", type=FILE, help="Write every figure to this file.")
@gathered("wish", Wish)
@gathered("leads", Leads)
@click.pass_context
def fit_command(
    ctx: click.Context, *, tables: Tables, rule: LandmarkRule, wish: Wish, leads: Leads
) -> int:
    """Learn a score model from closed deals, as far as they carry; shown, not used, until asked.

    Fewer than 50 closed deals are refused; fewer than 150 give a probability of winning and leave
    the weights. Weights are never negative, a higher level never lowers a score, and all are
    pulled towards the ones in use. Look before you use it: `bantam evals replay --score-model
    NAME` shows who would move.
    """
    if leads.table is not None and leads.target is not None:
        return _fit_table(leads.table, leads.target, leads, wish.json_path)
    settings = settings_of(ctx)
    prior = settings.score_model(wish.score_model)
    material = material_of(settings, tables)

    def cases_under(model: ScoreModel) -> CaseSet:
        return build_cases(material.deals, material.calls, rule=rule, model=model)

    options = FitOptions(name=wish.name, use_isotonic=wish.isotonic, by_segment=wish.by_segment)
    found = fit_model(cases_under, prior, options)
    print_lines(fit_lines(found, prior))
    if wish.json_path is not None:
        write(wish.json_path, found.model_dump_json(indent=1) + "\n")
    if wish.write_it:
        _write_model(settings_path(ctx.obj["config"]), found, use=wish.use_it)
    return exit_codes.SOME_FAILED if material.bad_rows else exit_codes.OK


def _key(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise click.BadParameter("letters, digits, - and _ only: it becomes a key of bantam.toml")
    return name


def _write_model(path: Path, found: Fit, *, use: bool) -> None:
    today = f"{wiring.utc_now():%Y-%m-%d}"
    comment = f"fitted on {today} from {found.deals} closed deals, {found.won} won"
    write_models(path, [found.model, *found.segment_models], comment=comment, use=use)
    how = (
        "it is in use now; `bantam rescore` scores what is there again"
        if use
        else f"`bantam evals replay --score-model {found.model.name}` shows who would move"
    )
    stderr().print(f"{path}: wrote score model {found.model.name}; {how}", soft_wrap=True)


def _fit_table(path: Path, target: str, wishes: Leads, json_path: Path | None) -> int:
    leads = read_leads(text_of(path), target, str(path))
    names = {c.name for c in leads.columns}
    unknown = [n for n in (*wishes.keep, *wishes.drop) if n not in names]
    if unknown:
        raise click.UsageError(f"{path}: there is no column {unknown[0]!r}")
    tell_bad_rows(list(leads.bad_rows), len(leads.rows), ())
    wanted = {*leads.usable, *wishes.keep} - {*wishes.drop}
    found = fit_leads(leads, target, columns=sorted(names & wanted))
    print_lines(lead_lines(found, leads))
    if json_path is not None:
        write(json_path, found.model_dump_json(indent=1, exclude={"points"}) + "\n")
    if wishes.points is not None:
        write(wishes.points, _points_table(found, leads))
    return exit_codes.SOME_FAILED if leads.bad_rows else exit_codes.OK


def _points_table(found: LeadFit, leads: LeadTable) -> str:
    """Return a CSV of identifying columns and the points of the model that never saw the row."""
    ids = [c.name for c in leads.columns if c.kind == "different in nearly every row"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*ids, "points", found.model.target])
    for row, score, won in zip(leads.rows, found.points, leads.won, strict=True):
        writer.writerow([*(row[i] for i in ids), score, int(won)])
    return out.getvalue()
