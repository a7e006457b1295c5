"""From a form response to a delivered deal on a simulated clock, straight and by every side path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bantam.domain.bant import ExtractionOutcome
from bantam.domain.booking import Busy, FormResponse, Meeting, event_id
from bantam.domain.calls import Call, CallId, Participant, Side
from bantam.domain.deals import Outcome
from bantam.domain.intake import OfficeHours, Standing
from bantam.domain.scheduled import Booking, BookingState, Happened, Happening
from bantam.errors import VendorDownError, VendorRejectedError
from bantam.ledger.store import Ledger
from bantam.ports import TranscriptNotReady
from bantam.scoring import BANT
from flows.deliver import deliver
from flows.inbox import pick_up
from flows.intake import Intake, take_in
from flows.poll import poll
from flows.score_calls import Pipeline
from flows.sweep import sweep
from flows.worker import Worker
from integrations.embedded.desk import EmbeddedCalendar, EmbeddedLeads
from integrations.embedded.gateway import EmbeddedGateway
from tests.factories import a_call
from tests.fakes import FakeSource, RecordingGateway, ScriptedExtractor, SetClock

MONDAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LEAD = "bo@buyer.example"


@dataclass
class FakeForm:
    form_id: str = "F1"
    filled_in: list[FormResponse] = field(default_factory=list)

    def responses(self, since: datetime) -> Iterator[FormResponse]:
        return iter([r for r in self.filled_in if r.submitted_at >= since])


@dataclass
class FakeCalendar:
    """A calendar that people change; `trouble` is raised while it is set."""

    taken: list[Busy] = field(default_factory=list)
    events: dict[str, Standing] = field(default_factory=dict)
    trouble: Exception | None = None
    booked: int = 0

    def busy(self, start: datetime, end: datetime) -> Sequence[Busy]:
        self._ask()
        return self.taken

    def book(self, meeting: Meeting) -> Standing:
        self._ask()
        if meeting.event_id not in self.events:
            self.booked += 1
            self.events[meeting.event_id] = Standing(starts_at=meeting.start, ends_at=meeting.end)
        return self.events[meeting.event_id]

    def standing(self, event_id: str) -> Standing | None:
        self._ask()
        return self.events.get(event_id)

    def _ask(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@dataclass
class LostAnswer:
    """A calendar that books and whose answer is lost."""

    calendar: FakeCalendar

    def busy(self, start: datetime, end: datetime) -> Sequence[Busy]:
        return self.calendar.busy(start, end)

    def book(self, meeting: Meeting) -> Standing:
        self.calendar.book(meeting)
        raise VendorDownError("google", "the answer was lost")

    def standing(self, event_id: str) -> Standing | None:
        return self.calendar.standing(event_id)


@dataclass
class World:
    ledger: Ledger
    clock: SetClock = field(default_factory=lambda: SetClock(MONDAY))
    form: FakeForm = field(default_factory=FakeForm)
    calendar: FakeCalendar = field(default_factory=FakeCalendar)
    source: FakeSource = field(default_factory=FakeSource)
    extractor: ScriptedExtractor = field(default_factory=ScriptedExtractor)
    down: bool = False

    def __post_init__(self) -> None:
        gateway = EmbeddedGateway(self.ledger, self.clock)
        self.gateway = RecordingGateway(trouble=self._trouble)
        pipeline = Pipeline(
            ledger=self.ledger,
            extractor=self.extractor,
            score_model=BANT,
            targets=("embedded",),
            clock=self.clock,
            concurrency=4,
        )
        self.worker = Worker(self.ledger, pipeline, {"gong": self.source})
        self.crm = gateway
        self.intake = Intake(
            leads=EmbeddedLeads(self.ledger, self.clock),
            calendar=self.calendar,
            forms=[self.form],
            hours=OfficeHours(notice_hours=1),
        )

    def _trouble(self, delivery: object) -> None:
        if self.down:
            raise VendorDownError("crm", "no answer")
        self.crm.send(delivery)  # type: ignore[arg-type]

    def fill_in(self, response_id: str = "R1", email: str = LEAD, **changes: object) -> None:
        response = FormResponse(
            form_id="F1",
            response_id=response_id,
            submitted_at=self.clock(),
            email=email,
            answers={"Name": ("Bo",), "Company": ("Acme",)},
        )
        self.form.filled_in.append(response.model_copy(update=changes))

    def turn(self) -> None:
        """Do every duty of `bantam serve` once."""
        take_in(self.worker, self.intake)
        poll(self.worker, first_look=timedelta(days=7))
        pick_up(self.worker)
        sweep(self.worker, self.intake)
        deliver(self.ledger, {"embedded": self.gateway}, clock=self.clock)
        sweep(self.worker, self.intake)

    def until(self, moment: datetime, step: timedelta = timedelta(minutes=10)) -> None:
        while self.clock() < moment:
            self.clock.forward(min(step, moment - self.clock()))
            self.turn()

    def booked(self) -> Booking:
        """Fill in the form and have it booked."""
        self.fill_in()
        self.turn()
        return self.only()

    def only(self) -> Booking:
        (booking,) = self.ledger.bookings_around(self.clock(), hours=24 * 365)
        return booking

    def record(self, booking: Booking, call_id: str = "gong:1", **changes: object) -> Call:
        """Let the recorder have the call of a booking."""
        call = a_call(id=call_id, started_at=booking.starts_at, **changes)
        self.source.there[call_id] = call
        return call

    def told(self) -> list[str]:
        """What happened to the booking, in order."""
        order = (
            "call_requested", "call_booked", "call_rescheduled", "call_cancelled", "call_no_show",
            "call_held", "transcript_awaited", "transcript_never_came", "call_mistaken",
            "booking_scored", "booking_delivered", "booking_forgotten",
        )  # fmt: skip
        about = [a for a in self.ledger.activities() if a.kind.value in order]
        # On a clock that stands still, several things happen at one time.
        about.sort(key=lambda a: (a.at, order.index(a.kind.value)))
        return [a.kind.value for a in about]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Ledger.open(f"sqlite:///{tmp_path / 'bantam.db'}", create=True) as ledger:
        yield World(ledger)


HOUR = timedelta(hours=1)


def ends(booking: Booking) -> datetime:
    assert booking.ends_at is not None
    return booking.ends_at


def test_a_form_response_ends_as_a_scored_deal_in_the_crm(world: World) -> None:
    booking = world.booked()
    assert booking.state is BookingState.BOOKED
    assert booking.starts_at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    world.until(ends(booking))
    world.record(booking)
    world.until(ends(booking) + HOUR)

    assert world.only().state is BookingState.DELIVERED
    assert world.told() == [
        "call_requested",
        "call_booked",
        "call_held",
        "booking_scored",
        "booking_delivered",
    ]
    (sent,) = world.gateway.sent
    assert (sent.deal_id, sent.call_id) == (booking.deal_id, "gong:1")
    (row,) = world.ledger.crm_scores()
    assert row.note.deal_id == booking.deal_id
    customers = {a.customer for a in world.ledger.activities() if a.kind != "call_requested"}
    assert customers == {booking.deal_id}


def test_nothing_is_done_again_when_every_duty_goes_round_once_more(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.record(booking)
    world.until(ends(booking) + HOUR)
    before = world.ledger.counts()
    world.until(ends(booking) + 12 * HOUR)
    assert world.ledger.counts() == before
    assert (world.calendar.booked, len(world.gateway.sent)) == (1, 1)
    assert world.extractor.asked == ["gong:1"]


def test_busy_times_and_other_bookings_are_respected(world: World) -> None:
    nine = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    world.calendar.taken = [Busy(start=nine, end=nine + HOUR)]
    world.fill_in("R1")
    world.fill_in("R2", email="cy@other.example")
    world.turn()
    times = {b.starts_at for b in world.ledger.bookings_around(nine, hours=48)}
    assert times == {nine + HOUR, nine + HOUR + timedelta(minutes=30)}


def test_a_lead_who_asks_twice_has_one_deal_until_it_closes(world: World) -> None:
    world.fill_in("R1")
    world.fill_in("R2")
    world.turn()
    (deal,) = {b.deal_id for b in world.ledger.bookings_around(MONDAY, hours=48)}
    assert deal is not None
    world.ledger.record_outcomes([Outcome(deal_id=deal, won=False, closed_at=MONDAY)])
    world.fill_in("R3")
    world.turn()
    assert len({b.deal_id for b in world.ledger.bookings_around(MONDAY, hours=48)}) == 2


def test_an_edit_before_a_time_is_agreed_counts(world: World) -> None:
    world.calendar.trouble = VendorDownError("google", "no answer")
    world.fill_in()
    world.turn()
    world.clock.forward(timedelta(minutes=1))
    world.fill_in(answers={"Preferred time": ("2026-03-04T10:00:00+00:00",)})
    world.calendar.trouble = None
    world.turn()
    assert world.only().starts_at == datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def test_a_calendar_that_is_away_delays_the_booking_and_loses_nothing(world: World) -> None:
    world.calendar.trouble = VendorDownError("google", "no answer")
    world.fill_in()
    world.until(MONDAY + HOUR)
    assert world.told() == ["call_requested"]
    world.calendar.trouble = None
    world.until(MONDAY + 3 * HOUR)
    assert world.only().state is BookingState.BOOKED


def test_a_calendar_that_refuses_is_told_to_people_and_asked_again(world: World) -> None:
    world.calendar.trouble = VendorRejectedError("google", "no such calendar")
    world.fill_in()
    world.turn()
    (failure,) = world.ledger.failures()
    assert (failure.stage, failure.reason) == ("intake", "google: no such calendar")
    world.calendar.trouble = None
    world.until(MONDAY + 2 * HOUR)
    assert world.ledger.failures() == []
    assert world.only().state is BookingState.BOOKED


def test_no_free_time_is_told_to_people(world: World) -> None:
    world.calendar.taken = [Busy(start=MONDAY, end=MONDAY + timedelta(days=60))]
    world.fill_in()
    world.turn()
    (failure,) = world.ledger.failures()
    assert "no free time" in failure.reason


def test_a_response_without_an_address_is_counted_not_dropped(world: World) -> None:
    world.fill_in(email=None)
    world.turn()
    (failure,) = world.ledger.failures()
    assert failure.subject == "F1/R1"
    assert world.told() == []


def test_a_meeting_that_people_move_is_followed(world: World) -> None:
    booking = world.booked()
    later = Standing(starts_at=ends(booking) + 24 * HOUR, ends_at=ends(booking) + 25 * HOUR)
    world.calendar.events[booking.id] = later
    world.until(ends(booking))
    moved = world.only()
    assert (moved.state, moved.starts_at) == (BookingState.RESCHEDULED, later.starts_at)
    world.until(later.ends_at)
    world.record(moved)
    world.until(later.ends_at + HOUR)
    assert world.only().state is BookingState.DELIVERED
    assert world.told()[1:3] == ["call_booked", "call_rescheduled"]


def test_a_cancelled_meeting_is_not_waited_for_and_may_be_set_anew(world: World) -> None:
    booking = world.booked()
    standing = world.calendar.events[booking.id]
    world.calendar.events[booking.id] = standing.model_copy(update={"cancelled": True})
    world.until(ends(booking) + 12 * HOUR)
    assert world.only().state is BookingState.CANCELLED
    anew = Standing(starts_at=ends(booking) + 48 * HOUR, ends_at=ends(booking) + 49 * HOUR)
    world.calendar.events[booking.id] = anew
    world.until(ends(booking) + 24 * HOUR)
    assert world.only().state is BookingState.RESCHEDULED


def test_a_meeting_cancelled_before_we_heard_of_it_is_not_booked_again(world: World) -> None:
    world.calendar.trouble = VendorDownError("google", "the answer was lost")
    world.fill_in()
    world.turn()
    world.calendar.trouble = None
    world.calendar.events[event_id("F1", "R1")] = Standing(
        starts_at=MONDAY + 3 * HOUR, ends_at=MONDAY + 4 * HOUR, cancelled=True
    )
    world.until(MONDAY + HOUR)
    assert world.only().state is BookingState.CANCELLED


def test_nobody_came_and_a_recording_that_surfaces_later_still_counts(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking) + 5 * HOUR)
    assert world.only().state is BookingState.NO_SHOW
    world.record(booking)
    world.until(ends(booking) + 8 * HOUR)
    assert world.only().state is BookingState.DELIVERED
    assert world.told()[2:] == ["call_no_show", "call_held", "booking_scored", "booking_delivered"]


def test_a_late_transcript_is_awaited_then_scored(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.source.there["gong:1"] = TranscriptNotReady(CallId("gong:1"))
    world.until(ends(booking) + HOUR)
    assert world.only().state is BookingState.TRANSCRIPT_AWAITED
    world.record(booking)
    world.until(ends(booking) + 6 * HOUR)
    assert world.only().state is BookingState.DELIVERED
    assert "transcript_awaited" in world.told()


def test_a_transcript_that_never_comes_is_given_up_after_two_days(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.source.there["gong:1"] = TranscriptNotReady(CallId("gong:1"))
    world.until(ends(booking) + 50 * HOUR, step=timedelta(minutes=30))
    assert world.only().state is BookingState.NEVER_CAME
    assert world.told().count("transcript_never_came") == 1
    assert world.gateway.sent == []


def test_a_recording_of_others_is_given_back(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.source.there["gong:9"] = TranscriptNotReady(CallId("gong:9"))
    world.until(ends(booking) + timedelta(minutes=30))
    assert world.only().call_id == "gong:9"
    people = (
        Participant(id="s", name="Ana", email="ana@seller.example", side=Side.SELLER),
        Participant(id="b", name="Cy", email="cy@other.example", side=Side.BUYER),
    )
    world.record(booking, "gong:9", participants=people)
    world.until(ends(booking) + 2 * HOUR)
    assert world.only().state is BookingState.BOOKED
    assert "call_mistaken" in world.told()
    assert world.gateway.sent[0].deal_id is None
    world.record(booking, "gong:1")
    world.until(ends(booking) + 4 * HOUR)
    assert (world.only().state, world.only().call_id) == (BookingState.DELIVERED, "gong:1")


def test_two_leads_at_one_time_each_get_their_own_recording(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    for n in (1, 2):
        world.source.there[f"gong:{n}"] = TranscriptNotReady(CallId(f"gong:{n}"))
    world.until(ends(booking) + HOUR)
    assert world.only().state is BookingState.BOOKED
    world.record(booking, "gong:2")
    world.until(ends(booking) + 4 * HOUR)
    assert world.only().call_id == "gong:2"


def test_two_presumed_the_wrong_way_round_end_with_their_own_recordings_and_deals(
    world: World,
) -> None:
    booking = world.booked()
    world.fill_in("R2", email="cy@buyer.example")
    world.turn()
    (other,) = [b for b in world.ledger.bookings_around(MONDAY, hours=48) if b.lead.email != LEAD]
    world.until(ends(other))
    for mine, theirs in ((booking, "gong:2"), (other, "gong:1")):
        held = Happened(what=Happening.RECORDING_FOUND, at=world.clock(), call_id=CallId(theirs))
        assert world.ledger.move_booking(mine.id, held) is not None
    world.record(booking, "gong:1")
    cy = (
        Participant(id="s", name="Ana", email="ana@seller.example", side=Side.SELLER),
        Participant(id="b", name="Cy", email="cy@buyer.example", side=Side.BUYER),
    )
    world.record(other, "gong:2", participants=cy)
    world.until(ends(other) + 2 * HOUR)
    assert {d.call_id: d.deal_id for d in world.gateway.sent} == {
        "gong:1": booking.deal_id,
        "gong:2": other.deal_id,
    }
    assert len(world.gateway.sent) == 2
    assert world.ledger.booking_counts() == {BookingState.DELIVERED: 2}


def test_a_call_scored_before_we_heard_that_its_meeting_was_moved_gets_its_deal(
    world: World,
) -> None:
    booking = world.booked()
    moved = Standing(starts_at=ends(booking) + 24 * HOUR, ends_at=ends(booking) + 25 * HOUR)
    call = a_call(id="gong:1", started_at=moved.starts_at)
    world.clock.now = moved.ends_at
    world.source.there["gong:1"] = call
    poll(world.worker, first_look=timedelta(days=7))
    pick_up(world.worker)
    deliver(world.ledger, {"embedded": world.gateway}, clock=world.clock)
    world.calendar.events[booking.id] = moved
    world.until(moved.ends_at + 2 * HOUR)
    assert [d.deal_id for d in world.gateway.sent] == [None, booking.deal_id]
    assert world.only().state is BookingState.DELIVERED
    (score,) = world.ledger.score_history(CallId("gong:1"))
    (row,) = world.ledger.crm_scores()
    assert (row.note.deal_id, row.note.points) == (booking.deal_id, score.points)


def test_a_call_that_is_read_before_its_meeting_is_known_to_be_booked_has_its_deal(
    world: World,
) -> None:
    """A worker died between the calendar and the ledger, and the meeting took place."""
    world.intake = replace(world.intake, calendar=LostAnswer(world.calendar))
    world.fill_in()
    world.turn()
    booking = world.only()
    assert booking.state is BookingState.REQUESTED
    world.clock.now = ends(booking)
    world.record(booking)
    poll(world.worker, first_look=timedelta(days=7))
    pick_up(world.worker)
    world.intake = replace(world.intake, calendar=world.calendar)
    world.until(ends(booking) + 2 * HOUR)
    assert world.only().state is BookingState.DELIVERED
    assert [d.deal_id for d in world.gateway.sent] == [booking.deal_id]


def test_a_crm_that_is_down_for_a_night_gets_each_score_once(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.record(booking)
    world.down = True
    world.until(ends(booking) + 10 * HOUR)
    assert world.only().state is BookingState.SCORED
    world.down = False
    world.until(ends(booking) + 12 * HOUR)
    assert world.only().state is BookingState.DELIVERED
    assert len(world.gateway.sent) == 1


def test_the_embedded_calendar_books_too(world: World) -> None:
    world.intake = Intake(leads=world.intake.leads, calendar=EmbeddedCalendar(), forms=[world.form])
    booking = world.booked()
    world.until(ends(booking))
    world.record(booking)
    world.until(ends(booking) + HOUR)
    assert world.only().state is BookingState.DELIVERED


def test_a_booking_whose_score_was_taken_back_before_it_arrived_is_over(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.record(booking)
    world.down = True
    world.until(ends(booking) + HOUR)
    world.ledger.forget_call(CallId("gong:1"), now=world.clock(), actor="dpo")
    world.down = False
    erase = {"embedded": EmbeddedGateway(world.ledger, world.clock)}
    world.clock.forward(HOUR)
    assert deliver(world.ledger, erase, clock=world.clock).sent == 1
    world.until(ends(booking) + 4 * HOUR)
    assert world.only().state is BookingState.FORGOTTEN
    assert world.told()[-2:] == ["booking_scored", "booking_forgotten"]
    world.clock.forward(timedelta(days=400))
    assert sweep(world.worker, world.intake) == 0


def test_a_booking_whose_call_is_forgotten_while_it_waits_to_be_read_again_is_over(
    world: World,
) -> None:
    """It is in the ledger, unread: the model server was away."""
    away = ScriptedExtractor({"gong:1": ExtractionOutcome.TRANSPORT_ERROR})
    world = World(world.ledger, extractor=away)
    booking = world.booked()
    world.until(ends(booking))
    call = world.record(booking)
    world.until(ends(booking) + HOUR)
    assert world.only().state in {BookingState.HELD, BookingState.TRANSCRIPT_AWAITED}
    world.ledger.forget_call(call.id, now=world.clock(), actor="dpo")
    world.until(world.clock() + HOUR)
    assert world.only().state is BookingState.FORGOTTEN
    assert world.told()[-1] == "booking_forgotten"


def test_a_score_that_waits_for_a_person_is_looked_at_less_and_less_often(world: World) -> None:
    booking = world.booked()
    world.until(ends(booking))
    world.record(booking)
    world.down = True
    world.until(ends(booking) + HOUR)
    taken = 0
    for _ in range(7 * 24 * 6):
        world.clock.forward(timedelta(minutes=10))
        taken += sweep(world.worker, world.intake)
    assert world.only().state is BookingState.SCORED
    assert taken < 80
