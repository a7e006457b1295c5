"""A Google that behaves: the token issuer, Forms and Calendar, each on an address of its own."""

from __future__ import annotations

import copy
import functools
import json
import re
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers import Received, Reply, StandIn, route

SUBJECT = "ana@seller.example"
REFRESH = {"client_id": "google-client", "client_secret": "google-secret", "refresh_token": "1//r"}


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account_json() -> str:
    """Return a key file as Google Cloud hands it out."""
    pem = _key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "bantam@p.iam.example",
            "private_key_id": "k1",
            "private_key": pem.decode(),
        }
    )


class Issuer(StandIn):
    """Gives tokens for an assertion or a refresh token."""

    def __init__(self) -> None:
        super().__init__()
        self.claims: dict[str, Any] = {}

    @route("POST", "/token")
    def token(self, request: Received) -> Reply:
        form = request.form()
        if form.get("grant_type") == "refresh_token":
            known = {k: v for k, v in form.items() if k != "grant_type"} == REFRESH
            return _token() if known else Reply(400, {"error": "invalid_grant"})
        try:
            self.claims = jwt.decode(
                form["assertion"], _key().public_key(), algorithms=["RS256"],
                audience="https://oauth2.googleapis.com/token", options={"verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return Reply(
                400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
            )
        return _token()


def _token() -> Reply:
    return Reply(200, {"access_token": "ya29.1", "expires_in": 3599, "token_type": "Bearer"})


class _Api(StandIn):
    def refuse(self, status: int, why: str) -> Reply:
        return failure(status, "invalid" if status == 400 else "authError")

    def authorise(self, request: Received) -> Reply | None:
        if request.headers.get("authorization") != "Bearer ya29.1":
            return failure(401, "authError")
        return None


class Forms(_Api):
    """Serves `responses` of form F1, one a page."""

    spec = "google_forms_v1"

    def __init__(self, responses: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.responses = responses if responses is not None else [a_response("R1")]

    @route("GET", "/v1/forms/{formId}")
    def form(self, request: Received) -> Reply:
        items = [
            {"itemId": "i1", "title": "Company", "questionItem": {"question": {"questionId": "q1"}}},
            {"itemId": "i2", "title": "A picture"},
            {"itemId": "i3", "title": "When suits you?", "questionGroupItem": {"questions": [
                {"questionId": "q3", "rowQuestion": {"title": "Monday"}}]}},
            {"itemId": "i4", "title": "Company", "questionItem": {"question": {"questionId": "q4"}}},
        ]  # fmt: skip
        return Reply(200, {"formId": request.params["formId"], "items": items})

    @route("GET", "/v1/forms/{formId}/responses")
    def list_responses(self, request: Received) -> Reply:
        match = re.fullmatch(
            r"timestamp >= (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", request.one("filter")
        )
        if match is None:
            return failure(400, "badRequest")
        found = [r for r in self.responses if r["lastSubmittedTime"] >= match[1]]
        start = int(request.one("pageToken", "0"))
        page: dict[str, Any] = {"responses": found[start : start + 1]} if found else {}
        if start + 1 < len(found):
            page["nextPageToken"] = str(start + 1)
        return Reply(200, page)


def a_response(
    response_id: str, last: str = "2026-11-24T08:00:00Z", **changes: Any
) -> dict[str, Any]:
    response = {
        "responseId": response_id, "createTime": "2026-11-24T08:00:00Z", "lastSubmittedTime": last,
        "respondentEmail": "bo@buyer.example",
        "answers": {
            "q1": {"questionId": "q1", "textAnswers": {"answers": [{"value": "Acme"}]}},
            "q3": {"questionId": "q3", "textAnswers": {"answers": [{"value": "9:00"}, {"value": "10:00"}]}},
            "q4": {"questionId": "q4", "textAnswers": {"answers": [{"value": "Acme Ltd"}]}}},
    }  # fmt: skip
    return {**response, **changes}


class Calendar(_Api):
    """Keeps events by id; a deleted one keeps its id as cancelled."""

    spec = "google_calendar_v3"

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, Any]] = {}
        self.busy: dict[str, Any] = {SUBJECT: {"busy": [
            {"start": "2026-11-25T09:00:00Z", "end": "2026-11-25T10:00:00Z"}]}}  # fmt: skip

    @route("POST", "/calendars/{calendarId}/events")
    def insert(self, request: Received) -> Reply:
        body = request.json()
        if not {"start", "end"} <= set(body):
            return failure(400, "required")
        if body["start"]["dateTime"] >= body["end"]["dateTime"]:
            return failure(400, "timeRangeEmpty")
        if not re.fullmatch("[a-v0-9]{5,1024}", body["id"]):
            return failure(400, "invalid")
        if body["id"] in self.events:
            return failure(409, "duplicate")
        video = {"hangoutLink": "https://meet.example/x"} if "conferenceData" in body else {}
        kept = {k: v for k, v in body.items() if k != "conferenceData"}
        link = f"https://calendar.example/{body['id']}"
        self.events[body["id"]] = {**kept, **video, "status": "confirmed", "htmlLink": link}
        return Reply(200, self.events[body["id"]])

    @route("GET", "/calendars/{calendarId}/events/{eventId}")
    def get(self, request: Received) -> Reply:
        event = self.events.get(request.params["eventId"])
        return Reply(200, copy.deepcopy(event)) if event else failure(404, "notFound")

    @route("POST", "/freeBusy")
    def free_busy(self, request: Received) -> Reply:
        asked = [item["id"] for item in request.json()["items"]]
        missing = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
        return Reply(200, {"calendars": {c: self.busy.get(c, missing) for c in asked}})


def failure(status: int, reason: str) -> Reply:
    detail = {"domain": "global", "reason": reason, "message": "no"}
    return Reply(status, {"error": {"code": status, "message": "no", "errors": [detail]}})
