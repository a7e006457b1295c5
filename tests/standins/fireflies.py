"""A Fireflies that behaves: it runs the queries it is sent against a schema of its own."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from tests.servers import Received, Reply, StandIn, route

KEY = "fireflies-key"

SCHEMA = """
scalar DateTime
type Attendee { displayName: String email: String name: String phoneNumber: String location: String }
type Speaker { id: Int name: String }
type Sentence {
  index: Int speaker_id: Int speaker_name: String text: String raw_text: String
  start_time: String end_time: String
}
type Transcript {
  id: String! title: String date: Float dateString: String duration: Float transcript_url: String
  organizer_email: String participants: [String] meeting_attendees: [Attendee]
  speakers: [Speaker] sentences: [Sentence]
}
type Query {
  transcript(id: String!): Transcript
  transcripts(
    limit: Int skip: Int fromDate: DateTime toDate: DateTime
    mine: Boolean organizers: [String] participants: [String]
  ): [Transcript]
}
"""


def a_meeting(meeting_id: str, date: float = 1_795_428_000_000.0, **changes: Any) -> dict[str, Any]:
    """Return a meeting as Fireflies keeps it; the default date is 2026-11-23 10:00 UTC."""
    meeting = {
        "id": meeting_id, "title": "Acme discovery", "date": date, "duration": 30.5,
        "transcript_url": f"https://app.fireflies.example/view/{meeting_id}",
        "organizer_email": "ana@seller.example",
        "participants": ["ana@seller.example", "bo@buyer.example", "cy@buyer.example"],
        "meeting_attendees": [
            {"displayName": "Ana", "email": "ana@seller.example", "name": None},
            {"displayName": None, "email": "bo@buyer.example", "name": "Bo"}],
        "speakers": [{"id": 0, "name": "Ana"}, {"id": 1, "name": None}],
        "sentences": [
            {"index": 0, "speaker_id": 0, "speaker_name": "Ana", "text": "What is set aside?", "raw_text": "what is set aside", "start_time": "1.5", "end_time": "3"},
            {"index": 1, "speaker_id": 1, "speaker_name": "Bo", "text": "Forty thousand euros.", "raw_text": "", "start_time": "3.5", "end_time": "5.25"},
            None,
            {"index": 3, "speaker_id": 2, "speaker_name": None, "text": "I agree.", "raw_text": "", "start_time": "soon", "end_time": None}],
    }  # fmt: skip
    return {**meeting, **changes}


class Fireflies(StandIn):
    """Serves `meetings`."""

    spec = "fireflies"

    def __init__(self, meetings: list[dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.meetings = meetings if meetings is not None else [a_meeting("ASxwZxCstx")]
        self.schema = build_schema(SCHEMA)

    def refuse(self, status: int, why: str) -> Reply:
        code = "auth_failed" if status == 401 else "invalid_arguments"
        # Fireflies really answers 500 when the key is wrong.
        return Reply(500 if status == 401 else status, failure(code))

    def authorise(self, request: Received) -> Reply | None:
        return (
            None
            if request.headers.get("authorization") == f"Bearer {KEY}"
            else self.refuse(401, "")
        )

    @route("POST", "/graphql")
    def graphql(self, request: Received) -> Reply:
        body = request.json()
        done = graphql_sync(
            self.schema,
            body["query"],
            root_value=self,
            variable_values=body.get("variables"),
            operation_name=body.get("operationName"),
        )
        codes = [
            e.extensions["code"] for e in done.errors or [] if (e.extensions or {}).get("code")
        ]
        if codes:
            return Reply(200, {**failure(codes[0]), "data": None})
        if done.errors:
            return Reply(200, failure("invalid_arguments"))
        return Reply(200, {"data": done.data})

    def transcript(self, info: Any, id: str) -> dict[str, Any]:  # noqa: A002 - the schema names it
        found = next((m for m in self.meetings if m["id"] == id), None)
        if found is None:
            raise GraphQLError("not found", extensions={"code": "object_not_found"})
        return found

    def transcripts(
        self, info: Any, limit: int = 50, skip: int = 0, **_: Any
    ) -> list[dict[str, Any]]:
        if limit > 50:
            raise GraphQLError("limit", extensions={"code": "invalid_arguments"})
        return self.meetings[skip : skip + limit]


def failure(code: str, retry_after: int | None = None) -> dict[str, Any]:
    """Return an errors body; `retry_after` is epoch milliseconds."""
    metadata = {} if retry_after is None else {"metadata": {"retryAfter": retry_after}}
    return {"errors": [{"message": "no", "code": code, "extensions": {"code": code, **metadata}}]}
