"""HubSpot over HTTP: date-versioned paths, strings only, batches read item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote

from bantam.domain.limits import RequestLimit
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorRejectedError,
)
from integrations.http import Answer, Ask, Fixed, Problem, Surroundings, Vendor, VendorClient
from integrations.http.later import next_midnight, retry_after
from integrations.hubspot import wire
from integrations.hubspot.mapping import VENDOR

T = TypeVar("T")

MOST_INPUTS = 100
NO_CONTENT = 204
MOST_WITH_HISTORY = 50
MOST_RESULTS = 10_000
"""Of one search; asking beyond it is refused."""
PAGE = 200


@dataclass(frozen=True)
class HubSpotAccount:
    """Which HubSpot account, and how to get in."""

    token: str = field(repr=False)
    base_url: str = "https://api.hubapi.com"
    version: str = "2026-09"
    """In every path; HubSpot retires versions by date."""
    time_zone: str = "UTC"
    """Of the account: its daily budget starts again at its midnight."""
    requests_per_10_seconds: int = 100
    source_id: str | None = None
    """`sourceId` of our own writes in property histories, if known."""


class HubSpotClient:
    """The requests that Bantam makes. Thread-safe."""

    def __init__(self, account: HubSpotAccount, around: Surroundings) -> None:
        """Take the account and the world around; nothing is sent."""
        self.account = account
        per_second = account.requests_per_10_seconds / 10
        limit = RequestLimit(
            vendor=VENDOR, per_second=per_second, burst=account.requests_per_10_seconds
        )
        # Searches have an allowance of their own, much smaller.
        self._searching = RequestLimit(vendor=VENDOR, group="search", per_second=5, burst=5)
        vendor = Vendor(
            VENDOR,
            account.base_url,
            limit=limit,
            read_problem=lambda answer, now: read_problem(answer, now, account.time_zone),
        )
        self._http = VendorClient(
            vendor, Fixed({"Authorization": f"Bearer {account.token}"}), around
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def batch_read(
        self, kind: str, ids: Sequence[str], properties: Sequence[str], *, history: bool = False
    ) -> list[wire.Record]:
        """Return the records that exist; many properties by GET would make the URL too long."""
        records: list[wire.Record] = []
        size = MOST_WITH_HISTORY if history else MOST_INPUTS
        for chunk in _chunks(list(dict.fromkeys(ids)), size):
            body = {
                "inputs": [{"id": i} for i in chunk],
                "properties": list(properties),
                "propertiesWithHistory": list(properties) if history else [],
            }
            path = self._objects(kind, "batch/read")
            records += self._read("POST", path, wire.BatchAnswer, body).results
        return records

    def batch_update(
        self, kind: str, inputs: Sequence[tuple[str, Mapping[str, str]]]
    ) -> wire.BatchAnswer:
        """Update records by their record ids, at most `MOST_INPUTS`, each named once.

        `idProperty` is left out: naming hs_object_id there is refused.

        Raises:
            VendorConflictError | VendorRejectedError: one input spoils the whole batch.
        """
        body = {"inputs": [{"id": i, "properties": dict(values)} for i, values in inputs]}
        return self._read("POST", self._objects(kind, "batch/update"), wire.BatchAnswer, body)

    def search(
        self, kind: str, filters: Sequence[Mapping[str, Any]], properties: Sequence[str], sort: str
    ) -> Iterator[wire.Record]:
        """Yield up to `MOST_RESULTS` records that pass all filters, in order of a property."""
        after = "0"
        while int(after) < MOST_RESULTS:
            # HubSpot marks all five fields as required.
            body = {
                "filterGroups": [{"filters": list(filters)}],
                "properties": list(properties),
                "sorts": [sort],
                "limit": PAGE,
                "after": after,
            }
            ask = Ask(
                "POST",
                self._objects(kind, "search"),
                json=body,
                repeatable=True,
                limit=self._searching,
            )
            page = self._http.read(ask, wire.SearchPage)
            yield from page.results
            following = page.paging.next.after if page.paging and page.paging.next else ""
            if not following.isdecimal() or int(following) <= int(after):
                return
            after = following

    def associated(self, kind: str, ids: Sequence[str], to: str) -> dict[str, list[str]]:
        """Return the ids of the records associated with each; 2026-09 has no GET for it."""
        found: dict[str, list[str]] = {i: [] for i in ids}
        path = f"crm/associations/{self.account.version}/{kind}/{to}/batch/read"
        waiting: list[dict[str, str]] = [{"id": i} for i in found]
        seen: set[tuple[str, str]] = set()
        while waiting:
            chunk, waiting = waiting[:MOST_INPUTS], waiting[MOST_INPUTS:]
            answer = self._read("POST", path, wire.Associations, {"inputs": chunk})
            for result in answer.results:
                near = result.from_.id
                found.setdefault(near, []).extend(str(link.toObjectId) for link in result.to)
                following = result.paging.next.after if result.paging and result.paging.next else ""
                if following and (near, following) not in seen:
                    seen.add((near, following))
                    waiting.append({"id": near, "after": following})
        return {near: list(dict.fromkeys(far)) for near, far in found.items()}

    def one(self, kind: str, record_id: str, *, id_property: str = "") -> wire.Record:
        """Return one record, by its record id or by a property with unique values.

        Raises:
            VendorNotFoundError: there is none.
        """
        params = {"idProperty": id_property} if id_property else None
        path = self._objects(kind, quote(record_id, safe=""))
        return self._http.read(Ask("GET", path, params=params), wire.Record)

    def create(self, kind: str, values: Mapping[str, str]) -> str:
        """Create a record that HubSpot itself keeps from being made twice; return its id.

        Raises:
            VendorConflictError: there is one with the same unique value.
        """
        ask = Ask("POST", self._objects(kind), json={"properties": dict(values)}, repeatable=True)
        return self._http.read(ask, wire.Record).id

    def upsert(self, kind: str, key: str, values: Mapping[str, str]) -> str:
        """Create or update a record by its unique property `key`; return its id.

        Raises:
            VendorRejectedError: HubSpot does not take it.
        """
        item = {"idProperty": key, "id": values[key], "properties": dict(values)}
        path = self._objects(kind, "batch/upsert")
        answer = self._read("POST", path, wire.BatchAnswer, {"inputs": [item]})
        if not answer.results:
            code = answer.errors[0].category if answer.errors else None
            raise VendorRejectedError(VENDOR, f"POST {path}: {code or 'refused'}", code=code)
        return answer.results[0].id

    def associate(self, kind: str, record_id: str, to: str, other_id: str) -> None:
        """Associate two records in the default way; doing it again changes nothing."""
        path = self._objects(kind, f"{record_id}/associations/default/{to}/{other_id}")
        self._http.read(Ask("PUT", path), wire.Associated)

    def add_note(self, body: Mapping[str, Any]) -> str:
        """Create a note with its associations and return its id.

        Raises:
            VendorDownError: `may_have_arrived` says whether to look for it before trying again.
        """
        ask = Ask("POST", self._objects("notes"), json=body)
        return self._http.read(ask, wire.Record).id

    def archive(self, kind: str, record_id: str) -> None:
        """Move a record to the recycle bin, from where HubSpot deletes it for good after 90 days.

        Raises:
            VendorNotFoundError: there is none.
        """
        path = self._objects(kind, quote(record_id, safe=""))
        answer = self._http.send(Ask("DELETE", path))
        if answer.status != NO_CONTENT:
            # Somebody on the way answered, with a page of its own.
            raise VendorDownError(VENDOR, f"DELETE {kind}: unexpected answer", status=answer.status)

    def properties(self, kind: str) -> dict[str, str | None]:
        """Return the types of all properties by name."""
        path = f"crm/properties/{self.account.version}/{kind}"
        return {p.name: p.type for p in self._read("GET", path, wire.Properties).results}

    def groups(self, kind: str) -> set[str]:
        """Return the names of all property groups."""
        path = f"crm/properties/{self.account.version}/{kind}/groups"
        return {g.name for g in self._read("GET", path, wire.Groups).results}

    def create_group(self, kind: str, name: str, label: str) -> None:
        """Create a property group; that it is there already is a success."""
        path = f"crm/properties/{self.account.version}/{kind}/groups"
        self._create(path, {"name": name, "label": label})

    def create_property(self, kind: str, body: Mapping[str, Any]) -> None:
        """Create a property; that it is there already is a success."""
        self._create(f"crm/properties/{self.account.version}/{kind}", body)

    def _create(self, path: str, body: Mapping[str, Any]) -> None:
        try:
            self._http.read(Ask("POST", path, json=body, repeatable=True), wire.Named)
        except VendorConflictError:
            return

    def _objects(self, kind: str, rest: str = "") -> str:
        path = f"crm/objects/{self.account.version}/{kind}"
        return f"{path}/{rest}" if rest else path

    def _read(self, method: str, path: str, shape: type[T], body: Any = None) -> T:
        # Every POST that comes here reads, or sets the same values again.
        return self._http.read(Ask(method, path, json=body, repeatable=True), shape)


def read_problem(answer: Answer, now: datetime, time_zone: str = "UTC") -> Problem | None:
    """Read HubSpot's own ways to refuse; None where the status says enough."""
    body = answer.fields()
    category = str(body.get("category") or "") or None
    later = retry_after(answer.headers, now)
    if answer.status == 429:
        if str(body.get("policyName") or "").upper() == "DAILY":
            return Problem(VendorBusyError, "DAILY", next_midnight(now, time_zone))
        return Problem(VendorBusyError, category, later)
    if answer.status == 423:
        return Problem(VendorBusyError, category, later or now + timedelta(seconds=2))
    if answer.status == 477:
        # The account is being moved; this may take up to a day.
        return Problem(VendorBusyError, "MIGRATION", later or now + timedelta(hours=1))
    return _refused_for_good(answer.status, body, category)


def _refused_for_good(status: int, body: Mapping[str, Any], category: str | None) -> Problem | None:
    if status == 530:
        return Problem(VendorAuthError, category, fix="the token is malformed; copy it again")
    if status == 403:
        scopes = ", ".join(_context(body, "requiredGranularScopes"))
        fix = f"the service key lacks these scopes: {scopes}" if scopes else ""
        return Problem(VendorAuthError, category, fix=fix)
    return _refused(body, category) if status == 400 else None


def _refused(body: Mapping[str, Any], category: str | None) -> Problem:
    codes = [str(e.get("code")) for e in _errors(body) if e.get("code")]
    names = ", ".join(_context(body, "propertyName"))
    if "PROPERTY_DOESNT_EXIST" in codes:
        fix = f"no such property ({names or 'see bantam connect'}); run `bantam crm setup hubspot`"
        return Problem(VendorRejectedError, "PROPERTY_DOESNT_EXIST", fix=fix)
    where = f" on {names}" if names else ""
    fix = f"a validation rule of the account refuses it{where}; see Settings > Properties there"
    return Problem(VendorRejectedError, codes[0] if codes else category, fix=fix)


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []


def _context(body: Mapping[str, Any], name: str) -> list[str]:
    """Return the names (scopes, properties) that an error speaks of; never values."""
    found: list[str] = []
    for place in [body, *_errors(body)]:
        context = place.get("context")
        values = context.get(name) if isinstance(context, dict) else None
        if isinstance(values, list):
            found += [v for v in values if isinstance(v, str) and v.replace("_", "").isalnum()]
            found += [v for v in values if isinstance(v, str) and "." in v and " " not in v]
    return list(dict.fromkeys(found))


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
