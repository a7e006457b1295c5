"""Slack's Web API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from bantam.domain.limits import RequestLimit
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
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
)
from integrations.http.later import retry_after
from integrations.slack.wire import Done, Message, Messages, Opened, Posted, UserFound

NAME = "slack"
BASE_URL = "https://slack.com/api"
EVENT_TYPE = "bantam_score"
"""Names the metadata of our messages."""

_INVITE = "invite the bot to the channel, or give it chat:write.public"
_CHECK = "check slack.token"
_PROBLEMS: Mapping[str, tuple[type[VendorError], str]] = {
    "channel_not_found": (VendorNotFoundError, f"check the channel's id; {_INVITE}"),
    "message_not_found": (VendorNotFoundError, "somebody deleted the message"),
    "users_not_found": (VendorNotFoundError, "nobody in the workspace has this address"),
    "not_in_channel": (VendorRejectedError, _INVITE),
    "is_archived": (VendorRejectedError, "the channel is archived; choose another"),
    "account_inactive": (VendorAuthError, _CHECK),
    "invalid_auth": (VendorAuthError, _CHECK),
    "not_authed": (VendorAuthError, _CHECK),
    "token_expired": (VendorAuthError, _CHECK),
    "token_revoked": (VendorAuthError, _CHECK),
    "missing_scope": (VendorAuthError, "the app lacks a scope; see docs/vendors/slack.md"),
    "no_permission": (VendorAuthError, "the app lacks a scope; see docs/vendors/slack.md"),
    "ratelimited": (VendorBusyError, ""),
    "rate_limited": (VendorBusyError, ""),
    "message_limit_exceeded": (VendorBusyError, ""),
    "internal_error": (VendorDownError, ""),
    "fatal_error": (VendorDownError, ""),
    "service_unavailable": (VendorDownError, ""),
    "request_timeout": (VendorDownError, ""),
}
"""What `ok: false` means; what is not here is refused for good."""


class Place(NamedTuple):
    """A message in Slack."""

    channel: str
    ts: str


class SlackClient:
    """Writes to one workspace."""

    def __init__(
        self, token: str, around: Surroundings, *, base_url: str = BASE_URL, tenant: str = "default"
    ) -> None:
        """Take what a request needs (a bot token, xoxb-...); nothing is sent."""
        limit = RequestLimit(vendor=NAME, tenant=tenant, per_second=4, burst=8)
        vendor = Vendor(NAME, base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, Fixed({"Authorization": f"Bearer {token}"}), around)
        self._tenant = tenant

    def who(self) -> None:
        """Ask whose token it is; writes nothing.

        Raises:
            VendorError: the token does not work.
        """
        self._http.read(Ask("POST", "/auth.test", repeatable=True), Done)

    def post(self, channel: str, message: Mapping[str, Any]) -> Place:
        """Write a message; never sent twice by itself, as Slack knows no idempotency key.

        Raises:
            VendorDownError: it may have been written all the same (`may_have_arrived`).
            VendorError: it was not written.
        """
        body = {"channel": channel, **message}
        ask = Ask("POST", "/chat.postMessage", json=body, limit=self._channel_limit(channel))
        got = self._http.read(ask, Posted)
        return Place(got.channel, got.ts)

    def update(self, place: Place, message: Mapping[str, Any]) -> Place:
        """Write a message over an earlier one; any number of times is as good as once.

        Raises:
            VendorNotFoundError: it was deleted, or the channel was.
            VendorError: it cannot be written.
        """
        body = {"channel": place.channel, "ts": place.ts, **message}
        limit = self._channel_limit(place.channel)
        ask = Ask("POST", "/chat.update", json=body, repeatable=True, limit=limit)
        got = self._http.read(ask, Posted)
        return Place(got.channel, got.ts)

    def delete(self, place: Place) -> None:
        """Delete a message of ours.

        Raises:
            VendorNotFoundError: it is gone, or the channel is.
            VendorRejectedError: the workspace does not let it be deleted.
            VendorError: Slack cannot be asked.
        """
        body = {"channel": place.channel, "ts": place.ts}
        limit = self._channel_limit(place.channel)
        self._http.read(Ask("POST", "/chat.delete", json=body, repeatable=True, limit=limit), Done)

    def find(self, channel: str, call_id: str, since: datetime) -> Place | None:
        """Return our oldest message about a call among a channel's messages since a time.

        Raises:
            VendorAuthError: the app may not read the channel's history.
            VendorError: Slack cannot be asked.
        """
        params: dict[str, str | int] = {
            "channel": channel,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": "true",
            "limit": 200,
        }

        def page(cursor: str | None) -> Page[Message]:
            asked = params if cursor is None else {**params, "cursor": cursor}
            got = self._http.read(Ask("GET", "/conversations.history", params=asked), Messages)
            after = got.response_metadata.next_cursor if got.response_metadata else None
            return Page(got.messages, after)

        found = [
            message.ts
            for message in paginate(NAME, page)
            if (meta := message.metadata) is not None
            and meta.event_type == EVENT_TYPE
            and meta.event_payload.get("call_id") == call_id
        ]
        return Place(channel, min(found, key=float)) if found else None

    def direct_channel(self, email: str) -> str | None:
        """Return the channel of direct messages to a person; None when nobody has the address.

        Raises:
            VendorError: Slack cannot be asked.
        """
        lookup = Ask("GET", "/users.lookupByEmail", params={"email": email})
        try:
            user = self._http.read(lookup, UserFound).user.id
        except VendorNotFoundError:
            return None
        opening = Ask("POST", "/conversations.open", json={"users": user}, repeatable=True)
        return self._http.read(opening, Opened).channel.id

    def _channel_limit(self, channel: str) -> RequestLimit:
        return RequestLimit(vendor=NAME, tenant=self._tenant, group=channel, per_second=1, burst=1)


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read `ok: false`, which comes with HTTP 200."""
    fields = answer.fields()
    if fields.get("ok") is not False:
        return None
    code = str(fields.get("error") or "")
    kind, fix = _PROBLEMS.get(code, (VendorRejectedError, ""))
    if answer.status == 429:
        kind = VendorBusyError
    later = retry_after(answer.headers, now) if kind is VendorBusyError else None
    return Problem(kind, code, later, fix=fix)


def as_message(
    text: str, blocks: Sequence[Mapping[str, Any]], payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a message's body: fallback text, blocks, and what names it ours."""
    return {
        "text": text,
        "blocks": list(blocks),
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": dict(payload)},
    }
