"""What each CRM has to know how to do; `CrmGateway` does the rest alike for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol, TypeVar

from bantam.domain.crm_fields import CRM_FIELDS, FIELDS_BY_NAME, FieldKind
from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.delivery import ScoreNote
from bantam.domain.merge import Policy, Present
from bantam.domain.value import digest
from bantam.errors import VendorAuthError, VendorBusyError, VendorDownError, VendorError

T = TypeVar("T")
R = TypeVar("R")

SENDING_SECONDS = 240
"""How long a worker has a deal without saying so again before another one takes over."""


@dataclass(frozen=True)
class Slot:
    """One place on a deal that Bantam may write: a field of its own, or one that people use."""

    name: str
    """A `CrmField.name`, or the CRM's own key of a field that people use."""
    source: str
    """The `CrmField.name` whose value goes there."""
    policy: Policy

    @property
    def kind(self) -> FieldKind:
        """What the slot holds."""
        return FIELDS_BY_NAME[self.source].kind


def slots_from(
    policies: Mapping[str, Policy] | None = None,
    extra: Mapping[str, tuple[str, Policy]] | None = None,
) -> tuple[Slot, ...]:
    """Return Bantam's own fields, then those that people use too.

    Args:
        policies: by `CrmField.name`, where it is not `Policy.OWN`.
        extra: {the CRM's key: (`CrmField.name` whose value goes there, policy)}.
    """
    own = policies or {}
    mine = [Slot(f.name, f.name, own.get(f.name, Policy.OWN)) for f in CRM_FIELDS]
    theirs = [Slot(key, source, policy) for key, (source, policy) in (extra or {}).items()]
    return (*mine, *theirs)


@dataclass(frozen=True)
class Update:
    """Values for one deal. Its repr shows none of them: they hold the buyer's words."""

    deal_id: str
    values: Mapping[str, str] = field(repr=False)
    """By slot name, in canonical form; "" clears the field."""


@dataclass(frozen=True)
class NoteItem:
    """A note about one call on one deal."""

    deal_id: str
    contact_id: str | None
    note: ScoreNote = field(repr=False)
    known_id: str = ""
    """The CRM's id of the note that was written before, if one was."""
    is_current: bool = False
    """Whether the note that was written before says the same."""


def note_marker(call_id: str) -> str:
    """Return the word in a note by which it is found again; no call's is a part of another's."""
    return f"bantam-{digest(call_id)[:16]}"


def as_number(value: str) -> int | float | str | None:
    """Return a canonical number for JSON; None for "", words as they are."""
    if not value:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def moment_of(text: str | None) -> datetime | None:
    """Return a day or a moment as a CRM writes it; UTC where it names no zone, None for neither."""
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


_FOR_ALL = (VendorAuthError, VendorBusyError, VendorDownError)
"""Errors that the next request to the same vendor would meet as well."""


def one_by_one(items: Sequence[T], do: Callable[[T], R]) -> list[R | VendorError]:
    """Do each, for vendors without batches; what would meet them all stops the rest unasked."""
    answers: list[R | VendorError] = []
    stopped: VendorError | None = None
    for item in items:
        if stopped is not None:
            answers.append(stopped)
            continue
        try:
            answers.append(do(item))
        except VendorError as error:
            answers.append(error)
            stopped = error if isinstance(error, _FOR_ALL) else None
    return answers


Hold = Callable[[str], None]
"""Makes sure that a deal, named by its id, is still this worker's for the next request.

Raises:
    VendorBusyError: another worker took over.
"""


class DealRecords(Protocol):
    """A CRM's deals. Thread-safe."""

    vendor: str
    batch_size: int
    """How many deals are read and written at once."""

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such a deal; an id of another shape is answered without asking.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        ...

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the open deals of the contacts with these addresses.

        Raises:
            VendorError: the CRM cannot be asked.
        """
        ...

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots, by deal; deals that are gone are left out.

        Raises:
            VendorError: the CRM cannot be asked, or lacks a field (says so and how to make it).
        """
        ...

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Write; return for each update in order what the CRM says it stored, or the error.

        What is stored is in canonical form and may be empty where the CRM does not say.
        """
        ...

    def write_notes(self, items: Sequence[NoteItem], hold: Hold) -> Sequence[str | VendorError]:
        """Make sure of one note per call; return for each item in order its id, or the error.

        Args:
            items: the notes.
            hold: asked right before each request that writes one.
        """
        ...

    def delete_note(self, deal_id: str, call_id: str, known_id: str) -> None:
        """Delete the note about a call; that it is gone already is a success.

        Args:
            deal_id: the deal that it stands on.
            call_id: what it is about; finds it by its marker where its id is not known.
            known_id: the CRM's id of it, "" when that is not known.

        Raises:
            VendorError: the CRM cannot be asked, or refuses.
        """
        ...

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create Bantam's own fields where they are missing.

        Raises:
            VendorError: the CRM refuses.
        """
        ...

    def check(self) -> Sequence[Check]:
        """Try the credentials and what they must allow, with requests that change nothing."""
        ...
