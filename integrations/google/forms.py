"""Google Forms: who answered what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bantam.domain.booking import FormResponse
from bantam.domain.limits import RequestLimit
from integrations.google.auth import NAME
from integrations.google.problems import read_problem
from integrations.google.wire import Form, Response, ResponsePage
from integrations.http import Ask, Page, Surroundings, Vendor, VendorClient, paginate
from integrations.http.credentials import Credentials

BASE_URL = "https://forms.googleapis.com"
OVERLAP = timedelta(minutes=10)
"""A response may be listed a little after its time."""


class FormsClient:
    """Polls the responses of forms."""

    def __init__(
        self,
        credentials: Credentials,
        around: Surroundings,
        *,
        base_url: str = BASE_URL,
        tenant: str = "default",
    ) -> None:
        """Take what a request needs; nothing is sent."""
        limit = RequestLimit(vendor=NAME, tenant=tenant, group="forms", per_second=3, burst=10)
        vendor = Vendor(NAME, base_url, limit=limit, read_problem=read_problem)
        self._http = VendorClient(vendor, credentials, around)

    def responses(self, form_id: str, since: datetime) -> Iterator[FormResponse]:
        """Yield responses given or edited since a time, and a little before: drop known `key`s.

        Args:
            form_id: the part of a form's edit address after /d/.
            since: aware; the end of the last poll.

        Raises:
            VendorError: Google cannot be asked.
        """
        path = f"/v1/forms/{quote(form_id, safe='')}"
        titles = _titles(self._http.read(Ask("GET", path), Form))
        stamp = (since - OVERLAP).astimezone(UTC).isoformat(timespec="seconds")
        params = {"filter": f"timestamp >= {stamp.replace('+00:00', 'Z')}"}

        def page(cursor: str | None) -> Page[Response]:
            asked = params if cursor is None else {**params, "pageToken": cursor}
            got = self._http.read(Ask("GET", f"{path}/responses", params=asked), ResponsePage)
            return Page(got.responses, got.next_page)

        for response in paginate(NAME, page):
            yield _to_response(form_id, response, titles)


def _titles(form: Form) -> Mapping[str, str]:
    """Return titles by question id; rows of a grid are titled "grid: row"."""
    titles: dict[str, str] = {}
    for item in form.items:
        title = (item.title or "").strip()
        if item.question_item:
            titles[item.question_item.question.id] = title
        for row in item.group.questions if item.group else ():
            name = row.row.title if row.row and row.row.title else ""
            if row.id:
                titles[row.id] = f"{title}: {name}"
    return titles


def _to_response(form_id: str, response: Response, titles: Mapping[str, str]) -> FormResponse:
    answers: dict[str, tuple[str, ...]] = {}
    for question, answered in response.answers.items():
        values = tuple(a.value for a in (answered.text.answers if answered.text else ()) if a.value)
        title = titles.get(question) or question
        # Two questions may have one title; the id keeps both.
        answers[title if title not in answers else f"{title} ({question})"] = values
    return FormResponse(
        form_id=form_id,
        response_id=response.id,
        submitted_at=response.last_submitted,
        email=response.email,
        answers=answers,
    )
