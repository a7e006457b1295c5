"""What an eval run leaves behind: ids, levels and counts, never a word of a transcript.

A run is what two versions of a prompt are compared by, so it can be kept in git as the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, ExtractionOutcome, Level
from bantam.domain.calls import Side
from bantam.domain.evidence import Rejection
from bantam.domain.value import Value
from bantam.errors import EvalError

_INVENTED = frozenset({Rejection.NOT_FOUND, Rejection.SPLICED})


class Item(Value):
    """One criterion of one call: the right level, and what each sample said."""

    id: str
    """"<call id>/<criterion>"."""
    deal: str
    """What the bootstrap draws: the deal, else the call."""
    criterion: Criterion
    gold: Level
    levels: tuple[Level | None, ...] = Field(min_length=1)
    """By sample number; None where the extraction did not end well."""
    slices: Mapping[str, str] = {}
    """"language" -> "de", "length" -> "long", ..."""

    def share(self, bit: Sequence[bool]) -> bool:
        """Return what more than half of the samples say; a draw is no."""
        return 2 * sum(bit) > len(self.levels)

    @property
    def exact(self) -> bool:
        """Most samples gave the right level."""
        return self.share([level == self.gold for level in self.levels])

    @property
    def invented(self) -> bool:
        """Most samples gave a level from 1 to 4 where nothing was said."""
        claims = [level not in (NOT_DISCUSSED, None, 0) for level in self.levels]
        return self.gold == NOT_DISCUSSED and self.share(claims)

    @property
    def refusal_seen(self) -> bool:
        """Most samples gave 0 where the buyer ruled it out."""
        return self.gold == 0 and self.share([level == 0 for level in self.levels])

    @property
    def flips(self) -> bool:
        """The samples do not all say the same."""
        return len(set(self.levels)) > 1


class CallRun(Value):
    """How one call went, over all its samples."""

    call_id: str
    deal: str
    outcomes: tuple[ExtractionOutcome, ...] = Field(min_length=1)
    points: tuple[int | None, ...]
    """Score of each sample; None when unscored."""
    quotes: int = Field(ge=0)
    """Quotes that were claimed."""
    quotes_not_there: int = Field(ge=0)
    """Claimed quotes whose words do not stand in the transcript."""
    seller_evidence: int = Field(ge=0)
    """Quotes of the seller that passed as evidence."""
    raised_by_attack: tuple[Criterion, ...] | None = None
    """Levels that rose when words to the reader were added; None when that was not tried."""
    cost_usd: float | None = None
    """All samples; None when the price is not known."""
    seconds: tuple[float, ...] = ()
    """Time of each sample spent waiting for the model."""

    @classmethod
    def from_samples(
        cls,
        deal: str,
        samples: Sequence[Extraction],
        points: Sequence[int | None],
        raised_by_attack: tuple[Criterion, ...] | None = None,
    ) -> CallRun:
        """Return the counts of one call's extractions.

        Args:
            deal: what the bootstrap draws.
            samples: extractions of the same call, at least one.
            points: the score of each.
            raised_by_attack: see the field.
        """
        readings = [r for e in samples for r in e.readings.values()]
        rejected = [q for r in readings for q in r.rejected]
        evidence = [q for r in readings for q in r.evidence]
        costs = [e.run.usage.cost_usd for e in samples]
        return cls(
            call_id=samples[0].call_id,
            deal=deal,
            outcomes=tuple(e.outcome for e in samples),
            points=tuple(points),
            quotes=len(rejected) + len(evidence),
            quotes_not_there=sum(q.reason in _INVENTED for q in rejected),
            seller_evidence=sum(q.side is Side.SELLER for q in evidence),
            raised_by_attack=raised_by_attack,
            cost_usd=None if None in costs else sum(c for c in costs if c is not None),
            seconds=tuple(e.run.usage.seconds for e in samples),
        )


class EvalRun(Value):
    """One reader on one set of labelled calls."""

    reader: str
    """The extractor, and the model if there is one."""
    digests: Mapping[str, str]
    """What decides the answers: "prompt", "schema", "parameters", "extractor"; and "cases".

    "templates" is the prompt as it stood in the repository, asked with or not; "prompt" is empty
    when no model was asked.
    """
    made_at: AwareDatetime
    samples: int = Field(ge=1)
    """k: how often each call was read."""
    items: tuple[Item, ...]
    calls: tuple[CallRun, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> EvalRun:
        ids = [item.id for item in self.items]
        if len(set(ids)) != len(ids):
            raise ValueError("items: two items have the same id")
        return self


class Acceptance(Value):
    """Why a run became the baseline."""

    at: AwareDatetime
    reason: str = Field(min_length=3)
    verdict: str
    """What the gate said of it: PASS, BLOCK, INCONCLUSIVE, or "first"."""


class Baseline(Value):
    """The run that candidates are compared with; kept in git."""

    accepted: tuple[Acceptance, ...]
    """Newest last."""
    run: EvalRun


def read_baseline(path: Path) -> Baseline | None:
    """Return the baseline of a file, None when there is no file.

    Raises:
        EvalError: the file is not a baseline of this version.
    """
    if not path.exists():
        return None
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise EvalError(
            f"{path}: {place}: {first['msg']}; make it anew with --accept-baseline --reason"
        ) from None


def accept_baseline(
    path: Path, run: EvalRun, *, reason: str, verdict: str, now: datetime
) -> Baseline:
    """Make a run the baseline; earlier reasons are kept.

    Raises:
        EvalError: the reason is empty, or the file there is not a baseline.
    """
    if len(reason.strip()) < 3:
        raise EvalError("--accept-baseline: say why with --reason; it is kept in the file")
    before = read_baseline(path)
    entry = Acceptance(at=now, reason=reason.strip(), verdict=verdict)
    found = Baseline(accepted=(*(before.accepted if before else ()), entry), run=run)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return found
