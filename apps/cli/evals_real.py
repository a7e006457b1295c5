"""`bantam evals persuasion` and `false-alarms`: conversations that nobody wrote for Bantam."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import orjson
from pydantic import ValidationError

from apps.cli import exit_codes
from apps.cli.deal_source import text_of
from apps.cli.main import settings_of
from apps.cli.written import FILE, print_lines, write
from bantam.domain.calls import Call
from bantam.errors import EvalError
from bantam.settings import Settings
from evals.real_text import false_alarms, persuasion, read_chats
from evals.real_text_summary import false_alarm_lines, persuasion_lines
from flows import wiring

_CALLS = click.argument("calls", type=click.Path(path_type=Path, dir_okay=False, exists=True))
_EXTRACTOR = click.option(
    "--extractor",
    type=click.Choice(["embedded", "model"]),
    default="embedded",
    show_default=True,
    help="Who reads the calls.",
)
_MODEL = click.option("--model", help="Name of a language model; implies --extractor model.")
_JSON = click.option("--json", "json_path", type=FILE, help="Write every figure to this file.")


@click.command("persuasion")
@_CALLS
@click.argument("outcomes", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_EXTRACTOR
@_MODEL
@_JSON
@click.pass_context
def persuasion_command(
    ctx: click.Context,
    *,
    calls: Path,
    outcomes: Path,
    extractor: str,
    model: str | None,
    json_path: Path | None,
) -> int:
    """Read real chats (JSON lines) and hold the scores against what came of them (CSV).

    A proxy: chats about a donation, not sales. OUTCOMES has call_id, won (1 or 0) and
    pledged_usd.
    """
    settings = wiring.with_options(settings_of(ctx), extractor=extractor, model=model)
    found = persuasion(
        _calls(calls),
        read_chats(text_of(outcomes), str(outcomes)),
        wiring.build_extractor(settings, None),
        settings.score_model(),
        threads=_threads(settings),
    )
    print_lines(persuasion_lines(found))
    if json_path is not None:
        write(json_path, found.model_dump_json(indent=1) + "\n")
    return exit_codes.OK


@click.command("false-alarms")
@_CALLS
@_EXTRACTOR
@_MODEL
@_JSON
@click.pass_context
def false_alarms_command(
    ctx: click.Context, *, calls: Path, extractor: str, model: str | None, json_path: Path | None
) -> int:
    """Read calls in which nothing is sold (JSON lines): every level of 1 to 4 is a false alarm."""
    settings = wiring.with_options(settings_of(ctx), extractor=extractor, model=model)
    reader = wiring.build_extractor(settings, None)
    found = false_alarms(_calls(calls), reader, settings.score_model(), threads=_threads(settings))
    print_lines(false_alarm_lines(found))
    if json_path is not None:
        write(json_path, found.model_dump_json(indent=1) + "\n")
    return exit_codes.OK


def _calls(path: Path) -> Iterator[Call]:
    known = set(Call.model_fields)
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            data = orjson.loads(line)
            yield Call.model_validate({key: data[key] for key in data if key in known})
        except (orjson.JSONDecodeError, ValidationError, TypeError, AttributeError):
            raise EvalError(f"{path}: line {number}: not a call in the native form") from None


def _threads(settings: Settings) -> int:
    return 1 if settings.extractor == "embedded" else settings.model.concurrency
