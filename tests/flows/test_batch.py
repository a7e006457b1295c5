"""Request files out and answers in: the same scores as by asking, once, whatever goes wrong."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from apps.cli import exit_codes
from apps.cli.main import run
from bantam.domain.calls import Call, CallId
from bantam.errors import CallFileError, ExtractionError
from bantam.ledger.store import Ledger
from bantam.settings import Settings, load_settings
from extractors.models.batch_files import AnswerFiles, RequestFiles
from flows import batch_remote, wiring
from flows.batch import Batching, export, open_batches
from flows.score_calls import score_calls
from tests.factories import a_call
from tests.openai_server import OpenAIServer, problem_with, quoting_reply
from tests.servers import Server, serve
from tests.standins.openai_batch import OpenAIBatch, completion, error_line, output_line

MODEL = "m-1"


def settings(tmp_path: Path, **more: str) -> Settings:
    env = {
        "BANTAM_EXTRACTOR": "model",
        "BANTAM_MODEL__NAME": MODEL,
        "BANTAM_MODEL__PRICES": '{"m-1" = {input = 2.0, output = 8.0}}',
        "BANTAM_LEDGER__URL": f"sqlite:///{tmp_path / 'bantam.db'}",
    }
    return load_settings(env={**env, **more})


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Batching]:
    with wiring.batching(settings(tmp_path)) as made:
        yield made


def some_calls(n: int) -> list[Call]:
    return [
        a_call(
            ("s", "What is set aside for this?"),
            ("b", f"We have {i + 10} thousand euros in the budget for it this year."),
            id=CallId(f"c-{i:02}"),
        )
        for i in range(n)
    ]


def requests_of(parts: Batching) -> list[dict[str, Any]]:
    paths = [Path(str(run.parameters["file"])) for run in open_batches(parts.ledger)]
    return [orjson.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def answered(parts: Batching, to: Path, *, leave_out: int = 0) -> list[Path]:
    lines = [
        output_line(r["custom_id"], completion(quoting_reply(r["body"])))
        for r in requests_of(parts)
    ]
    to.write_bytes(b"".join(reversed(lines[leave_out:])))
    return [to]


def points(ledger: Ledger) -> dict[str, int | None]:
    return {r.call.id: r.score.points if r.score else None for r in ledger.results()}


def test_answers_by_file_score_as_answers_by_asking_do(parts: Batching, tmp_path: Path) -> None:
    calls = some_calls(30)
    written = export(calls, parts, RequestFiles(tmp_path / "batch"))
    assert (written.read, written.asked, written.requests) == (30, 30, 30)
    assert all(problem_with(r["body"]) is None for r in requests_of(parts))
    files = answered(parts, tmp_path / "out.jsonl")
    ((_, got),) = batch_remote.collect_files(files, parts)
    assert (got.counts.scored, got.again, got.matched) == (30, 0, 30)
    with OpenAIServer(quoting_reply) as server:
        live = settings(tmp_path / "live", BANTAM_MODEL__BASE_URL=server.base_url,
                        BANTAM_MODEL__API_KEY="sk-test")  # fmt: skip
        with wiring.pipeline(live) as pipeline:
            score_calls(calls, pipeline)
            assert pipeline.extractor.version_key == parts.reader().version_key
            assert points(pipeline.ledger) == points(parts.ledger)


def test_reading_back_twice_changes_nothing_and_pays_once(parts: Batching, tmp_path: Path) -> None:
    export(some_calls(5), parts, RequestFiles(tmp_path / "batch"))
    files = answered(parts, tmp_path / "out.jsonl")
    batch_remote.collect_files(files, parts)
    spent = parts.ledger.standing(now=parts.pipeline.clock()).spent[MODEL]
    assert (spent.input_tokens, spent.output_tokens) == (5000, 500)
    assert batch_remote.collect_files(files, parts) == []
    assert parts.ledger.standing(now=parts.pipeline.clock()).spent[MODEL] == spent
    # 1000 in at 2 and 100 out at 8 dollars a million, at half the price.
    assert spent.cost_usd == pytest.approx(5 * 0.5 * (2000 + 800) / 1_000_000)


def test_what_is_asked_already_or_done_is_not_asked_again(parts: Batching, tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    export(some_calls(4), parts, RequestFiles(folder))
    again = export(some_calls(6), parts, RequestFiles(folder))
    assert (again.waiting, again.asked) == (4, 2)
    batch_remote.collect_files(answered(parts, tmp_path / "out.jsonl"), parts)
    third = export(some_calls(6), parts, RequestFiles(folder))
    assert (third.done, third.requests, third.files) == (6, 0, ())


def test_missing_and_expired_answers_stand_in_the_next_export(
    parts: Batching, tmp_path: Path
) -> None:
    folder = tmp_path / "batch"
    export(some_calls(5), parts, RequestFiles(folder))
    keys = [r["custom_id"] for r in requests_of(parts)]
    files = answered(parts, tmp_path / "out.jsonl", leave_out=2)
    errors = tmp_path / "errors.jsonl"
    errors.write_bytes(error_line(keys[0]))
    ((_, got),) = batch_remote.collect_files([*files, errors], parts)
    assert (got.counts.scored, got.again) == (3, 2)
    again = export(some_calls(5), parts, RequestFiles(folder))
    assert (again.done, again.asked) == (3, 2)
    assert sorted(r["custom_id"] for r in requests_of(parts)) == sorted(keys[:2])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(
            lambda key: output_line(key, {"error": {"code": "server_error"}}, 500),
            "transport_error",
            id="a 500",
        ),
        pytest.param(
            lambda key: output_line(key, {"error": {"code": "content_filter"}}, 400),
            "content_filter",
            id="filtered",
        ),
        pytest.param(
            lambda key: output_line(key, completion('{"budget": {')), "invalid_json", id="cut json"
        ),
        pytest.param(
            lambda key: output_line(key, completion("{", finish_reason="length")),
            "truncated",
            id="too long an answer",
        ),
        pytest.param(lambda key: output_line(key, {"object": "x"}), "transport_error", id="odd"),
    ],
)
def test_an_error_ends_as_an_outcome_and_never_as_a_zero(
    parts: Batching, tmp_path: Path, line: Any, reason: str
) -> None:
    export(some_calls(1), parts, RequestFiles(tmp_path / "batch"))
    (key,) = [r["custom_id"] for r in requests_of(parts)]
    path = tmp_path / "out.jsonl"
    path.write_bytes(line(key))
    ((_, got),) = batch_remote.collect_files([path], parts)
    assert got.counts.unscored_by_reason == {reason: 1}
    assert points(parts.ledger) == {"c-00": None}


def test_files_keep_within_the_limits_and_to_their_owner(parts: Batching, tmp_path: Path) -> None:
    written = export(some_calls(7), parts, RequestFiles(tmp_path / "batch", max_requests=3))
    paths = [Path(f) for f in written.files]
    assert [len(p.read_bytes().splitlines()) for p in paths] == [3, 3, 1]
    small = RequestFiles(tmp_path / "small", max_bytes=paths[2].stat().st_size + 100)
    small.add("c-1", [("k-1", {"x": "y" * 9000})])
    small.add("c-2", [("k-2", {"x": "y" * 9000})])
    assert len(small.written) == 1
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in paths)


def test_two_calls_with_the_same_words_are_one_question(parts: Batching, tmp_path: Path) -> None:
    calls = [a_call(id=CallId("c-1")), a_call(id=CallId("c-2"))]
    written = export(calls, parts, RequestFiles(tmp_path / "batch"))
    assert (written.asked, written.requests) == (2, 1)
    batch_remote.collect_files(answered(parts, tmp_path / "out.jsonl"), parts)
    assert set(points(parts.ledger)) == {"c-1", "c-2"}


def test_without_consent_nothing_is_written_down(tmp_path: Path) -> None:
    mine = settings(tmp_path, BANTAM_CONSENT__REQUIRED="true")
    with wiring.batching(mine) as parts:
        calls = [a_call(id=CallId("no")), a_call(("b", "Hi."), id=CallId("yes"), consent=True)]
        written = export(calls, parts, RequestFiles(tmp_path / "batch"))
        assert (written.asked, written.unasked, written.requests) == (1, 1, 1)
        result = parts.ledger.latest_result(CallId("no"))
        assert result.score is not None
        assert result.score.unscored_reason == "no_consent"


def test_a_call_that_was_forgotten_meanwhile_stays_so(parts: Batching, tmp_path: Path) -> None:
    export(some_calls(2), parts, RequestFiles(tmp_path / "batch"))
    files = answered(parts, tmp_path / "out.jsonl")
    parts.ledger.forget_call(CallId("c-00"), now=parts.pipeline.clock(), actor="me")
    ((_, got),) = batch_remote.collect_files(files, parts)
    assert (got.counts.scored, got.again) == (1, 0)


def test_a_file_that_is_no_file_of_answers_is_named_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(error_line("k").decode() + "[1]\n")
    with pytest.raises(CallFileError, match=r"x\.jsonl: line 2: a JSON object with custom_id"):
        AnswerFiles([path])


class TestAtTheServer:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with serve(OpenAIBatch(quoting_reply)) as server:
            yield server

    @pytest.fixture
    def here(self, server: Server, tmp_path: Path) -> Settings:
        more = {"BANTAM_MODEL__BASE_URL": f"{server.url}/v1", "BANTAM_MODEL__API_KEY": "sk-test"}
        return settings(tmp_path, **more)

    def test_from_export_to_scores_and_nothing_stays_at_the_server(
        self, server: Server, here: Settings, tmp_path: Path
    ) -> None:
        api = wiring.batch_api(here)
        with wiring.batching(here) as parts:
            export(some_calls(4), parts, RequestFiles(tmp_path / "batch"))
            (sent,) = batch_remote.submit(parts.ledger, api, parts.pipeline.clock)
            assert batch_remote.submit(parts.ledger, api, parts.pipeline.clock) == []
            assert batch_remote.collect(api, parts) == [], "not ended yet"
            server.stand_in.finish()
            ((stand, got),) = batch_remote.collect(api, parts)
            assert (stand.run.id, got.counts.scored) == (sent.run.id, 4)
            assert batch_remote.collect(api, parts) == []
        assert server.stand_in.files == {}
        assert server.stand_in.problems == []
        assert list((tmp_path / "batch").iterdir()) == []

    def test_a_submission_whose_end_nobody_noted_is_found_again(
        self, server: Server, here: Settings, tmp_path: Path
    ) -> None:
        api = wiring.batch_api(here)
        with wiring.batching(here) as parts:
            export(some_calls(2), parts, RequestFiles(tmp_path / "batch"))
            (run_,) = open_batches(parts.ledger)
            batch_remote.submit(parts.ledger, api, parts.pipeline.clock)
            now = parts.pipeline.clock()
            parts.ledger.move_cursor(f"batch:{run_.id}", "submitting", now=now)
            batch_remote.submit(parts.ledger, api, parts.pipeline.clock)
            assert len(server.stand_in.batches) == 1

    def test_expired_requests_are_free_for_the_next_export(
        self, server: Server, here: Settings, tmp_path: Path
    ) -> None:
        api = wiring.batch_api(here)
        server.stand_in.expires = lambda number: number >= 2
        with wiring.batching(here) as parts:
            export(some_calls(4), parts, RequestFiles(tmp_path / "batch"))
            batch_remote.submit(parts.ledger, api, parts.pipeline.clock)
            server.stand_in.finish()
            ((_, got),) = batch_remote.collect(api, parts)
            assert (got.counts.scored, got.again) == (2, 2)
            again = export(some_calls(4), parts, RequestFiles(tmp_path / "batch"))
            assert (again.done, again.asked) == (2, 2)

    def test_a_batch_that_expired_whole_can_be_sent_once_more(
        self, server: Server, here: Settings, tmp_path: Path
    ) -> None:
        api = wiring.batch_api(here)
        server.stand_in.expires = lambda _: True
        with wiring.batching(here) as parts:
            for sent in (1, 2):
                export(some_calls(2), parts, RequestFiles(tmp_path / "batch"))
                batch_remote.submit(parts.ledger, api, parts.pipeline.clock)
                server.stand_in.finish()
                ((_, got),) = batch_remote.collect(api, parts)
                assert (got.again, len(server.stand_in.batches)) == (2, sent)

    def test_a_wrong_key_is_told_with_the_fix(
        self, server: Server, here: Settings, tmp_path: Path
    ) -> None:
        model = here.model.model_copy(update={"api_key": SecretStr("sk-wrong")})
        wrong = wiring.batch_api(here.model_copy(update={"model": model}))
        with wiring.batching(here) as parts:
            export(some_calls(1), parts, RequestFiles(tmp_path / "batch"))
            with pytest.raises(ExtractionError, match="HTTP 401; set BANTAM_MODEL__API_KEY"):
                batch_remote.submit(parts.ledger, wrong, parts.pipeline.clock)
            batch_remote.submit(parts.ledger, wiring.batch_api(here), parts.pipeline.clock)
            with pytest.raises(ExtractionError, match="HTTP 401"):
                batch_remote.collect(wrong, parts)


def test_the_command_goes_from_export_to_scores_without_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "BANTAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BANTAM_MODEL__NAME", MODEL)
    lines = "".join(f"{c.model_dump_json()}\n" for c in some_calls(3))
    (tmp_path / "calls.jsonl").write_text(lines, encoding="utf-8")
    assert run(["batch", "export", "calls.jsonl", "--to", "out"]) == exit_codes.OK
    told = capsys.readouterr()
    assert "3 to ask in 3 requests" in told.err
    requests = [json.loads(x) for x in Path(told.out.strip()).read_text().splitlines()]
    replies = [output_line(r["custom_id"], completion(quoting_reply(r["body"]))) for r in requests]
    (tmp_path / "answers.jsonl").write_bytes(b"".join(replies))
    assert run(["batch", "status", "--offline"]) == exit_codes.OK
    assert "3 requests" in capsys.readouterr().out
    assert run(["batch", "collect", "--file", "answers.jsonl"]) == exit_codes.OK
    assert "3 calls answered: 3 scored" in capsys.readouterr().out
