"""Google's JSON, as far as we read it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field, model_validator

from integrations.http import Wire


class TokenAnswer(Wire):
    """POST /token."""

    access_token: str
    expires_in: float = 3600
    """Seconds."""


class Question(Wire):
    """One question."""

    id: str = Field(alias="questionId")


class RowTitle(Wire):
    """What a row of a grid asks."""

    title: str | None = None


class GroupedQuestion(Wire):
    """A question, or a row of a grid."""

    id: str | None = Field(default=None, alias="questionId")
    row: RowTitle | None = Field(default=None, alias="rowQuestion")


class QuestionItem(Wire):
    """An item that asks one thing."""

    question: Question


class QuestionGroup(Wire):
    """An item that asks several."""

    questions: tuple[GroupedQuestion, ...] = ()


class Item(Wire):
    """An item of a form; some ask nothing."""

    title: str | None = None
    question_item: QuestionItem | None = Field(default=None, alias="questionItem")
    group: QuestionGroup | None = Field(default=None, alias="questionGroupItem")


class Form(Wire):
    """GET /v1/forms/{id}."""

    id: str = Field(alias="formId")
    items: tuple[Item, ...] = ()


class TextAnswer(Wire):
    """One value."""

    value: str | None = None


class TextAnswers(Wire):
    """The values of one question."""

    answers: tuple[TextAnswer, ...] = ()


class Answered(Wire):
    """What was answered to one question."""

    text: TextAnswers | None = Field(default=None, alias="textAnswers")


class Response(Wire):
    """One filled-in form."""

    id: str = Field(alias="responseId")
    last_submitted: AwareDatetime = Field(alias="lastSubmittedTime")
    email: str | None = Field(default=None, alias="respondentEmail")
    answers: dict[str, Answered] = Field(default_factory=dict)


class ResponsePage(Wire):
    """GET /v1/forms/{id}/responses; a page without responses leaves the list out."""

    responses: tuple[Response, ...] = ()
    next_page: str | None = Field(default=None, alias="nextPageToken")

    @model_validator(mode="before")
    @classmethod
    def _is_a_page(cls, data: Any) -> Any:
        """Refuse other JSON: everything being optional, it would pass for an empty page."""
        if isinstance(data, dict) and data and not {"responses", "nextPageToken"} & set(data):
            raise ValueError("neither responses nor nextPageToken")
        return data


class EventTime(Wire):
    """When; all-day events have a `date` instead."""

    at: AwareDatetime | None = Field(default=None, alias="dateTime")


class Attendee(Wire):
    """Who is invited."""

    email: str | None = None


class PrivateProperties(Wire):
    """What only we see."""

    private: dict[str, str] = Field(default_factory=dict)


class Event(Wire):
    """An event."""

    id: str
    status: str | None = None
    summary: str | None = None
    link: str | None = Field(default=None, alias="htmlLink")
    video_link: str | None = Field(default=None, alias="hangoutLink")
    start: EventTime | None = None
    end: EventTime | None = None
    attendees: tuple[Attendee, ...] = ()
    extended: PrivateProperties | None = Field(default=None, alias="extendedProperties")


class Period(Wire):
    """A busy stretch."""

    start: AwareDatetime
    end: AwareDatetime


class CalendarError(Wire):
    """Why a calendar cannot be looked at."""

    reason: str | None = None


class CalendarBusy(Wire):
    """One calendar's busy stretches."""

    busy: tuple[Period, ...] = ()
    errors: tuple[CalendarError, ...] = ()


class FreeBusy(Wire):
    """POST /freeBusy."""

    calendars: dict[str, CalendarBusy]
