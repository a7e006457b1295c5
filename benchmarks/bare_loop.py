"""The least that could make the same requests: the bare SDK in one asyncio loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import openai

from bantam.domain.calls import Call
from extractors.models.ladder import Mode, request_parts
from extractors.prompts import BantPrompt, tagged_lines


def bare_loop(url: str, calls: Sequence[Call], *, at_once: int) -> float:
    """Ask about each call, `at_once` at a time, and keep nothing; return the seconds it takes."""
    return asyncio.run(_asked(url, calls, at_once))


async def _asked(url: str, calls: Sequence[Call], at_once: int) -> float:
    prompt = BantPrompt()
    client = openai.AsyncOpenAI(base_url=url, api_key="sk-test", max_retries=0)
    gate = asyncio.Semaphore(at_once)

    async def ask(call: Call) -> None:
        rendered = prompt.render(call, tagged_lines(call))
        user = [{"role": "user", "content": rendered.user}]
        async with gate:
            body = request_parts(Mode.JSON_SCHEMA, rendered.system, user)
            await client.chat.completions.create(model="m", max_completion_tokens=4096, **body)

    started = time.perf_counter()
    await asyncio.gather(*(ask(call) for call in calls))
    seconds = time.perf_counter() - started
    await client.close()
    return seconds
