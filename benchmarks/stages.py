"""Milliseconds of our own code for a call of 10,000 words, stage by stage. Median of 20."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bantam.ledger.rows import Entry
from bantam.ledger.store import Ledger
from bantam.scoring import BANT, score
from benchmarks.measure import Row, a_long_call
from extractors.asking import Answer
from extractors.bant import ModelExtractor
from extractors.models.ladder import read_completion
from extractors.prompts import BantPrompt, tagged_lines
from flows import wiring
from integrations.files.formats import read_document
from integrations.files.origin import Origin
from integrations.files.sides import SideRules
from tests.openai_server import quoting_reply

_WORDS = 10_000
_GOAL_MS = 30


class _Answering:
    """A language model that answers at once, so that only our own code is timed."""

    name = "m"
    parameters: dict[str, object] = {}  # noqa: RUF012 - the port asks for a mapping

    def __init__(self, content: str) -> None:
        message = {"role": "assistant", "content": content}
        self._completion = {"choices": [{"finish_reason": "stop", "message": message}]}

    def ask(self, _prompt: object) -> Answer:
        said = read_completion(self._completion)
        return Answer(outcome=said.outcome, reply=said.reply)


def measure() -> list[Row]:
    """Time read, render, extract (ground) and score, store."""
    call = a_long_call(1, _WORDS)
    data = call.model_dump_json().encode()
    prompt = BantPrompt()
    user = prompt.render(call, tagged_lines(call), part=0, parts=0).user
    content = quoting_reply({"messages": [{"role": "user", "content": user}]})
    extractor = ModelExtractor(_Answering(content), prompt, wiring.utc_now)
    extraction = extractor.extract(call)
    scored = score(extraction, BANT, scored_at=wiring.utc_now())
    origin, rules = Origin(Path("c.json")), SideRules()

    def render() -> None:
        prompt.render(call, tagged_lines(call), part=0, parts=0)

    def fresh() -> None:
        extractor.extract(call.model_copy())

    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open(f"sqlite:///{Path(folder) / 'b.db'}", create=True) as ledger,
    ):
        numbers = iter(range(10_000))

        def store() -> None:
            other = call.model_copy(update={"id": f"c-{next(numbers)}"})
            mine = extraction.model_copy(update={"call_id": other.id})
            its = scored.model_copy(update={"call_id": other.id, "extraction_id": mine.id})
            ledger.record_many([Entry(its, other, mine)])

        stages = {
            "read": _median_ms(lambda: list(read_document(data, origin, rules))),
            "render": _median_ms(render),
            "render, parse, ground": _median_ms(fresh),
            "score": _median_ms(lambda: score(extraction, BANT, scored_at=wiring.utc_now())),
            "store": _median_ms(store),
        }
    total = sum(ms for name, ms in stages.items() if name != "render")
    rows = [Row(f"10,000 words: {name}", ms, "ms") for name, ms in stages.items()]
    goal = f"at most {_GOAL_MS}"
    return [*rows, Row("10,000 words: all stages", total, "ms", goal, total <= _GOAL_MS)]


def _median_ms(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(20):
        started = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)
