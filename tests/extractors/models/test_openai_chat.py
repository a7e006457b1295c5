"""The model adapter over the real wire: the openai SDK against a server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest
from pydantic import SecretStr

from bantam.domain.bant import ExtractionOutcome, Usage
from bantam.errors import ExtractionError, QuotaExhaustedError
from extractors.asking import Answer, Price
from extractors.models.ladder import Mode
from extractors.models.openai_chat import ChatSettings, OpenAIChat
from extractors.models.pacing import Pacing
from extractors.models.transport import Transport, make_client
from extractors.prompts import Prompt
from tests.openai_server import (
    API_KEY,
    BROKEN,
    OUT_OF_QUOTA,
    TOO_LONG,
    OpenAIServer,
    Step,
    rate_limited,
    refused_field,
    wire_reply,
)

PROMPT = Prompt(system="Read.", user="<<<TRANSCRIPT x>>>\n[T000|buyer|Bo] Hello\n<<<END x>>>")
GOOD = wire_reply()
OK = ExtractionOutcome.OK


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(lambda _: GOOD) as running:
        yield running
        assert running.problems == [], "a request was not what the API describes"


class Waits(list[float]):
    """Stands in for time.sleep: remembers instead."""

    def __call__(self, seconds: float) -> None:
        self.append(round(seconds, 3))


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def connect(server: OpenAIServer, waits: Waits) -> Iterator[Callable[..., OpenAIChat]]:
    clients: list[openai.OpenAI] = []

    def build(key: str = API_KEY, **changes: Any) -> OpenAIChat:
        settings = ChatSettings(
            model="m", base_url=server.base_url, api_key=SecretStr(key), **changes
        )
        pacing = Pacing(64, sleep=waits)
        clients.append(make_client(server.base_url, key))
        transport = Transport(clients[-1], pacing, sleep=waits, jitter=lambda: 0.5)
        return OpenAIChat(settings, pacing, transport=transport)

    yield build
    for client in clients:
        client.close()


def test_a_good_answer_is_validated_and_accounted_for(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "total_tokens": 1200,
        "prompt_tokens_details": {"cached_tokens": 600},
    }
    server.script(Step(usage=usage))
    price = Price(input=2.0, cached_input=0.5, output=10.0)

    answer = connect(prices={"m": price}).ask(PROMPT)

    assert (answer.outcome, answer.mode, answer.served_model) == (
        OK,
        "json_schema",
        "stand-in-2026",
    )
    assert answer.reply is not None
    assert answer.usage.model_copy(update={"seconds": 0.0}) == Usage(
        requests=1, input_tokens=1000, cached_tokens=600, output_tokens=200, cost_usd=0.0031
    )


def test_only_what_is_set_is_sent(server: OpenAIServer, connect: Callable[..., OpenAIChat]) -> None:
    connect(parameters={"reasoning_effort": "low"}, max_tokens=500).ask(PROMPT)

    (request,) = server.requests
    assert set(request) == {
        "model",
        "messages",
        "response_format",
        "reasoning_effort",
        "max_completion_tokens",
    }
    assert request["response_format"]["json_schema"]["strict"] is True
    properties = request["response_format"]["json_schema"]["schema"]["properties"]
    assert next(iter(properties["budget"]["properties"])) == "evidence"
    assert list(properties["budget"]["properties"])[-2:] == ["level", "confidence"]
    assert "level" not in properties["timeframe"]["properties"]


def test_the_stand_in_refuses_what_the_api_does_not_know(server: OpenAIServer) -> None:
    client = make_client(server.base_url, API_KEY)

    with pytest.raises(openai.BadRequestError, match="Unrecognized request argument"):
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}], extra_body={"temprature": 1}
        )
    with pytest.raises(openai.BadRequestError, match="max_tokens"):
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}], extra_body={"max_tokens": "x"}
        )
    with pytest.raises(openai.NotFoundError):
        client.post("/responses", cast_to=object, body={})

    client.close()
    assert len(server.problems) == 2
    server.problems.clear()


BAD_ENUM = wire_reply(budget={"level": "5"})
FENCED = f"Here you are:\n```json\n{GOOD}\n```\nAnything else?"


@pytest.mark.parametrize(
    ("steps", "outcome", "requests"),
    [
        pytest.param([Step(content=FENCED)], OK, 1, id="fenced JSON in prose"),
        pytest.param([Step(content=f"<think>{{no}}</think>{GOOD}")], OK, 1, id="a thought first"),
        pytest.param([Step(content=GOOD[:90])], OK, 2, id="cut JSON, repaired"),
        pytest.param([Step(content=BAD_ENUM)], OK, 2, id="wrong enum, repaired"),
        pytest.param(
            [Step(content=BAD_ENUM)] * 2, ExtractionOutcome.SCHEMA_MISMATCH, 2, id="wrong twice"
        ),
        pytest.param([Step(content="no")] * 2, ExtractionOutcome.INVALID_JSON, 2, id="prose twice"),
        pytest.param(
            [Step(content=GOOD[:90], finish="length")], OK, 2, id="truncated, then long enough"
        ),
        pytest.param(
            [Step(content=GOOD[:90], finish="length")] * 2,
            ExtractionOutcome.TRUNCATED,
            2,
            id="truncated twice",
        ),
        pytest.param(
            [Step(content="", finish="length")] * 2,
            ExtractionOutcome.TRUNCATED,
            2,
            id="all tokens spent on thinking",
        ),
        pytest.param([Step(content=GOOD + "  ", finish="length")], OK, 1, id="whole all the same"),
        pytest.param(
            [Step(message={"content": None, "refusal": "I can't help with that."})],
            ExtractionOutcome.REFUSAL,
            1,
            id="refusal is not argued with",
        ),
        pytest.param(
            [Step(content="I'm sorry, but I can't assist with that.")],
            ExtractionOutcome.REFUSAL,
            1,
            id="refusal in prose",
        ),
        pytest.param(
            [Step(content=GOOD[:50], finish="content_filter")],
            ExtractionOutcome.CONTENT_FILTER,
            1,
            id="content filter",
        ),
        pytest.param(
            [Step(status=400, error={"message": "filtered", "code": "content_filter"})],
            ExtractionOutcome.CONTENT_FILTER,
            1,
            id="prompt filtered",
        ),
        pytest.param([Step(content="")], ExtractionOutcome.EMPTY, 1, id="empty content"),
        pytest.param([Step(message={"content": None})], ExtractionOutcome.EMPTY, 1, id="null"),
        pytest.param(
            [Step(message={"content": None, "reasoning_content": GOOD})],
            OK,
            1,
            id="answer left in the reasoning",
        ),
        pytest.param([BROKEN], OK, 2, id="500 once"),
        pytest.param([BROKEN] * 5, ExtractionOutcome.TRANSPORT_ERROR, 5, id="500 for good"),
        pytest.param([Step(cut_at=40)], OK, 2, id="body cut"),
        pytest.param([Step(body=b'{"choices": [')], OK, 2, id="200 with half a JSON"),
        pytest.param([Step(body=b"<html>Gateway</html>")], OK, 2, id="200 with HTML"),
        pytest.param([Step(body=b'{"choices": []}')], OK, 2, id="200 without choices"),
        pytest.param([Step(body=b'{"choices": null}')], OK, 2, id="200 with null choices"),
        pytest.param([Step(body=b'{"error": {"message": "x"}}')], OK, 2, id="200 with an error"),
        pytest.param([Step(body=b"null")], OK, 2, id="200 with null"),
        pytest.param(
            [Step(status=400, error={"message": "bad thing", "code": "odd"})],
            ExtractionOutcome.TRANSPORT_ERROR,
            1,
            id="400 of another kind is not retried",
        ),
        pytest.param([TOO_LONG], ExtractionOutcome.TRANSPORT_ERROR, 1, id="context overflow"),
    ],
)
def test_every_answer_ends_as_one_outcome(
    server: OpenAIServer,
    connect: Callable[..., OpenAIChat],
    steps: list[Step],
    outcome: ExtractionOutcome,
    requests: int,
) -> None:
    server.script(*steps)

    answer = connect().ask(PROMPT)

    assert (answer.outcome, len(server.requests)) == (outcome, requests)
    assert (answer.reply is None) == (outcome is not OK)
    assert outcome is OK or answer.detail


def test_a_number_beyond_all_bounds_is_a_schema_mismatch_not_infinity(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    huge = GOOD.replace('"amount_min": null', '"amount_min": 1E7707')
    server.script(Step(content=huge), Step(content=huge))

    answer = connect().ask(PROMPT)

    assert answer.outcome is ExtractionOutcome.SCHEMA_MISMATCH
    assert answer.detail == "budget.amount_min: finite_number"


def test_a_repair_shows_the_answer_and_names_the_place(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    server.script(Step(content=BAD_ENUM))

    answer = connect().ask(PROMPT)

    assert answer.repaired
    system, user, said, asked = server.requests[1]["messages"]
    assert [m["content"] for m in (system, user)] == [PROMPT.system, PROMPT.user]
    assert said == {"role": "assistant", "content": BAD_ENUM}
    assert "budget.level: literal_error" in asked["content"]
    assert answer.usage.requests == 2


def test_a_truncated_answer_is_asked_for_again_with_twice_the_room_and_no_part_of_it(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    server.script(Step(content=GOOD[:90], finish="length"))

    connect(max_tokens=100).ask(PROMPT)

    first, second = server.requests
    assert (first["max_completion_tokens"], second["max_completion_tokens"]) == (100, 200)
    assert first["messages"] == second["messages"]


def test_made_up_keys_are_not_repeated_in_the_detail(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    leaking = GOOD.replace('{"injection', '{"Maria said secret words": 1, "injection', 1)
    server.script(Step(content=leaking), Step(content=leaking))

    answer = connect().ask(PROMPT)

    assert answer.detail == "?: extra_forbidden"


def _without(*modes: str) -> dict[str, Step]:
    return {mode: refused_field("response_format", f"{mode} is not supported") for mode in modes}


@pytest.mark.parametrize(
    ("refuses", "mode"),
    [
        pytest.param(_without("json_schema"), Mode.TOOL, id="no json_schema"),
        pytest.param(
            {**_without("json_schema"), "tools": refused_field("tools", "no tools here")},
            Mode.JSON_OBJECT,
            id="no tools either",
        ),
        pytest.param(
            {
                "response_format": refused_field("response_format", "unknown field"),
                "tools": refused_field("tool_choice", "unknown field"),
            },
            Mode.TEXT,
            id="nothing structured",
        ),
        pytest.param(
            {
                "json_schema": Step(
                    status=500,
                    error={"message": "response_format.type: Input should be 'text'"},
                )
            },
            Mode.TOOL,
            id="a 500 that names response_format",
        ),
    ],
)
def test_a_refused_way_of_asking_steps_down_once_and_is_remembered(
    server: OpenAIServer,
    connect: Callable[..., OpenAIChat],
    waits: Waits,
    refuses: dict[str, Step],
    mode: Mode,
) -> None:
    server.refuses = refuses
    model = connect()

    first = model.ask(PROMPT)
    asked_before = len(server.requests)
    second = model.ask(PROMPT)

    assert (first.outcome, first.mode, second.mode) == (OK, mode, mode)
    assert len(server.requests) - asked_before == 1
    assert waits == []
    shows_schema = "JSON schema" in server.requests[-1]["messages"][0]["content"]
    assert shows_schema == (mode in {Mode.JSON_OBJECT, Mode.TEXT})


def test_an_answer_without_the_tool_call_is_read_from_the_content(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    server.script(Step(message={"content": GOOD, "tool_calls": None}))

    assert connect(mode=Mode.TOOL).ask(PROMPT).outcome is OK


def test_the_other_name_of_the_token_limit_is_found_and_remembered(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    message = "Unsupported parameter: use 'max_tokens' instead."
    server.refuses = {"max_completion_tokens": refused_field("max_completion_tokens", message)}
    model = connect()

    outcomes = [model.ask(PROMPT).outcome for _ in range(2)]

    assert outcomes == [OK, OK]
    names = [next(k for k in r if k.startswith("max_")) for r in server.requests]
    assert names == ["max_completion_tokens", "max_tokens", "max_tokens"]


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        pytest.param({"Retry_After": "7"}, 7.0, id="seconds"),
        pytest.param({"retry_after_ms": "1500", "Retry_After": "7"}, 1.5, id="milliseconds first"),
        pytest.param({"Retry_After": "soon"}, 0.5, id="unreadable"),
        pytest.param({}, 0.5, id="none"),
    ],
)
def test_a_rate_limit_is_waited_out(
    server: OpenAIServer,
    connect: Callable[..., OpenAIChat],
    waits: Waits,
    headers: dict[str, str],
    waited: float,
) -> None:
    server.script(rate_limited(**headers))

    answer = connect().ask(PROMPT)

    assert answer.outcome is OK
    assert waits[0] == waited


def test_a_wait_beyond_the_deadline_is_not_begun(
    server: OpenAIServer, connect: Callable[..., OpenAIChat], waits: Waits
) -> None:
    server.script(rate_limited(Retry_After="90"))

    answer = connect(timeout_seconds=30).ask(PROMPT)

    assert answer.outcome is ExtractionOutcome.TRANSPORT_ERROR
    assert answer.detail == (
        "HTTP 429 (rate_limit_exceeded); waiting longer would pass the deadline"
    )
    assert (waits, len(server.requests)) == ([], 1)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(Step(hang=True), id="no headers ever"),
        pytest.param(Step(drip=True), id="a body that never ends"),
    ],
)
def test_a_server_that_stalls_is_left_at_the_deadline(
    server: OpenAIServer, connect: Callable[..., OpenAIChat], step: Step
) -> None:
    server.script(step)

    answer = connect(timeout_seconds=0.2).ask(PROMPT)

    assert answer.outcome is ExtractionOutcome.TRANSPORT_ERROR
    assert answer.usage.seconds < 2


def test_a_server_that_is_not_there_is_a_transport_error(
    server: OpenAIServer, connect: Callable[..., OpenAIChat], waits: Waits
) -> None:
    settings = ChatSettings(model="m", base_url="http://127.0.0.1:1/v1", api_key=SecretStr(API_KEY))
    client = make_client(settings.base_url, API_KEY)
    pacing = Pacing(1)

    answer = OpenAIChat(
        settings, pacing, transport=Transport(client, pacing, sleep=waits, jitter=lambda: 0.5)
    ).ask(PROMPT)

    client.close()
    assert answer.outcome is ExtractionOutcome.TRANSPORT_ERROR
    assert answer.detail == "APIConnectionError instead of a completion; 5 attempts"
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_no_quota_stops_at_once_and_for_all(
    server: OpenAIServer, connect: Callable[..., OpenAIChat], waits: Waits
) -> None:
    server.script(OUT_OF_QUOTA)

    with pytest.raises(QuotaExhaustedError, match="no quota left"):
        connect().ask(PROMPT)

    assert (waits, len(server.requests)) == ([], 1)


def test_a_wrong_key_is_an_error_that_names_the_fix_and_not_the_key(
    connect: Callable[..., OpenAIChat],
) -> None:
    with pytest.raises(ExtractionError, match="BANTAM_MODEL__API_KEY") as caught:
        connect(key="sk-very-secret").ask(PROMPT)

    assert "sk-very-secret" not in f"{caught.value!r} {connect(key='sk-very-secret')!r}"


def test_an_unknown_model_is_an_error_that_names_it(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    error = {"message": "The model `m` does not exist", "code": "model_not_found"}
    server.script(Step(status=404, error=error))

    with pytest.raises(ExtractionError, match=r"model m: .*model\.name"):
        connect().ask(PROMPT)


def test_a_servers_own_words_do_not_reach_the_detail(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    quoting = {"message": "cannot read: [T000|buyer|Bo] Hello", "code": "odd code with Hello"}
    server.script(Step(status=422, error=quoting))

    assert connect().ask(PROMPT).detail == "HTTP 422"


def test_too_long_says_so(server: OpenAIServer, connect: Callable[..., OpenAIChat]) -> None:
    server.script(TOO_LONG)

    assert connect().ask(PROMPT).too_long


def test_many_threads_share_one_model(
    server: OpenAIServer, connect: Callable[..., OpenAIChat]
) -> None:
    server.refuses = _without("json_schema")
    model = connect()

    with ThreadPoolExecutor(32) as pool:
        answers: list[Answer] = list(pool.map(model.ask, [PROMPT] * 200))

    assert {(a.outcome, a.mode) for a in answers} == {(OK, "tool")}
    refused = sum("response_format" in request for request in server.requests)
    assert refused <= 32
    assert len(server.requests) == 200 + refused


def test_settings_do_not_show_the_key() -> None:
    settings = ChatSettings(model="m", base_url="http://x/v1", api_key=SecretStr("sk-secret"))

    assert "sk-secret" not in repr(settings) + settings.model_dump_json()
