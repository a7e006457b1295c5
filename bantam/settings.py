"""bantam.toml and the environment, as one frozen value. Read by flows/wiring.py and apps only.

Order of precedence: environment (`BANTAM_LEDGER__URL`, two underscores between section and key),
then bantam.toml, then the defaults here. Secrets come from the environment and never print.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bantam.domain.calls import DealId
from bantam.domain.score import ScoreModel
from bantam.errors import ScoreModelError, SettingsError
from bantam.scoring import SHIPPED_MODELS
from bantam.settings_crm import (
    CloseSettings,
    CrmSettings,
    HubSpotSettings,
    PeopleDataLabsSettings,
    PipedriveSettings,
    SalesforceSettings,
)
from bantam.settings_section import Section
from bantam.settings_serve import IntakeSettings, ServeSettings, WebhookSettings
from bantam.settings_vendors import (
    FathomSettings,
    FirefliesSettings,
    GongSettings,
    GoogleSettings,
    SlackSettings,
    ZoomSettings,
)

FILE_NAME = "bantam.toml"
ENV_PREFIX = "BANTAM_"


class LedgerSettings(Section):
    """Where everything is kept."""

    url: SecretStr = SecretStr("sqlite:///bantam.db")
    """SQLAlchemy URL; secret because a PostgreSQL URL holds a password."""


class Price(Section):
    """US dollars per million tokens."""

    input: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)
    """None: cached tokens cost as much as others."""
    output: float = Field(ge=0)


class ModelSettings(Section):
    """The language model: any OpenAI-compatible server."""

    name: str = Field(default="gpt-5.6-mini", min_length=1)
    base_url: str = Field(default="https://api.openai.com/v1", pattern=r"^https?://.+")
    api_key: SecretStr | None = None
    """From BANTAM_MODEL__API_KEY, else OPENAI_API_KEY."""
    parameters: Mapping[str, Any] = {}
    """Sent as they are (temperature, reasoning_effort, ...). What is not here is not sent."""
    max_tokens: int = Field(default=4096, ge=16)
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    mode: Literal["auto", "json_schema", "tool", "json_object", "text"] = "auto"
    """First rung of the structured-output ladder; auto starts at json_schema."""
    context_tokens: int = Field(default=100_000, ge=1024)
    """Longer transcripts are split on turn boundaries."""
    timeout_seconds: float = Field(default=120.0, gt=0)
    """For one call's reading in all, retries included."""
    concurrency: int = Field(default=16, ge=1, le=512)
    tokens_per_minute: int | None = Field(default=None, ge=1000)
    samples: int = Field(default=1, ge=1, le=9)
    prices: Mapping[str, Price] = {}
    """By model name."""


class SideSettings(Section):
    """Who the seller is; everybody else on a known e-mail domain is the buyer."""

    seller_domains: tuple[str, ...] = ()
    seller_names: tuple[str, ...] = ()


class ScoringSettings(Section):
    """Which score model is used, and the models of this installation."""

    model: str = "bant"
    models: Mapping[str, ScoreModel] = {}
    fiscal_year_start_month: int = Field(default=1, ge=1, le=12)


Target = Literal["embedded", "slack", "hubspot", "salesforce", "pipedrive", "close"]
"""What scores can be delivered to; `flows/wiring.py` builds them."""


class DeliverySettings(Section):
    """Where scores go."""

    targets: tuple[Target, ...] = ("embedded",)
    review_base_url: str | None = None
    """Public address of the review pages; None leaves the link out."""


class ConsentSettings(Section):
    """Section [consent]."""

    required: bool = False
    """True: only calls whose source states the participants' consent are read."""


class RetentionSettings(Section):
    """Section [retention]."""

    days: int | None = Field(default=None, ge=1)
    """Words of calls older than this are erased; None keeps them."""


class LogSettings(Section):
    """Section [log]: what happens, with ids and never words, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class BatchSettings(Section):
    """Section [batch]: reading through the provider's Batch API."""

    price_factor: float = Field(default=0.5, ge=0, le=1)
    """What a token costs there, as a part of its price in model.prices."""


class Settings(Section):
    """Everything that can be set."""

    extractor: Literal["embedded", "model"] = "embedded"
    ledger: LedgerSettings = LedgerSettings()
    model: ModelSettings = ModelSettings()
    sides: SideSettings = SideSettings()
    scoring: ScoringSettings = ScoringSettings()
    delivery: DeliverySettings = DeliverySettings()
    intake: IntakeSettings = IntakeSettings()
    webhooks: WebhookSettings = WebhookSettings()
    serve: ServeSettings = ServeSettings()
    gong: GongSettings = GongSettings()
    fireflies: FirefliesSettings = FirefliesSettings()
    zoom: ZoomSettings = ZoomSettings()
    fathom: FathomSettings = FathomSettings()
    slack: SlackSettings = SlackSettings()
    google: GoogleSettings = GoogleSettings()
    consent: ConsentSettings = ConsentSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()
    batch: BatchSettings = BatchSettings()
    crm: CrmSettings = CrmSettings()
    hubspot: HubSpotSettings = HubSpotSettings()
    salesforce: SalesforceSettings = SalesforceSettings()
    pipedrive: PipedriveSettings = PipedriveSettings()
    close: CloseSettings = CloseSettings()
    people_data_labs: PeopleDataLabsSettings = PeopleDataLabsSettings()
    deal_by_call: Mapping[str, DealId] = {}
    """Deals of calls whose source does not name one: {call id: deal id}."""

    @model_validator(mode="before")
    @classmethod
    def _models_have_names(cls, data: Any) -> Any:
        """[scoring.models.NAME] names the model, so that the name is written once."""
        scoring = data.get("scoring") if isinstance(data, dict) else None
        models = scoring.get("models") if isinstance(scoring, dict) else None
        if isinstance(models, dict):
            for name, model in models.items():
                if isinstance(model, dict):
                    model.setdefault("name", name)
        return data

    def score_model(self, name: str | None = None) -> ScoreModel:
        """Return a score model by name; this installation's come before the shipped ones.

        Raises:
            ScoreModelError: no model has this name.
        """
        wanted = name or self.scoring.model
        known = {**SHIPPED_MODELS, **self.scoring.models}
        if wanted not in known:
            raise ScoreModelError(
                f"scoring.model: no score model is called {wanted!r}; there are "
                f"{', '.join(sorted(known))}{_did_you_mean(wanted, known)}"
            )
        return known[wanted]


def load_settings(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Read bantam.toml and the environment.

    Args:
        path: the file; None looks for bantam.toml in the current folder, where none is fine.
        env: stands in for os.environ.

    Raises:
        SettingsError: a file that is asked for is not there, is not TOML, or holds a key or
            value that cannot be used; the message names each place.
    """
    env = os.environ if env is None else env
    where = path or Path(env.get("BANTAM_CONFIG", FILE_NAME))
    data = _file(where, must_exist=path is not None or "BANTAM_CONFIG" in env)
    named = _overlay(data, env)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise _as_settings_error(where, named, error) from None
    settings.score_model()
    return settings


def _file(where: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(where.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: not TOML: {error}") from None
    except FileNotFoundError:
        if must_exist:
            why = "no such file; leave --config out to use the defaults"
            raise SettingsError(f"{where}: {why}") from None
        return {}
    except OSError as error:
        raise SettingsError(f"{where}: cannot be read: {error.strerror}") from None


_Place = tuple[int | str, ...]


def _overlay(data: dict[str, Any], env: Mapping[str, str]) -> dict[_Place, str]:
    """Lay BANTAM_SECTION__KEY=value over the file's data; values are TOML or plain strings.

    Returns:
        The variable that each overlaid place comes from.
    """
    named: dict[_Place, str] = {}
    for name, text in env.items():
        if not name.startswith(ENV_PREFIX) or name.startswith(_OTHER_VARIABLES):
            continue
        place = tuple(name[len(ENV_PREFIX) :].lower().split("__"))
        wanted = _type_at([str(part) for part in place[:-1]], str(place[-1]))
        _put(data, place, _parsed(text, wanted), name)
        named[place] = name
    if (key := env.get("OPENAI_API_KEY", "").strip()) and isinstance(
        model := data.setdefault("model", {}), dict
    ):
        model.setdefault("api_key", key)
        if base_url := env.get("OPENAI_BASE_URL", "").strip():
            model.setdefault("base_url", base_url)
    return named


def _put(data: dict[str, Any], place: _Place, value: Any, name: str) -> None:
    *sections, key = place
    section = data
    for part in sections:
        section = section.setdefault(str(part), {})
        if not isinstance(section, dict):
            raise SettingsError(f"{name}: {part} is a value in {FILE_NAME}, not a section")
    section[str(key)] = value


_OTHER_VARIABLES = ("BANTAM_CONFIG", "BANTAM_SHARED", "BANTAM_TEST_")
"""Not settings: where the file is, and what only tests read."""


def _parsed(text: str, wanted: Any) -> Any:
    """Read a variable as TOML, or as it stands: a key of digits alone stays what it is."""
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text
    return text if _is_text(wanted) and not isinstance(value, str) else value


def _is_text(wanted: Any) -> bool:
    """Say whether a type is text: secret, optional or under a name (`DealId`), or plain."""
    options = get_args(wanted) if get_origin(wanted) in {Union, UnionType} else (wanted,)
    plain = {getattr(option, "__supertype__", option) for option in options}
    return plain <= {str, SecretStr, Path, type(None)}


def _type_at(sections: Sequence[str], key: str) -> Any:
    """Return the type of a setting, None where there is no such setting."""
    here: Any = Settings
    for part in (*sections, key):
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(part)
            here = field.annotation if field else None
        else:
            # A mapping by name: what it holds.
            here = get_args(here)[1] if get_origin(here) is Mapping else None
    return here


def _as_settings_error(
    where: Path, named: Mapping[_Place, str], error: ValidationError
) -> SettingsError:
    lines, model_is_wrong = [], False
    for problem in error.errors(include_input=False, include_url=False):
        place = problem["loc"]
        source = next(
            (named[place[:n]] for n in range(len(place), 0, -1) if place[:n] in named), ""
        )
        model_is_wrong |= place[:2] == ("scoring", "models")
        key = ".".join(str(part) for part in place) or "settings"
        lines.append(f"{source or where}: {key}: {_what_is_wrong(problem)}")
    return (ScoreModelError if model_is_wrong else SettingsError)("; ".join(lines))


def _what_is_wrong(problem: ErrorDetails) -> str:
    place = problem["loc"]
    match problem["type"]:
        case "extra_forbidden":
            return f"no such setting{_did_you_mean(str(place[-1]), _keys_at(place[:-1]))}"
        case "model_type" | "dict_type":
            return f"expected a section, [{'.'.join(map(str, place))}]"
        case "tuple_type":
            return "expected a list, in square brackets"
        case "string_pattern_mismatch" if place[-1] == "base_url":
            return "expected an address that begins with http:// or https://"
    return problem["msg"].removeprefix("Value error, ").replace("Input should be", "expected", 1)


def _keys_at(location: tuple[int | str, ...]) -> list[str]:
    """Return the keys of the section at a location, as far as sections can be followed."""
    section: type[BaseModel] = Settings
    if not location:
        # A key that stands outside its section is the likeliest slip.
        inside = [f"{name}.{key}" for name in section.model_fields for key in _keys_at((name,))]
        return [*section.model_fields, *inside]
    if location[:2] == ("scoring", "models"):
        return list(ScoreModel.model_fields)
    for part in location:
        field = section.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type):
            return []
        if not issubclass(field.annotation, BaseModel):
            return []
        section = field.annotation
    return list(section.model_fields)


def _did_you_mean(word: str, known: Mapping[str, Any] | list[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
