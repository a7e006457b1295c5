"""What Bantam asks of the world outside: protocols of one or two methods.

Real ones live in `integrations/` and `extractors/`; fakes in `tests/fakes.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bantam.domain.bant import Extraction, Usage
from bantam.domain.booking import Busy, FormResponse, Meeting
from bantam.domain.calls import Call, CallId, CallWindow, DealId
from bantam.domain.crm_records import Edited, Firmographics, RecordMemory
from bantam.domain.deals import AeView, Outcome
from bantam.domain.delivery import Delivery, Receipt
from bantam.domain.intake import Standing
from bantam.domain.limits import RequestLimit
from bantam.domain.merge import Merged
from bantam.domain.scheduled import Lead
from bantam.errors import VendorError


class Clock(Protocol):
    """Tells the time; passed in so that tests can."""

    def __call__(self) -> datetime:
        """Return now as an aware UTC datetime."""
        ...


class TranscriptNotReady(Exception):  # noqa: N818 - a state of the world, not an error
    """The source knows the call and has no transcript of it yet: ask again later.

    Attributes:
        final: True when the source says that one will never come.
    """

    def __init__(self, call_id: CallId, *, final: bool = False) -> None:
        super().__init__(f"call {call_id}: {'no transcript will come' if final else 'not ready'}")
        self.call_id = call_id
        self.final = final


class CallSource(Protocol):
    """A call recorder."""

    name: str
    overlap: timedelta
    """How far a poll looks back behind what was read: calls surface late."""

    def call_ids(self, window: CallWindow) -> Iterator[CallId]:
        """Yield ids of calls that started in the window, each once, streaming page by page."""
        ...

    def fetch(self, call_id: CallId) -> Call:
        """Return one call with its transcript.

        Raises:
            TranscriptNotReady: the transcript is not there yet, or never will be.
            CallFileError | VendorError: it cannot be read.
        """
        ...


@runtime_checkable
class LeavesOut(Protocol):
    """A source that does not list every call it has, and counts those it leaves out."""

    left_out: Mapping[str, int]
    """By reason ("private"), since it was made."""


class Extractor(Protocol):
    """Reads one call. Thread-safe: many calls are read at once."""

    name: str

    @property
    def version_key(self) -> str:
        """Digest of everything but the call that decides the answer (see `RunRecord`)."""
        ...

    def extract(self, call: Call) -> Extraction:
        """Return the four readings, or an outcome that says why there are none.

        Raises:
            ExtractionError: nothing can be read at all (no key, no quota); not for one bad call.
        """
        ...


class AnswerCache(Protocol):
    """Answers of a language model that were paid for once. Thread-safe."""

    def get(self, key: str) -> str | None:
        """Return the answer kept under `key` as JSON, or None."""
        ...

    def put(self, key: str, answer: str, usage: Usage, call_id: CallId) -> None:
        """Keep an answer; putting it twice is harmless.

        Args:
            key: digest of transcript, prompt, schema, model, parameters and sample number.
            answer: JSON, opaque to the cache. Holds transcript text.
            usage: what it cost.
            call_id: whose words the answer quotes, so that forgetting the call erases it.
        """
        ...


class Gateway(Protocol):
    """A place that scores are delivered to: a CRM, Slack, a table."""

    name: str

    def send(self, delivery: Delivery) -> Receipt:
        """Write the delivery; idempotent on `delivery.key`.

        Raises:
            VendorBusyError | VendorDownError: may work later.
            VendorError: will not work as it is.
        """
        ...


@runtime_checkable
class BatchGateway(Gateway, Protocol):
    """A gateway that writes many deliveries with few requests."""

    def send_all(self, deliveries: Sequence[Delivery]) -> Sequence[Receipt | VendorError]:
        """Write them; idempotent on each `delivery.key`.

        Returns:
            For each delivery in order its receipt, or the error that `send` would raise.
        """
        ...


@runtime_checkable
class PreviewGateway(Gateway, Protocol):
    """A gateway that can say what sending would change."""

    def preview(self, delivery: Delivery) -> tuple[str, Sequence[Merged]]:
        """Return which record it would change and why that one, and what in each field.

        Raises:
            VendorError: as `send`; nothing is written.
        """
        ...


@runtime_checkable
class Erasable(Protocol):
    """A gateway that can take back what it wrote."""

    def clear(self, delivery: Delivery) -> Receipt:
        """Take back what stands there because of a call whose words were erased on request.

        What people typed stays. Clearing twice is harmless.

        Args:
            delivery: of the kind `ERASURE`; its note holds no words any more.

        Raises:
            VendorBusyError | VendorDownError: may work later.
            VendorError: will not work as it is.
        """
        ...


class RateLimiter(Protocol):
    """Keeps the count of requests per vendor and tenant. Thread-safe."""

    def acquire(self, limit: RequestLimit, now: datetime) -> float:
        """Take one request, or say how long to wait.

        Returns:
            0.0 when the request may go: it has been counted. Else the seconds after which to
            ask again: nothing has been counted.
        """
        ...

    def pause(self, limit: RequestLimit, until: datetime) -> None:
        """Let nobody through before `until`, because the vendor said so."""
        ...


class OutcomeSource(Protocol):
    """A CRM's closed deals."""

    def closed_deals(self, since: datetime) -> Iterator[Outcome]:
        """Yield deals closed at or after `since`."""
        ...


@runtime_checkable
class AeViews(Protocol):
    """A CRM in which AEs keep what they think of deals."""

    def ae_views(self, deal_ids: Sequence[DealId]) -> Sequence[AeView]:
        """Return what AEs wrote of deals, with the times where the CRM keeps them.

        Deals of which nothing was ever written are left out; so are all where no setting names
        the fields.

        Raises:
            VendorError: the CRM cannot be asked, or has no such field.
        """
        ...


@runtime_checkable
class DealEndings(Protocol):
    """A CRM that is asked how some deals stand."""

    def endings(self, deal_ids: Sequence[DealId]) -> Mapping[DealId, Outcome | None]:
        """Return how deals ended, None for an open one; what is gone is left out.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        ...


@runtime_checkable
class Watchful(Protocol):
    """A gateway that sees what people changed after it wrote."""

    def edited(self, deal_ids: Sequence[DealId]) -> Sequence[Edited]:
        """Return the fields of deals that people changed after our last write; writes nothing.

        Raises:
            VendorError: the target cannot be asked.
        """
        ...


class FormSource(Protocol):
    """A form that leads fill in."""

    form_id: str

    def responses(self, since: datetime) -> Iterator[FormResponse]:
        """Yield responses given or edited since a time; some may come that were known before.

        Raises:
            VendorError: the form cannot be asked.
        """
        ...


class LeadDesk(Protocol):
    """The part of a CRM that leads come into."""

    def ensure_deal(self, lead: Lead, key: str) -> DealId:
        """Return the lead's open deal; make contact and deal where they are missing.

        Args:
            lead: who asked for a call.
            key: of the request: the same again makes no second deal.

        Raises:
            VendorError: the CRM refuses, or cannot be asked.
        """
        ...


class Calendar(Protocol):
    """Where calls are booked."""

    def busy(self, start: datetime, end: datetime) -> Sequence[Busy]:
        """Return when nobody can be booked within [start, end).

        Raises:
            VendorError: the calendar cannot be asked.
        """
        ...

    def book(self, meeting: Meeting) -> Standing:
        """Put a meeting into the calendar; return it as it stands, people's changes included.

        Booking it again is as good as once.

        Raises:
            VendorError: the calendar refuses, or cannot be asked.
        """
        ...

    def standing(self, event_id: str) -> Standing | None:
        """Return a meeting as it stands; None when nobody but us could have changed it.

        Raises:
            VendorError: the calendar cannot be asked.
        """
        ...


class CallLookup(Protocol):
    """Finds calls that were read."""

    def call(self, call_id: CallId) -> Call:
        """Return one call.

        Raises:
            NotInLedgerError: there is no such call.
        """
        ...


class CrmMemory(Protocol):
    """What Bantam remembers of CRM records: ids, and what it wrote there last."""

    def recall(self, target: str, record: str) -> RecordMemory:
        """Return what is remembered of a target's record; an empty value when nothing is."""
        ...

    def remember(self, target: str, record: str, memory: RecordMemory) -> bool:
        """Store what was recalled and changed, as the next version.

        Returns:
            False, with nothing stored, when somebody else wrote since it was recalled.
        """
        ...


class Fit(Protocol):
    """Knows who the buyer is, apart from what was said: the CRM's own fields, or a data vendor."""

    name: str

    def firmographics(self, call: Call) -> Firmographics:
        """Return what is known; empty when nobody is found.

        Raises:
            VendorError: the source cannot be asked.
        """
        ...
