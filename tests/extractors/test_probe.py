"""The probe tells what a server honours from what it merely accepts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from bantam.errors import ExtractionError
from extractors.models.ladder import Mode
from extractors.models.openai_chat import ChatSettings
from extractors.models.pacing import Pacing
from extractors.models.transport import Transport, make_client
from extractors.probe import Capabilities, probe
from tests.openai_server import API_KEY, BROKEN, OpenAIServer, Step, refused_field

OBEYED = '{"zone": "red", "amount": null, "tags": ["one"]}'
DISOBEYED = '{"amount": null, "tags": ["x"], "zone": "purple"}'


@pytest.fixture
def ask() -> Iterator[Callable[..., Capabilities]]:
    clients = []

    def run(server: OpenAIServer, key: str = API_KEY, **changes: Any) -> Capabilities:
        settings = ChatSettings(
            model="m", base_url=server.base_url, api_key=SecretStr(key), **changes
        )
        clients.append(make_client(server.base_url, key))
        return probe(settings, Transport(clients[-1], Pacing(1), sleep=lambda _: None))

    yield run
    for client in clients:
        client.close()


def only_on(*honoured: Mode) -> Callable[[Mapping[str, Any]], str]:
    def answer(body: Mapping[str, Any]) -> str:
        asked = body.get("response_format", {}).get("type")
        mode = Mode.TOOL if "tools" in body else Mode(asked or "text")
        return OBEYED if mode in honoured else DISOBEYED

    return answer


def test_a_server_that_honours_the_schema(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(*Mode)) as server:
        found = ask(server)

    assert found.model_copy(update={"seconds": 0.0}) == Capabilities(
        reachable=True,
        mode=Mode.JSON_SCHEMA,
        enum_obeyed=True,
        order_kept=True,
        nullable_ok=True,
        usage_present=True,
        limit_name="max_completion_tokens",
        served_model="stand-in-2026",
    )
    assert len(server.requests) == 1
    assert server.problems == []


def test_a_server_that_takes_the_schema_and_ignores_it(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(Mode.TOOL)) as server:
        found = ask(server)

    assert (found.mode, found.ignored, found.refused) == (Mode.TOOL, (Mode.JSON_SCHEMA,), ())


def test_a_server_that_refuses_all_but_text(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on()) as server:
        server.refuses = {
            "response_format": refused_field("response_format", "no such field"),
            "tools": refused_field("tools", "no such field"),
        }
        found = ask(server)

    assert found.refused == (Mode.JSON_SCHEMA, Mode.TOOL, Mode.JSON_OBJECT)
    assert (found.mode, found.enum_obeyed, found.order_kept) == (Mode.TEXT, False, False)


@pytest.mark.parametrize("content", ["no json", "[1, 2]", ""])
def test_an_answer_that_is_no_object_is_not_honouring(
    ask: Callable[..., Capabilities], content: str
) -> None:
    with OpenAIServer(lambda _: content) as server:
        found = ask(server)

    assert found.mode is Mode.TEXT
    assert found.ignored == (Mode.JSON_SCHEMA, Mode.TOOL, Mode.JSON_OBJECT)


def test_the_name_of_the_token_limit_is_found(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(*Mode)) as server:
        server.refuses = {"max_completion_tokens": refused_field("max_completion_tokens", "no")}
        found = ask(server)

    assert found.limit_name == "max_tokens"
    assert json.dumps(server.requests[-1]).count("max_tokens") == 1


def test_missing_usage_is_noticed(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(*Mode)) as server:
        server.script(Step(usage={}))
        found = ask(server)

    assert not found.usage_present


def test_a_server_that_is_down_is_not_reachable(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(*Mode)) as server:
        server.script(*[BROKEN] * 5)
        found = ask(server)

    assert (found.reachable, found.detail) == (
        False,
        "HTTP 500 (server_error); 5 attempts",
    )


def test_a_wrong_key_is_an_error(ask: Callable[..., Capabilities]) -> None:
    with OpenAIServer(only_on(*Mode)) as server, pytest.raises(ExtractionError, match="API key"):
        ask(server, key="sk-wrong")
