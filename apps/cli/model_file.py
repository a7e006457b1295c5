"""Puts a score model into bantam.toml and leaves everything else in the file as it stands."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError
from tomlkit.items import Table

from bantam.domain.score import ScoreModel
from bantam.errors import SettingsError
from bantam.settings import FILE_NAME


def settings_path(asked: Path | None) -> Path:
    """Return the settings file that the commands read."""
    return asked or Path(os.environ.get("BANTAM_CONFIG", FILE_NAME))


def write_models(path: Path, models: Sequence[ScoreModel], *, comment: str, use: bool) -> None:
    """Write score models as [scoring.models.NAME]; comments and order of the file are kept.

    Args:
        path: the settings file; made when it is not there.
        models: written over models of the same names.
        comment: one line above each.
        use: also make the first one the model in use (`scoring.model`).

    Raises:
        SettingsError: the file is not TOML, or cannot be written.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
    except (ParseError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    scoring = _table(document, "scoring", path)
    if use:
        scoring["model"] = models[0].name
    known = _table(scoring, "models", path)
    for model in models:
        known[model.name] = _as_table(model, comment)
    try:
        path.write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None


def _table(parent: Any, name: str, path: Path) -> Any:
    if name not in parent:
        parent[name] = tomlkit.table(is_super_table=True)
    if not isinstance(parent[name], Mapping):
        raise SettingsError(f"{path}: {name} is a value; it must be a section")
    return parent[name]


def _as_table(model: ScoreModel, comment: str) -> Table:
    data = model.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    table = tomlkit.table()
    table.comment(comment)
    for key, value in data.items():
        table[key] = _inline(value) if key != "criterion_values" else _rows(value)
    return table


def _rows(values: Mapping[str, Sequence[float]]) -> Table:
    table = tomlkit.table()
    for key, row in values.items():
        table[key] = list(row)
    return table


def _inline(value: Any) -> Any:
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update({k: _inline(v) for k, v in value.items() if v is not None})
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        array.extend([_inline(v) for v in value])
        return array.multiline(bool(value) and isinstance(value[0], Mapping))
    return value
