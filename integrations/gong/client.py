"""Gong's API V2.

Traps that stand behind the code: 404 is the empty result; filters go into the body, never into
the query, of the two POST reads; the cursor is left out, not null, on the first page.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from bantam.domain.calls import CallWindow
from bantam.domain.limits import RequestLimit
from bantam.errors import VendorAuthError, VendorNotFoundError
from integrations.gong.wire import (
    CallMeta,
    CallPage,
    CallTranscript,
    ExtensiveCall,
    ExtensivePage,
    TranscriptPage,
)
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Page,
    Problem,
    Surroundings,
    Vendor,
    VendorClient,
    paginate,
    standard_problem,
)
from integrations.http.credentials import Credentials

T = TypeVar("T")

NAME = "gong"
BASE_URL = "https://api.gong.io"
PER_SECOND = 3
"""For the whole company, the customer's other tools included."""


def key_and_secret(access_key: str, secret: str) -> Credentials:
    """Return credentials of an API key pair."""
    pair = base64.b64encode(f"{access_key}:{secret}".encode()).decode()
    return Fixed({"Authorization": f"Basic {pair}"})


class GongClient:
    """Reads calls of one company."""

    def __init__(
        self,
        credentials: Credentials,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        tenant: str = "default",
        workspace_id: str | None = None,
    ) -> None:
        """Take what a request needs; nothing is sent.

        Args:
            credentials: a key pair, or an OAuth bearer.
            around: the world around.
            base_url: OAuth clients must use the customer's own (`api_base_url_for_customer`).
            tenant: whose allowance the requests count against.
            workspace_id: only calls of this workspace.
        """
        limit = RequestLimit(vendor=NAME, tenant=tenant, per_second=PER_SECOND, burst=PER_SECOND)
        vendor = Vendor(NAME, base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, credentials, around)
        self._workspace_id = workspace_id

    def calls(self, window: CallWindow) -> Iterator[CallMeta]:
        """Yield the calls that started in a window, page by page.

        Raises:
            VendorError: Gong cannot be asked.
        """
        params = {"fromDateTime": _zulu(window.since), "toDateTime": _zulu(window.until)}
        if self._workspace_id:
            params["workspaceId"] = self._workspace_id

        def page(cursor: str | None) -> Page[CallMeta]:
            asked = params if cursor is None else {**params, "cursor": cursor}
            try:
                got = self._http.read(Ask("GET", "/v2/calls", params=asked), CallPage)
            except VendorNotFoundError:
                return Page(())
            return Page(got.calls, got.records.cursor)

        return paginate(NAME, page)

    def call(self, gong_id: str) -> ExtensiveCall | None:
        """Return a call with people and CRM links; None when there is no such call."""
        selected = {"context": "Extended", "exposedFields": {"parties": True}}
        got = self._post("/v2/calls/extensive", ExtensivePage, gong_id, contentSelector=selected)
        calls = got.calls if got else []
        return next((c for c in calls if c.meta.id == gong_id), None)

    def transcript(self, gong_id: str) -> CallTranscript | None:
        """Return a call's words; None while there are none."""
        got = self._post("/v2/calls/transcript", TranscriptPage, gong_id)
        transcripts = got.transcripts if got else []
        return next((t for t in transcripts if t.call_id == gong_id), None)

    def _post(self, path: str, shape: type[T], gong_id: str, **more: Any) -> T | None:
        body = {"filter": {"callIds": [gong_id]}, **more}
        try:
            return self._http.read(Ask("POST", path, json=body, repeatable=True), shape)
        except VendorNotFoundError:
            return None


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read Gong's errors: a request id in the body, English texts, no codes."""
    problem = standard_problem(answer, now)
    if problem is None:
        return None
    fix = ""
    if problem.kind is VendorAuthError:
        fix = (
            "check the key, its scopes and IP allow-list, and that gong.base_url is this company's"
        )
    found = answer.fields().get("requestId")
    return Problem(problem.kind, None, problem.retry_at, str(found) if found else None, fix)


def _zulu(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
