"""The reader that needs nothing but the package: no key, no network, no download."""

from __future__ import annotations

from dataclasses import astuple
from datetime import datetime
from typing import Any

from bantam.domain.bant import Criterion, Extraction, ExtractionOutcome, Reading, RunRecord
from bantam.domain.calls import Call, Side
from bantam.domain.value import digest
from bantam.ports import Clock
from extractors.call_index import CallIndex
from extractors.embedded.claiming import claims_of
from extractors.embedded.cues import cues_of
from extractors.embedded.languages import unsupported
from extractors.embedded.weighing import RULES
from extractors.embedded.weights import weights_digest
from extractors.gates import ground

_CODE = "3"
"""Raise when code changes what is read of a call; weights and rules name themselves."""


class EmbeddedExtractor:
    """Reads calls with a small text model. Thread-safe; weights load at the first call."""

    name = "embedded"

    def __init__(self, clock: Clock, *, fiscal_year_start_month: int = 1) -> None:
        """Make a reader; nothing is loaded yet.

        Args:
            clock: stamps the runs.
            fiscal_year_start_month: 1 to 12, for "end of Q1" and its like.
        """
        self._clock = clock
        self._fiscal_year_start_month = fiscal_year_start_month

    @property
    def version_key(self) -> str:
        """Digest of everything but the call that decides the answer."""
        return self._run().version_key

    def extract(self, call: Call) -> Extraction:
        """Return the four readings; an empty call says nothing.

        The outcome is OK, or `UNSUPPORTED_LANGUAGE`.
        """
        started = self._clock()
        index = CallIndex(call, fiscal_year_start_month=self._fiscal_year_start_month)
        heard = _heard(call, index)
        if why := unsupported(call.language, (call.turns[turn].text for turn in heard)):
            return self._extraction(
                call, started, outcome=ExtractionOutcome.UNSUPPORTED_LANGUAGE, detail=why
            )
        cues = cues_of(call, heard)
        readings = {criterion: Reading.not_discussed(criterion) for criterion in Criterion}
        for claim in claims_of(call, cues, self._fiscal_year_start_month):
            readings[claim.criterion] = ground(claim, index)
        injected = tuple(sorted(index.injected))
        return self._extraction(call, started, readings=readings, injection_turns=injected)

    def _extraction(self, call: Call, started: datetime, **found: Any) -> Extraction:
        run = self._run().model_copy(update={"started_at": started, "finished_at": self._clock()})
        kept = {"outcome": ExtractionOutcome.OK, "readings": {}, **found}
        return Extraction(
            call_id=call.id, transcript_digest=call.transcript_digest, run=run, **kept
        )

    def _run(self) -> RunRecord:
        now = self._clock()
        rules = [(str(criterion), astuple(rule)) for criterion, rule in RULES.items()]
        return RunRecord(
            extractor=self.name,
            extractor_version=digest(_CODE, weights_digest(), rules)[:12],
            parameters_digest=digest(self._fiscal_year_start_month),
            started_at=now,
            finished_at=now,
        )


def _heard(call: Call, index: CallIndex) -> list[int]:
    """Return the turns to read: the buyers', or the unknown speakers' when no buyer is known."""
    buyers_known = any(call.on_side(Side.BUYER))
    side = Side.BUYER if buyers_known else Side.UNKNOWN
    return [
        turn
        for turn in range(len(index))
        if index.side(turn) is side and turn not in index.injected
    ]
