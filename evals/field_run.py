"""Read labelled calls with an extractor and keep what it said: the run that the gate compares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from bantam.domain.bant import Criterion, Extraction
from bantam.domain.score import ScoreModel
from bantam.ports import Extractor
from bantam.scoring import score
from evals.attacks import raised, with_attack
from evals.gold import GoldCall, cases_digest
from evals.runs import CallRun, EvalRun, Item
from extractors.prompts import BantPrompt


class FieldRun(NamedTuple):
    """A run, and the extractions behind it (which hold quotes and stay on this machine)."""

    run: EvalRun
    extractions: tuple[tuple[GoldCall, Extraction], ...]
    """The first sample of each call."""


def field_run(
    calls: Sequence[GoldCall],
    samples: Sequence[Extractor],
    model: ScoreModel,
    *,
    now: Callable[[], datetime],
    attack: bool = True,
    threads: int = 1,
) -> FieldRun:
    """Read every call once per sample and once more with an attack in it.

    Args:
        calls: labelled ones.
        samples: one extractor for each sample number; the first also reads the attacked calls.
        model: scores the readings.
        now: the clock.
        attack: also try words to the reader, which costs one more reading of each call.
        threads: how many calls are read at once.

    Raises:
        ExtractionError: the extractor cannot run at all.
    """

    def read(gold: GoldCall) -> tuple[list[Extraction], tuple[Criterion, ...] | None]:
        found = [extractor.extract(gold.call) for extractor in samples]
        attacked = with_attack(gold.call) if attack else None
        if attacked is None:
            return found, None
        return found, raised(found[0], samples[0].extract(attacked))

    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(read, calls))
    items, runs = [], []
    for gold, (found, went_up) in zip(calls, answers, strict=True):
        deal = str(gold.call.deal_id or gold.call.id)
        points = [score(e, model, scored_at=e.run.finished_at).points for e in found]
        runs.append(CallRun.from_samples(deal, found, points, went_up))
        items += [_item(gold, deal, criterion, found) for criterion in Criterion]
    first = [found[0] for found, _ in answers]
    made = EvalRun(
        reader=_reader(first),
        digests=_digests(calls, first),
        made_at=now(),
        samples=len(samples),
        items=tuple(items),
        calls=tuple(runs),
    )
    return FieldRun(made, tuple(zip(calls, first, strict=True)))


def _item(gold: GoldCall, deal: str, criterion: Criterion, found: Sequence[Extraction]) -> Item:
    position = gold.position(criterion)
    return Item(
        id=f"{gold.call.id}/{criterion}",
        deal=deal,
        criterion=criterion,
        gold=gold.labels[criterion].level,
        levels=tuple(e.readings[criterion].level if e.readings else None for e in found),
        slices={**gold.slices, **({"evidence": position} if position else {})},
    )


def _reader(found: Sequence[Extraction]) -> str:
    if not found:
        return ""
    run = found[0].run
    return " ".join(part for part in (run.extractor, run.model) if part)


def _digests(calls: Sequence[GoldCall], found: Sequence[Extraction]) -> dict[str, str]:
    digests = {"cases": cases_digest(list(calls)), "templates": BantPrompt().digest}
    if found:
        run = found[0].run
        digests |= {
            "extractor": run.extractor_version,
            "prompt": run.prompt_digest,
            "schema": run.schema_digest,
            "parameters": run.parameters_digest,
        }
    return digests
