"""From a score to what is owed because of it: the note every target gets, and the deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from bantam.domain.bant import NOT_DISCUSSED, Criterion, Extraction, Reading
from bantam.domain.calls import Call
from bantam.domain.delivery import (
    Delivery,
    DeliveryState,
    QuotedReason,
    ScoreNote,
    delivery_key,
)
from bantam.domain.fit import fit_in_words
from bantam.domain.rubric import meaning, question_about
from bantam.domain.score import Contribution, Score

MAX_QUOTE_CHARS = 500
"""CRM text fields and Slack blocks are short; the whole quote stays in the ledger."""


def build_note(
    call: Call, extraction: Extraction, score: Score, *, review_url: str | None = None
) -> ScoreNote:
    """Return the vendor-neutral note about one scored call."""
    return ScoreNote(
        call_id=call.id,
        call_title=call.title,
        call_url=call.url,
        called_at=call.started_at,
        deal_id=call.deal_id,
        points=score.points,
        unscored_reason=score.unscored_reason,
        band=score.band,
        action=score.action,
        grade=score.grade,
        coverage=round(score.coverage, 4),
        reasons=tuple(_quoted(extraction.readings[c]) for c in Criterion if extraction.readings),
        fit=fit_in_words(score.fit) if score.fit else "",
        next_question=next_question(score.contributions),
        extractor=extraction.run.extractor,
        model=extraction.run.model,
        prompt_digest=extraction.run.prompt_digest,
        score_model=score.model,
        score_model_version=score.model_version,
        review_url=review_url,
        scored_at=score.scored_at,
    )


def plan_deliveries(
    note: ScoreNote, extraction: Extraction, targets: Sequence[str], *, now: datetime
) -> tuple[Delivery, ...]:
    """Return what is owed to each target because of this score.

    A call whose readings mostly lost their evidence is held for a person, not delivered. An
    unscored call owes nothing: there is no number to write.

    Args:
        note: what every target gets.
        extraction: decides whether the delivery is held.
        targets: names of gateways.
        now: aware UTC time; a pending delivery is due at once.
    """
    if note.points is None:
        return ()
    held = extraction.mostly_ungrounded
    return tuple(
        Delivery(
            key=delivery_key(target, note),
            target=target,
            call_id=note.call_id,
            deal_id=note.deal_id,
            note=note,
            state=DeliveryState.HELD if held else DeliveryState.PENDING,
            due_at=now,
            last_error="more than half of the readings lost their evidence" if held else "",
        )
        for target in targets
    )


def next_question(contributions: Sequence[Contribution]) -> str:
    """Return what to ask next: about the criterion whose answer could raise the score most.

    Args:
        contributions: of one score; empty gives an empty string.
    """
    if not contributions:
        return ""
    most = max(contributions, key=lambda c: (c.weight * (1 - c.effective), c.weight))
    if most.level == 4:
        return ""
    return question_about(most.criterion, most.level)


def top_reason(score: Score, readings: Mapping[Criterion, Reading]) -> str:
    """Return the one line that says most about a score: its largest mover, with the quote."""
    if not score.contributions or not readings:
        return ""
    most = max(score.contributions, key=lambda c: abs(c.points))
    if most.level == NOT_DISCUSSED:
        return "nothing said on any criterion"
    evidence = readings[most.criterion].evidence
    quote = f': "{evidence[0].quote}"' if evidence else ""
    return f"{most.criterion} {most.level}, {meaning(most.criterion, most.level)}{quote}"


def _quoted(reading: Reading) -> QuotedReason:
    first = reading.evidence[0] if reading.evidence else None
    return QuotedReason(
        criterion=reading.criterion,
        level=reading.level,
        summary=reading.summary or meaning(reading.criterion, reading.level),
        quote=_shortened(first.quote) if first else "",
        speaker=first.speaker if first else "",
        at_seconds=first.start if first else None,
    )


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_QUOTE_CHARS else text[: MAX_QUOTE_CHARS - 1] + "…"
