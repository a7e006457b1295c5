"""The one composition root: settings in; ledger, extractor, gateways and pipeline out.

The only module beside `apps` that reads settings. Nothing is built at import, and heavy libraries
are imported where the part that needs them is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bantam.domain.calls import CallId
from bantam.errors import ExtractionError
from bantam.ledger.database import address_of, parsed_url
from bantam.ledger.store import Ledger
from bantam.ports import AnswerCache, CallSource, Extractor, Gateway
from bantam.settings import Settings, load_settings
from extractors.asking import ANSWER_TOKENS, LanguageModel
from flows.answers import LedgerAnswers
from flows.deliver import DeliveryCounts, Previewed, deliver, preview
from flows.intake import Intake
from flows.score_calls import Pipeline
from flows.worker import Worker, worker_name

if TYPE_CHECKING:
    from extractors.bant import ModelExtractor
    from extractors.models.batch_api import BatchApi
    from extractors.models.openai_chat import ChatSettings
    from extractors.probe import Capabilities
    from flows.backfill import Costs
    from flows.batch import Batching


def utc_now() -> datetime:
    """Return now as an aware UTC datetime: the real clock."""
    return datetime.now(UTC)


def settings_from(path: Path | None) -> Settings:
    """Read bantam.toml and the environment (see `bantam.settings.load_settings`)."""
    return load_settings(path)


def with_options(
    settings: Settings,
    *,
    extractor: str | None = None,
    model: str | None = None,
    score_model: str | None = None,
) -> Settings:
    """Return settings with command-line options laid over them.

    Args:
        settings: from bantam.toml and the environment.
        extractor: "embedded" or "model".
        model: name of a language model; implies the extractor "model".
        score_model: name of a score model.

    Raises:
        ScoreModelError: no score model has this name.
    """
    changes: dict[str, object] = {}
    if model is not None:
        changes["model"] = settings.model.model_copy(update={"name": model})
        changes["extractor"] = "model"
    if extractor is not None:
        changes["extractor"] = extractor
    if score_model is not None:
        settings.score_model(score_model)
        changes["scoring"] = settings.scoring.model_copy(update={"model": score_model})
    return settings.model_copy(update=changes)


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger, making or migrating it when needed.

    Raises:
        LedgerError: it cannot be reached, or a newer Bantam wrote it.
    """
    return Ledger.open(settings.ledger.url.get_secret_value(), create=True)


def ledger_name(settings: Settings) -> str:
    """Return the ledger's address without its password.

    Raises:
        LedgerError: it is no address of a ledger.
    """
    return address_of(parsed_url(settings.ledger.url.get_secret_value()))


def build_extractor(settings: Settings, ledger: Ledger | None) -> Extractor:
    """Return the reader that the settings ask for.

    Args:
        settings: choose the reader and its parameters.
        ledger: keeps answers that were paid for; None keeps none.

    Raises:
        ExtractionError: it lacks something, such as a key.
    """
    if settings.extractor == "embedded":
        from extractors.embedded.extractor import EmbeddedExtractor  # noqa: PLC0415

        return EmbeddedExtractor(
            utc_now, fiscal_year_start_month=settings.scoring.fiscal_year_start_month
        )
    cache = LedgerAnswers(ledger, utc_now) if ledger is not None else None
    return _model_extractor(settings, _language_model(settings), cache)


def _model_extractor(
    settings: Settings, model: LanguageModel, cache: AnswerCache | None
) -> ModelExtractor:
    from extractors.bant import ModelExtractor, Reader  # noqa: PLC0415 - openai is heavy
    from extractors.prompts import BantPrompt  # noqa: PLC0415

    reader = Reader(
        context_tokens=settings.model.context_tokens,
        answer_tokens=settings.model.max_tokens,
        fiscal_year_start_month=settings.scoring.fiscal_year_start_month,
    )
    return ModelExtractor(model, BantPrompt(), utc_now, reader=reader, cache=cache)


def _language_model(settings: Settings) -> LanguageModel:
    from extractors.models.openai_chat import OpenAIChat  # noqa: PLC0415 - openai is heavy
    from extractors.models.pacing import Pacing  # noqa: PLC0415

    pacing = Pacing(settings.model.concurrency, settings.model.tokens_per_minute)
    return OpenAIChat(chat_settings(settings), pacing)


def chat_settings(settings: Settings) -> ChatSettings:
    """Return what the model adapter and the probe need to know.

    Raises:
        ExtractionError: there is no key, and the server is the provider's own.
    """
    from extractors.asking import Price  # noqa: PLC0415
    from extractors.models.ladder import Mode  # noqa: PLC0415
    from extractors.models.openai_chat import ChatSettings  # noqa: PLC0415 - openai is heavy

    chosen = settings.model
    return ChatSettings(
        model=chosen.name,
        base_url=chosen.base_url,
        api_key=model_key(settings),
        parameters=chosen.parameters,
        max_tokens=chosen.max_tokens,
        max_tokens_name=chosen.max_tokens_name,
        mode=Mode.JSON_SCHEMA if chosen.mode == "auto" else Mode(chosen.mode),
        timeout_seconds=chosen.timeout_seconds,
        prices={name: Price(**p.model_dump()) for name, p in chosen.prices.items()},
    )


def probe_model(settings: Settings) -> Capabilities:
    """Ask the model server what it honours; costs one to four short questions.

    Raises:
        ExtractionError: no key, a wrong key, or an unknown model.
    """
    from extractors.probe import probe  # noqa: PLC0415 - openai is heavy

    return probe(chat_settings(settings))


def model_key(settings: Settings) -> SecretStr:
    """Return the key for the model server; one of your own may want none.

    Raises:
        ExtractionError: there is no key, and the server is the provider's own.
    """
    if settings.model.api_key is not None:
        return settings.model.api_key
    if "api.openai.com" in settings.model.base_url:
        raise ExtractionError(
            "model: no API key; set OPENAI_API_KEY, or model.base_url for a server of your own, "
            "or leave --model out to read with the embedded extractor"
        )
    return SecretStr("none")


def build_gateways(settings: Settings, ledger: Ledger) -> Mapping[str, Gateway]:
    """Return a gateway for each delivery target of the settings.

    Raises:
        SettingsError: a setting that a target needs is not there.
    """
    from flows import crms, vendors  # noqa: PLC0415
    from integrations.embedded.gateway import EmbeddedGateway  # noqa: PLC0415

    around = vendors.surroundings(utc_now, ledger, worker_name())
    builders: dict[str, Callable[[], Gateway]] = {
        "embedded": lambda: EmbeddedGateway(ledger, utc_now),
        "slack": lambda: vendors.slack_gateway(settings.slack, ledger, around),
        **{n: partial(crms.crm_gateway, n, settings, ledger, around) for n in crms.CRMS},
    }
    return {target: builders[target]() for target in settings.delivery.targets}


def reading_costs(settings: Settings, *, price_factor: float = 1.0) -> Costs:
    """Return what reading a call takes with the reader that the settings ask for.

    Args:
        settings: choose the reader and hold the prices.
        price_factor: of the listed prices; the Batch API asks for less.
    """
    from flows.backfill import Costs  # noqa: PLC0415 - only where a cost is told

    if settings.extractor == "embedded":
        return Costs(lambda _: 0, 0, lambda _read, _written: 0.0)
    from extractors.prompts import BantPrompt, estimated_tokens, tagged_lines  # noqa: PLC0415

    fixed = BantPrompt().system_tokens
    price = settings.model.prices.get(settings.model.name)

    def usd(read: int, written: int) -> float | None:
        if price is None:
            return None
        return price_factor * (read * price.input + written * price.output) / 1_000_000

    return Costs(
        lambda call: fixed + sum(map(estimated_tokens, tagged_lines(call))),
        ANSWER_TOKENS,
        usd,
    )


def build_source(settings: Settings, name: str, ledger: Ledger | None) -> CallSource:
    """Return a call recorder by name, with the sides that the settings make certain.

    Args:
        settings: hold its section.
        name: of the recorder.
        ledger: counts its requests, with those of all who work on it; None: by themselves.

    Raises:
        SettingsError: there is no such source, or a setting that it needs is not there.
    """
    from flows import vendors  # noqa: PLC0415

    around = vendors.surroundings(utc_now, ledger, worker_name())
    return vendors.build_source(name, settings, around)


def preview_due(settings: Settings, limit: int | None = None) -> Iterator[Previewed]:
    """Yield what sending what is owed would change; nothing is written or claimed.

    Raises:
        SettingsError: a setting that a target needs is not there.
    """
    with open_ledger(settings) as ledger:
        yield from preview(ledger, build_gateways(settings, ledger), limit=limit)


@contextmanager
def pipeline(
    settings: Settings, *, dry_run: bool = False, asks_fit: bool = True
) -> Iterator[Pipeline]:
    """Open the ledger and put the main path together; closes the ledger at the end.

    Args:
        settings: everything that can be set.
        dry_run: leave the ledger out, so that nothing is written.
        asks_fit: False where nobody is to be asked about buyers: no credentials are needed.

    Raises:
        LedgerError | ExtractionError | SettingsError: a part cannot be built.
    """
    ledger = None if dry_run else open_ledger(settings)
    try:
        yield _pipeline(settings, ledger, build_extractor(settings, ledger), asks_fit=asks_fit)
    finally:
        if ledger is not None:
            ledger.close()


def _pipeline(
    settings: Settings, ledger: Ledger | None, extractor: Extractor, *, asks_fit: bool = True
) -> Pipeline:
    from flows import crms  # noqa: PLC0415

    return Pipeline(
        ledger=ledger,
        extractor=extractor,
        score_model=settings.score_model(),
        targets=settings.delivery.targets,
        clock=utc_now,
        concurrency=_concurrency(settings),
        review_url=lambda call_id: _review_url(settings, call_id),
        consent_required=settings.consent.required,
        fitting=crms.fitting(settings, ledger, utc_now) if asks_fit else None,
    )


@contextmanager
def batching(settings: Settings) -> Iterator[Batching]:
    """Put together what reads calls through request files; no key and no server is needed.

    Raises:
        LedgerError | SettingsError: a part cannot be built.
    """
    from flows.batch import Batching, NobodyToAsk  # noqa: PLC0415 - openai is heavy

    key = settings.model.api_key or SecretStr("none")
    model = settings.model.model_copy(update={"api_key": key})
    chat = chat_settings(settings.model_copy(update={"model": model}))
    with open_ledger(settings) as ledger:
        answers = LedgerAnswers(ledger, utc_now)
        reader = _model_extractor(settings, NobodyToAsk(chat), answers)
        yield Batching(
            pipeline=_pipeline(settings, ledger, reader),
            chat=chat,
            answers=answers,
            price_factor=settings.batch.price_factor,
        )


def batch_api(settings: Settings) -> BatchApi:
    """Return the Batch API of the model server.

    Raises:
        ExtractionError: there is no key, and the server is the provider's own.
    """
    from extractors.models.batch_api import BatchApi  # noqa: PLC0415 - openai is heavy

    return BatchApi(settings.model.base_url, model_key(settings).get_secret_value())


@contextmanager
def worker(settings: Settings) -> Iterator[Worker]:
    """Put together what the flows around the main path work with; closes the ledger at the end.

    Raises:
        LedgerError | ExtractionError | SettingsError: a part cannot be built.
    """
    from flows import crms, vendors  # noqa: PLC0415

    with pipeline(settings) as parts:
        assert parts.ledger is not None
        around = vendors.surroundings(utc_now, parts.ledger, worker_name())
        gateways = build_gateways(settings, parts.ledger)
        yield Worker(
            ledger=parts.ledger,
            pipeline=parts,
            sources=vendors.build_sources(settings, around),
            gateways=gateways,
            watched=crms.watched(settings, gateways, around),
            name=worker_name(),
        )


def build_intake(settings: Settings, ledger: Ledger) -> Intake:
    """Return where leads come from and where they go.

    Raises:
        SettingsError: a setting that Google or the CRM needs is not there.
    """
    from flows import crms, vendors  # noqa: PLC0415

    around = vendors.surroundings(utc_now, ledger, worker_name())
    return vendors.intake(settings, crms.lead_desk(settings, ledger, around), around)


def deliver_due(settings: Settings, parts: Pipeline, limit: int | None = None) -> DeliveryCounts:
    """Send what the ledger of a pipeline owes now.

    Raises:
        SettingsError: a setting that a target needs is not there.
    """
    assert parts.ledger is not None
    gateways = build_gateways(settings, parts.ledger)
    return deliver(parts.ledger, gateways, clock=parts.clock, worker=worker_name(), limit=limit)


def _concurrency(settings: Settings) -> int:
    """As many calls at once as the model allows; the embedded extractor only uses the CPU."""
    if settings.extractor == "embedded":
        return max(1, min(4, os.cpu_count() or 1))
    return settings.model.concurrency


def _review_url(settings: Settings, call_id: CallId) -> str | None:
    base = settings.delivery.review_base_url
    return f"{base.rstrip('/')}/calls/{call_id}" if base else None
