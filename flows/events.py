"""What CRMs tell by webhook: a hint each; what it is about is read again by id.

    a deal changed   -> how it ended -> outcomes, or open again
                     -> what stands in our fields -> a person's edit is told at once
    a meeting or call took place -> every recorder is asked now instead of at its next turn

Acting twice is harmless, so two workers need no lease. What cannot be asked stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bantam.domain.activity import Activity, ActivityKind
from bantam.domain.calls import DealId
from bantam.domain.crm_records import Edited
from bantam.domain.pickup import MEETING, Notice
from bantam.domain.value import digest
from bantam.errors import VendorAuthError, VendorBusyError, VendorDownError, VendorError
from flows.outcomes import told_closed
from flows.poll import poll
from flows.worker import Watched, Worker

AT_ONCE = 100
"""Messages of each CRM."""


def act_on_events(worker: Worker, *, first_look: timedelta) -> int:
    """Act on what came, one batch; return how many messages were acted on.

    Args:
        worker: its `watched` CRMs are asked, and its sources.
        first_look: as for `poll`.

    Raises:
        BantamError: a CRM or a source cannot be asked now; its messages stay open.
    """
    notices = worker.ledger.open_notices(AT_ONCE)
    problem: VendorError | None = None
    done = 0
    for source in dict.fromkeys(n.source for n in notices):
        mine = [n for n in notices if n.source == source and n.deal_id is not None]
        try:
            done += _of_deals(worker, source, mine)
        except (VendorBusyError, VendorDownError, VendorAuthError) as error:
            problem = problem or error
    meetings = [n for n in notices if n.about == MEETING]
    if meetings:
        # First noted, then asked: a source that is away is polled at its turn all the same.
        worker.ledger.close_notices({MEETING: "sources asked"}, meetings, now=worker.clock())
        done += len(meetings)
        poll(worker, first_look=first_look)
    if problem is not None:
        raise problem
    return done


def _of_deals(worker: Worker, source: str, notices: Sequence[Notice]) -> int:
    """Look at the deals that messages of one CRM are about, each once."""
    if not notices:
        return 0
    ids = list(dict.fromkeys(n.deal_id for n in notices if n.deal_id is not None))
    watched = worker.watched.get(source)
    acted = {} if watched is None else _looked_at(worker, source, watched, ids)
    worker.ledger.close_notices(acted, notices, now=worker.clock())
    return len(notices)


def _looked_at(
    worker: Worker, source: str, watched: Watched, ids: Sequence[DealId]
) -> dict[str, str]:
    """Return what came of looking at deals, by what their messages are about."""
    try:
        endings = watched.endings.endings(ids)
        edits = watched.edits.edited(ids) if watched.edits is not None else ()
    except (VendorBusyError, VendorDownError, VendorAuthError):
        raise
    except VendorError as error:
        if len(ids) > 1:
            # One that the CRM refuses must not hold up the others.
            found = [_looked_at(worker, source, watched, [deal]) for deal in ids]
            return {about: word for one in found for about, word in one.items()}
        worker.ledger.add_failure(
            f"{source} deal {ids[0]}", stage="events", reason=str(error), now=worker.clock()
        )
        return {f"deal:{ids[0]}": "refused"}
    closed = [o for o in endings.values() if o is not None]
    known = {d for d, outcome in endings.items() if outcome is None and worker.ledger.outcome(d)}
    now = worker.clock()
    worker.ledger.record_outcomes(closed, [told_closed(o, source) for o in closed])
    worker.ledger.drop_outcomes(sorted(known), [_told_open(d, source, now) for d in sorted(known)])
    worker.ledger.add_activities([_told_edited(e, source, now) for e in edits])
    words = {o.deal_id: "closed" for o in closed} | dict.fromkeys(known, "open again")
    for edit in edits:
        words.setdefault(edit.deal_id, "edited by a person")
    return {f"deal:{deal}": word for deal, word in words.items()}


def _told_open(deal_id: DealId, source: str, now: datetime) -> Activity:
    kind = ActivityKind.DEAL_REOPENED
    key = digest(kind, deal_id, now.isoformat())
    return Activity(id=key, at=now, customer=deal_id, kind=kind, actor=source)


def _told_edited(edit: Edited, source: str, now: datetime) -> Activity:
    kind = ActivityKind.FIELD_EDITED
    return Activity(
        id=digest(kind, source, edit.deal_id, edit.field, edit.mark),
        at=edit.at or now,
        customer=edit.deal_id,
        kind=kind,
        actor=edit.by or source,
        features={"target": source, "field": edit.field},
    )
