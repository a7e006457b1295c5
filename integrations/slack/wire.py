"""Slack's JSON, as far as we read it. Every answer says `ok`; HTTP says 200 either way."""

from __future__ import annotations

from typing import Any

from integrations.http import Wire


class Done(Wire):
    """Any answer."""

    ok: bool


class Posted(Done):
    """chat.postMessage and chat.update."""

    channel: str
    ts: str
    """The message's id within the channel."""


class User(Wire):
    """A member of the workspace."""

    id: str


class UserFound(Done):
    """users.lookupByEmail."""

    user: User


class Channel(Wire):
    """A conversation."""

    id: str


class Opened(Done):
    """conversations.open."""

    channel: Channel


class Metadata(Wire):
    """What we hung on a message."""

    event_type: str | None = None
    event_payload: dict[str, Any] = {}  # noqa: RUF012 - pydantic copies defaults


class Message(Wire):
    """A message in a channel."""

    ts: str
    metadata: Metadata | None = None


class More(Wire):
    """Where the next page starts."""

    next_cursor: str | None = None


class Messages(Done):
    """conversations.history."""

    messages: list[Message]
    response_metadata: More | None = None
