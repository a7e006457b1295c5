"""Log lines carry ids and no words."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from apps.logs import set_up
from bantam.settings import LogSettings

SECRET = "zebra crossing moonlight"


@pytest.fixture(autouse=True)
def root_logger_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


def logged(form: str) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    set_up(LogSettings(format=form), stream)
    return logging.getLogger("bantam.test"), stream


def fail() -> None:
    raise ValueError(SECRET)


def test_a_json_line_holds_the_ids_that_came_with_it() -> None:
    log, stream = logged("json")
    log.info("call %s: %s", "c-1", "scored", extra={"call_id": "c-1", "score": 71, "error": None})
    line = json.loads(stream.getvalue())
    at = line.pop("at")
    assert at.endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "bantam.test",
        "message": "call c-1: scored",
        "call_id": "c-1",
        "score": 71,
    }


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_unforeseen_error_shows_its_type_and_place_and_not_its_message(form: str) -> None:
    log, stream = logged(form)
    try:
        fail()
    except ValueError:
        log.exception("turn failed")
    assert SECRET not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "test_logs.py:" in stream.getvalue()


def test_debug_lines_and_the_lines_of_http_libraries_are_left_out() -> None:
    log, stream = logged("text")
    log.debug("no")
    logging.getLogger("httpx").info("GET https://x.example/?token=1")
    assert not stream.getvalue()
