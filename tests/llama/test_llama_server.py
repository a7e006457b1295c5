"""The extractor against a real inference server: llama.cpp with a model of random weights.

The words are junk. What is proved is the wire: that the schema compiles there, that whatever
the grammar lets through is validated and gated, and that real failures end as the outcome they
are. Build the server once with `python tests/llama/build.py`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bantam.domain.bant import Criterion, ExtractionOutcome, Flag
from bantam.errors import ExtractionError
from bantam.scoring import SHIPPED_MODELS, score
from extractors.bant import ModelExtractor
from extractors.models.openai_chat import ChatSettings, OpenAIChat
from extractors.models.pacing import Pacing
from extractors.models.transport import Transport, make_client
from extractors.probe import probe
from extractors.prompts import BantPrompt, tagged_lines
from tests.factories import a_call
from tests.fakes import SetClock
from tests.llama.build import build, cached_binary
from tests.llama.tiny_model import Bias, make_model

pytestmark = [pytest.mark.llama, pytest.mark.xdist_group("llama"), pytest.mark.timeout(1800)]

KEY = "sk-llama"
CALL = a_call()
PROMPT = BantPrompt()
ASKED = PROMPT.render(CALL, tagged_lines(CALL))


@pytest.fixture(scope="session")
def binary() -> Path:
    if not cached_binary().exists() and not os.environ.get("CI"):
        pytest.skip("no llama-server: build it once with `python tests/llama/build.py`")
    return build()


@contextmanager
def serving(binary: Path, model: Path, *options: str) -> Iterator[str]:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        port = probe_socket.getsockname()[1]
    # One thread: on a busy machine two wait for each other for most of the time.
    command = [str(binary), "-m", str(model), "--alias", "m", "-t", "1", "--no-webui"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--api-key", KEY, *options]
    log = model.with_suffix(".log")
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)  # the only way to learn that a process listens is to ask again
    raise AssertionError(f"llama-server did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def biased(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("biased")
    model = make_model(folder / "biased.gguf", Bias(bracket=-0.1))
    with serving(binary, model, "-c", "16384", "--parallel", "2") as url:
        yield url


@pytest.fixture(scope="session")
def rambling(binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = make_model(tmp_path_factory.mktemp("rand") / "rand.gguf")
    with serving(binary, model, "-c", "8192", "--parallel", "1") as url:
        yield url


@pytest.fixture
def ask_at() -> Iterator[Callable[..., OpenAIChat]]:
    clients = []

    def connect(url: str, key: str = KEY, **changes: Any) -> OpenAIChat:
        fields = {"max_tokens": 3000, "timeout_seconds": 300.0, **changes}
        settings = ChatSettings(model="m", base_url=url, api_key=SecretStr(key), **fields)
        clients.append(make_client(url, key))
        pacing = Pacing(2)
        transport = Transport(clients[-1], pacing, sleep=lambda _: None)
        return OpenAIChat(settings, pacing, transport=transport)

    yield connect
    for client in clients:
        client.close()


def test_strict_answers_parse_pass_the_gates_and_score(
    biased: str, ask_at: Callable[..., OpenAIChat]
) -> None:
    for seed in (1, 2):
        model = ask_at(biased, parameters={"temperature": 1.0, "seed": seed})
        extraction = ModelExtractor(model, PROMPT, SetClock()).extract(CALL)

        assert extraction.outcome is ExtractionOutcome.OK, extraction.detail
        assert extraction.run.mode == "json_schema"
        assert extraction.run.usage.output_tokens > 50
        # What a model of random weights quotes stands nowhere, so nothing may be believed.
        for criterion in Criterion:
            reading = extraction.readings[criterion]
            assert reading.evidence == ()
            claimed = reading.claimed_level != "not_discussed"
            assert claimed == (Flag.UNGROUNDED in reading.flags)
        scored = score(extraction, SHIPPED_MODELS["bant"], scored_at=SetClock()())
        assert (scored.points is None) == (scored.unscored_reason is not None)


def test_an_answer_cut_at_the_limit_is_truncated(
    biased: str, ask_at: Callable[..., OpenAIChat]
) -> None:
    answer = ask_at(biased, max_tokens=16).ask(ASKED)

    assert answer.outcome is ExtractionOutcome.TRUNCATED
    assert answer.usage.requests == 2


def test_a_wrong_key_stops_the_run(biased: str, ask_at: Callable[..., OpenAIChat]) -> None:
    with pytest.raises(ExtractionError, match="refuses the API key"):
        ask_at(biased, key="sk-wrong").ask(ASKED)


def test_a_prompt_beyond_the_window_is_too_long(
    binary: Path, tmp_path: Path, ask_at: Callable[..., OpenAIChat]
) -> None:
    model = make_model(tmp_path / "small.gguf", Bias())
    with serving(binary, model, "-c", "1024", "--parallel", "1") as url:
        answer = ask_at(url).ask(ASKED)

    assert answer.outcome is ExtractionOutcome.TRANSPORT_ERROR
    assert answer.too_long


def test_a_real_500_is_retried_and_then_a_transport_error(
    rambling: str, ask_at: Callable[..., OpenAIChat]
) -> None:
    """Random bytes break the server's own reading of the answer: HTTP 500, at most seeds."""
    expected = {ExtractionOutcome.TRANSPORT_ERROR, ExtractionOutcome.TRUNCATED}
    for seed in range(1, 25):
        parameters = {"temperature": 2.0, "seed": seed}
        answer = ask_at(rambling, max_tokens=150, parameters=parameters).ask(ASKED)
        assert answer.outcome in expected
        if answer.outcome is ExtractionOutcome.TRANSPORT_ERROR:
            break
    assert answer.outcome is ExtractionOutcome.TRANSPORT_ERROR
    assert answer.detail.startswith("HTTP 500")


def test_the_probe_finds_the_schema_honoured(biased: str) -> None:
    settings = ChatSettings(model="m", base_url=biased, api_key=SecretStr(KEY))
    client = make_client(biased, KEY)

    found = probe(settings, Transport(client, Pacing(1)))

    client.close()

    assert found.mode == "json_schema"
    assert found.enum_obeyed
    assert found.order_kept
    assert found.usage_present
