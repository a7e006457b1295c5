"""Salesforce opportunities for `CrmGateway`: PATCH by id, and one child record per call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bantam.domain.crm_records import Check, DealCandidate, SetupStep
from bantam.domain.merge import Present
from bantam.errors import VendorConflictError, VendorError, VendorNotFoundError, VendorRejectedError
from bantam.ports import Clock
from integrations.crm import NoteItem, Slot, Update
from integrations.crm.records import Hold, one_by_one
from integrations.crm.setting_up import field_step, fields_check, tried
from integrations.salesforce.client import (
    MOST_RECORDS,
    SalesforceClient,
    item_error,
    soql_list,
    soql_text,
)
from integrations.salesforce.mapping import (
    ASSESSMENT,
    CALL_KEY,
    OBJECT,
    VENDOR,
    assessment_fields,
    assessment_of,
    contact_fields,
    key_of,
    opportunity_fields,
    presents,
    raw_values,
)

_ID = re.compile(r"006[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_HIDDEN = "exists but is hidden: assign the permission set Bantam to the Run-As user"


class SalesforceDeals:
    """Implements `DealRecords`. Thread-safe."""

    vendor = VENDOR
    batch_size = 100

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        """Take the client and a clock; nothing is sent."""
        self._client = client
        self._clock = clock

    def exists(self, deal_id: str) -> bool:
        """Say whether there is such an opportunity; their ids start with 006."""
        if not _ID.fullmatch(deal_id):
            return False
        try:
            self._client.get(OBJECT, deal_id, ["Id"])
        except VendorNotFoundError:
            return False
        return True

    def open_deals_of(self, emails: Sequence[str]) -> Sequence[DealCandidate]:
        """Return the open opportunities of these contacts; else those of their accounts."""
        wanted = soql_list(emails)
        roles = self._client.query(
            "SELECT OpportunityId, ContactId FROM OpportunityContactRole"  # noqa: S608 - escaped
            f" WHERE Contact.Email IN {wanted} AND Opportunity.IsClosed = false"
        )
        found = [
            DealCandidate(deal_id=r["OpportunityId"], contact_id=r.get("ContactId")) for r in roles
        ]
        if found:
            return found
        accounts = self._client.query(
            "SELECT Id FROM Opportunity WHERE IsClosed = false AND AccountId IN"  # noqa: S608 - escaped
            f" (SELECT AccountId FROM Contact WHERE Email IN {wanted})"
        )
        return [DealCandidate(deal_id=r["Id"]) for r in accounts]

    def read(
        self, deal_ids: Sequence[str], slots: Sequence[Slot]
    ) -> Mapping[str, Mapping[str, Present]]:
        """Return what stands in the slots, with who wrote it where field history is kept."""
        asked = [d for d in deal_ids if _ID.fullmatch(d)]
        if not asked:
            return {}
        keys = ", ".join(["Id", *(key_of(slot) for slot in slots)])
        where = soql_list(asked)
        found = list(self._client.query(f"SELECT {keys} FROM {OBJECT} WHERE Id IN {where}"))  # noqa: S608 - escaped
        history: dict[str, list[Mapping[str, object]]] = {}
        for change in self._history(where):
            history.setdefault(str(change.get("OpportunityId"))[:15], []).append(change)
        # An id is written with 15 or with 18 characters; the first 15 name the record.
        by_id = {str(r["Id"])[:15]: r for r in found}
        user = self._client.user_id
        return {
            d: presents(by_id[d[:15]], history.get(d[:15], ()), slots, user)
            for d in asked
            if d[:15] in by_id
        }

    def write(
        self, updates: Sequence[Update], slots: Sequence[Slot]
    ) -> Sequence[Mapping[str, str] | VendorError]:
        """Set the fields of each opportunity by its id: an upsert there would create one."""

        def write(update: Update) -> Mapping[str, str]:
            self._client.update(OBJECT, update.deal_id, raw_values(update.values, slots))
            return {}

        return one_by_one(updates, write)

    def write_notes(self, items: Sequence[NoteItem], hold: Hold) -> Sequence[str | VendorError]:
        """Create or update each call's child record by the call's id; doing it again is one."""
        changed = [i for i in items if not (i.known_id and i.is_current)]
        # Not for its number: an older reading must not be written over a newer one.
        held = [_lost(hold, item.deal_id) for item in changed]
        ours = [i for i, lost in zip(changed, held, strict=True) if lost is None]
        upserted = iter(self._upserted(ours))
        answers = iter([lost or next(upserted) for lost in held])
        return [i.known_id if i.known_id and i.is_current else next(answers) for i in items]

    def delete_note(self, deal_id: str, call_id: str, known_id: str) -> None:  # noqa: ARG002 - the call's id is the key
        """Delete the call's child record."""
        where = f"{CALL_KEY} = {soql_text(call_id)}"
        found = self._client.query(f"SELECT Id FROM {ASSESSMENT} WHERE {where}")  # noqa: S608 - escaped
        for record_id in dict.fromkeys([known_id, *(str(r["Id"]) for r in found)]):
            if record_id:
                with suppress(VendorNotFoundError):
                    self._client.delete(ASSESSMENT, record_id)

    def _upserted(self, items: Sequence[NoteItem]) -> list[str | VendorError]:
        answers: list[str | VendorError] = []
        for start in range(0, len(items), MOST_RECORDS):
            chunk = items[start : start + MOST_RECORDS]
            # Two records of one key refuse each other; the last of a call wins.
            last = {i.note.call_id: assessment_of(i.deal_id, i.note) for i in chunk}
            try:
                got = self._client.upsert(ASSESSMENT, CALL_KEY, list(last.values()))
            except VendorError as error:
                answers += [error] * len(chunk)
                continue
            by_call = dict(zip(last, got, strict=False))
            for item in chunk:
                answer = by_call.get(item.note.call_id)
                if answer is not None and answer.success and answer.id:
                    answers.append(answer.id)
                elif answer is None:
                    answers.append(VendorRejectedError(VENDOR, "composite: an answer is missing"))
                else:
                    what = f"assessment of call {item.note.call_id}"
                    answers.append(item_error(answer, what, self._clock()))
        return answers

    def setup(self, *, dry_run: bool) -> Sequence[SetupStep]:
        """Create our fields on opportunities and on the child object, which has to exist."""
        wanted = [
            (OBJECT, opportunity_fields()),
            (ASSESSMENT, assessment_fields()),
            ("Contact", contact_fields()),
        ]
        steps: list[SetupStep] = []
        for object_name, bodies in wanted:
            try:
                seen = self._client.describe(object_name)
            except VendorNotFoundError:
                state = "deploy it: `bantam crm setup salesforce --package DIR`, then DIR/README"
                steps.append(SetupStep(name=object_name, state=state, ready=False))
                continue
            there: dict[str, str | None] = {f.name: f.type for f in seen.values()}
            for name, (body, described) in bodies.items():
                make = partial(self._client.create_field, body)
                try:
                    step = field_step(name, described, there, make, dry_run=dry_run)
                except VendorConflictError:
                    step = SetupStep(name=name, state=_HIDDEN, ready=False)
                steps.append(step.model_copy(update={"name": f"{object_name}.{name}"}))
        return steps if dry_run else self._still_hidden(steps)

    def check(self) -> Sequence[Check]:
        """Try the login, reading, and whether every field is there and may be written."""
        client = self._client
        return [
            tried("log in", client.limits),
            tried("read opportunities", partial(self._one, "SELECT Id FROM Opportunity LIMIT 1")),
            tried("read contacts", partial(self._one, "SELECT Id FROM Contact LIMIT 1")),
            fields_check(VENDOR, opportunity_fields(), partial(self._writable, OBJECT)),
            fields_check(
                VENDOR, assessment_fields(), partial(self._writable, ASSESSMENT)
            ).model_copy(update={"name": f"fields of {ASSESSMENT}"}),
            fields_check(VENDOR, contact_fields(), partial(self._writable, "Contact")).model_copy(
                update={"name": "fields of Contact"}
            ),
            self._may("create", client.may_create, OBJECT, "Contact"),
            self._may("delete", client.may_delete, ASSESSMENT),
        ]

    def _may(self, do: str, asked: Callable[[str], bool], *object_names: str) -> Check:
        """Say whether records can be made for new leads, and deleted when a call is forgotten."""
        name = f"{do} {' and '.join(object_names)}"
        try:
            refused = [name for name in object_names if not asked(name)]
        except VendorError as error:
            return Check(name=name, ok=False, detail=str(error))
        fix = "see docs/vendors/salesforce.md"
        detail = f"the Run-As user may not {do} {' and '.join(refused)}; {fix}" if refused else ""
        return Check(name=name, ok=not refused, detail=detail)

    def _still_hidden(self, steps: Sequence[SetupStep]) -> list[SetupStep]:
        """A new field is invisible until field-level security is granted."""
        made = {s.name for s in steps if s.state == "created"}
        visible = {
            f"{o}.{name}"
            for o in dict.fromkeys(n.partition(".")[0] for n in made)
            for name in self._client.describe(o)
        }
        state = "created, but hidden: assign the permission set Bantam to the Run-As user"
        return [
            SetupStep(name=s.name, state=state, ready=False) if s.name in made - visible else s
            for s in steps
        ]

    def _history(self, where: str) -> list[Mapping[str, object]]:
        try:
            return list(
                self._client.query(
                    "SELECT OpportunityId, Field, CreatedById, CreatedDate"  # noqa: S608 - escaped
                    f" FROM OpportunityFieldHistory WHERE OpportunityId IN {where}"
                    " ORDER BY CreatedDate DESC"
                )
            )
        except VendorRejectedError:
            # Field history is switched off in this org: what we wrote last has to do.
            return []

    def _one(self, soql: str) -> object:
        return next(iter(self._client.query(soql)), None)

    def _writable(self, object_name: str) -> set[str]:
        return {f.name for f in self._client.describe(object_name).values() if f.updateable}


def _lost(hold: Hold, deal_id: str) -> VendorError | None:
    try:
        hold(deal_id)
    except VendorError as error:
        return error
    return None
