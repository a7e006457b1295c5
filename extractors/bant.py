"""Reads a call with a language model: render, ask, check every quote, stamp how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from bantam.domain.bant import Criterion, Extraction, ExtractionOutcome, Reading, RunRecord, Usage
from bantam.domain.calls import Call
from bantam.domain.value import digest
from bantam.ports import AnswerCache, Clock
from extractors.asking import Answer, LanguageModel
from extractors.call_index import CallIndex
from extractors.claiming import claims_of
from extractors.gates import ground
from extractors.prompts import BantPrompt, Prompt, estimated_tokens, tagged_lines
from extractors.reply import schema_digest
from extractors.splitting import merge_readings, split_lines

VERSION = "1"
"""Changes when the same answer would be read differently: grounding, gates, merging."""
_FRAME_TOKENS = 200
"""The user message around the transcript."""
_SMALLEST_PART = 256
"""Tokens; a server that finds this too long is not going to take any part."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What of an installation decides how a call is read."""

    context_tokens: int = 100_000
    """The model's window, answer included; longer transcripts are split."""
    answer_tokens: int = 4096
    fiscal_year_start_month: int = 1
    """1 to 12."""
    sample: int = 0
    """k: which of several answers to the same question is wanted."""


class ModelExtractor:
    """An `Extractor` on a language model. Thread-safe."""

    name = "model"

    def __init__(
        self,
        model: LanguageModel,
        prompt: BantPrompt,
        clock: Clock,
        *,
        reader: Reader | None = None,
        cache: AnswerCache | None = None,
    ) -> None:
        """Put the parts together; nothing is asked yet.

        Args:
            model: who answers.
            prompt: what is asked.
            clock: stamps the run.
            reader: windows and fiscal year; None for the defaults.
            cache: answers paid for before; None keeps none.
        """
        self._model = model
        self._prompt = prompt
        self._clock = clock
        self._reader = reader or Reader()
        self._cache = cache
        self._run = RunRecord(
            extractor=self.name,
            extractor_version=VERSION,
            model=model.name,
            prompt_digest=prompt.digest,
            schema_digest=schema_digest(),
            parameters_digest=digest(dict(model.parameters), self._reader.fiscal_year_start_month),
            sample=self._reader.sample,
            started_at=(now := clock()),
            finished_at=now,
        )

    @property
    def version_key(self) -> str:
        """Digest of everything but the call that decides the answer."""
        return self._run.version_key

    def extract(self, call: Call) -> Extraction:
        """Return the four readings, or an outcome that says why there are none.

        Raises:
            ExtractionError: nothing can be read at all (wrong key, no quota).
        """
        started = self._clock()
        if not any(turn.text.strip() for turn in call.turns):
            answers = [Answer(outcome=ExtractionOutcome.EMPTY, detail="the transcript is empty")]
            return self._extraction(call, started, answers, Usage())
        answers, wasted = self._answers(call)
        return self._extraction(call, started, answers, wasted)

    def with_cache(self, cache: AnswerCache) -> ModelExtractor:
        """Return the same reader with another cache of answers."""
        return ModelExtractor(
            self._model, self._prompt, self._clock, reader=self._reader, cache=cache
        )

    def questions(self, call: Call) -> list[tuple[str, Prompt]]:
        """Return what `extract` would ask first: for each part its key in the cache, its prompt."""
        if not any(turn.text.strip() for turn in call.turns):
            return []
        parts = split_lines(tagged_lines(call), self._room())
        return [
            (self._key(call, part, n, len(parts)), self._rendered(call, part, n, len(parts)))
            for n, part in enumerate(parts, start=1)
        ]

    def _answers(self, call: Call) -> tuple[list[Answer], Usage]:
        """Return an answer per part of the call, up to the first that failed.

        Also what was spent on parts that a server found too long before they were cut again.
        """
        lines = tagged_lines(call)
        room = self._room()
        wasted = Usage()
        while True:
            parts = split_lines(lines, room)
            answers: list[Answer] = []
            for number, part in enumerate(parts, start=1):
                answers.append(self._answer(call, part, number, len(parts)))
                if answers[-1].reply is None:
                    break
            room = min(room, max(sum(map(estimated_tokens, part)) for part in parts)) // 2
            if not answers[-1].too_long or room < _SMALLEST_PART:
                return answers, wasted
            wasted = sum((answer.usage for answer in answers), wasted)

    def _room(self) -> int:
        """Return how many tokens of transcript fit one request."""
        room = self._reader.context_tokens - self._reader.answer_tokens
        return max(_SMALLEST_PART, room - self._prompt.system_tokens - _FRAME_TOKENS)

    def _key(self, call: Call, lines: Sequence[str], part: int, parts: int) -> str:
        return digest(
            [call.started_at.date().isoformat(), call.language, *lines, part, parts],
            self._run.version_key,
        )

    def _rendered(self, call: Call, lines: Sequence[str], part: int, parts: int) -> Prompt:
        if parts == 1:
            part = parts = 0
        return self._prompt.render(call, lines, part=part, parts=parts)

    def _answer(self, call: Call, lines: Sequence[str], part: int, parts: int) -> Answer:
        key = self._key(call, lines, part, parts)
        kept = self._cache.get(key) if self._cache else None
        if kept is not None:
            try:
                return Answer.model_validate_json(kept)
            except ValidationError:
                pass  # kept by a version that answered in another shape: ask again
        answer = self._model.ask(self._rendered(call, lines, part, parts))
        if self._cache and answer.outcome is ExtractionOutcome.OK:
            free = answer.model_copy(update={"usage": Usage()})
            self._cache.put(key, free.model_dump_json(), answer.usage, call.id)
        return answer

    def _extraction(
        self, call: Call, started: datetime, answers: Sequence[Answer], wasted: Usage
    ) -> Extraction:
        last = answers[-1]
        readings, injections = self._readings(call, answers)
        run = self._run.model_copy(
            update={
                "served_model": last.served_model,
                "mode": last.mode,
                "repaired": any(answer.repaired for answer in answers),
                "recovered_from_reasoning": any(a.recovered_from_reasoning for a in answers),
                "chunks": len(answers),
                "usage": sum((answer.usage for answer in answers), wasted),
                "started_at": started,
                "finished_at": self._clock(),
            }
        )
        return Extraction(
            call_id=call.id,
            transcript_digest=call.transcript_digest,
            outcome=last.outcome,
            detail=last.detail,
            readings=readings,
            run=run,
            injection_turns=injections,
        )

    def _readings(
        self, call: Call, answers: Sequence[Answer]
    ) -> tuple[Mapping[Criterion, Reading], tuple[int, ...]]:
        replies = [answer.reply for answer in answers if answer.reply is not None]
        if len(replies) < len(answers):
            return {}, ()
        index = CallIndex(call, fiscal_year_start_month=self._reader.fiscal_year_start_month)
        suspected = {t for reply in replies for t in reply.injection_turns if 0 <= t < len(index)}
        parts = [
            {claim.criterion: ground(claim, index, suspected=suspected) for claim in claims}
            for claims in (claims_of(reply, index) for reply in replies)
        ]
        readings = parts[0] if len(parts) == 1 else merge_readings(parts)
        return readings, tuple(sorted(suspected | index.injected))
