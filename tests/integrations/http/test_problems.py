from __future__ import annotations

import inspect

import httpx
import pytest

from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from integrations.http.problems import (
    Answer,
    Problem,
    as_error,
    kind_of_status,
    standard_problem,
    transport_error,
)
from tests.surroundings import NOW


def answer(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), b"")


def test_every_status_is_a_success_or_an_error_of_ours() -> None:
    for status in range(100, 1000):
        problem = standard_problem(answer(status), NOW)
        if 200 <= status < 300:
            assert problem is None
            continue
        error = as_error(problem, "gong", "GET /v2/calls", answer(status))
        assert type(error) in VendorError.__subclasses__()
        assert error.status == status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(302, VendorRejectedError, id="redirect not followed"),
        pytest.param(400, VendorRejectedError, id="bad request"),
        pytest.param(401, VendorAuthError, id="unauthorised"),
        pytest.param(402, VendorRejectedError, id="plan"),
        pytest.param(403, VendorAuthError, id="forbidden"),
        pytest.param(404, VendorNotFoundError, id="not found"),
        pytest.param(408, VendorDownError, id="request timeout"),
        pytest.param(409, VendorConflictError, id="conflict"),
        pytest.param(410, VendorNotFoundError, id="gone"),
        pytest.param(415, VendorRejectedError, id="media type"),
        pytest.param(422, VendorRejectedError, id="unprocessable"),
        pytest.param(423, VendorBusyError, id="locked"),
        pytest.param(429, VendorBusyError, id="too many"),
        pytest.param(500, VendorDownError, id="server error"),
        pytest.param(503, VendorDownError, id="unavailable"),
        pytest.param(521, VendorDownError, id="cdn"),
    ],
)
def test_statuses_mean_what_they_mean(status: int, kind: type[VendorError]) -> None:
    assert kind_of_status(status) is kind


def test_503_with_retry_after_is_busy_and_says_when() -> None:
    problem = standard_problem(answer(503, retry_after="20"), NOW)
    assert problem.kind is VendorBusyError
    assert (problem.retry_at - NOW).total_seconds() == 20


def every_httpx_error() -> list[type[Exception]]:
    roots = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
    return [
        kind
        for _, kind in inspect.getmembers(httpx, inspect.isclass)
        if issubclass(kind, roots) and kind is not httpx.HTTPStatusError
    ]


@pytest.mark.parametrize("kind", every_httpx_error())
def test_every_httpx_error_becomes_one_of_ours_without_its_text(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "Illegal header value b'Bearer k-secret'")
    ours = transport_error(error, "gong", "GET /v2/calls")
    assert isinstance(ours, VendorDownError | VendorRejectedError)
    assert kind.__name__ in str(ours)
    assert "secret" not in str(ours)


@pytest.mark.parametrize(
    "kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
)
def test_without_a_connection_nothing_has_arrived(kind: type[httpx.RequestError]) -> None:
    assert not transport_error(kind("x"), "gong", "GET /").may_have_arrived


def test_a_vendors_code_is_kept_and_its_prose_is_not() -> None:
    kept = as_error(
        Problem(VendorRejectedError, code="is_archived"), "slack", "POST /x", answer(200)
    )
    dropped = as_error(
        Problem(VendorRejectedError, code="the buyer said no"), "slack", "POST /x", answer(200)
    )
    assert (kept.code, dropped.code) == ("is_archived", None)
    assert "buyer" not in str(dropped)
