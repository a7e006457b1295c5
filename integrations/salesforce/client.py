"""Salesforce over HTTP: tokens that end without notice, errors in arrays, 403 for "later"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from bantam.domain.limits import RequestLimit
from bantam.errors import (
    VendorAuthError,
    VendorBusyError,
    VendorConflictError,
    VendorDownError,
    VendorError,
    VendorNotFoundError,
    VendorRejectedError,
)
from bantam.ports import Clock
from integrations.http import (
    Answer,
    Ask,
    Fixed,
    Page,
    Problem,
    Renewable,
    Surroundings,
    Token,
    Vendor,
    VendorClient,
    paginate,
)
from integrations.salesforce import wire
from integrations.salesforce.mapping import VENDOR

MOST_RECORDS = 200
NO_CONTENT = 204
PARKED = timedelta(hours=1)
"""The allowance is a rolling day: some of it is back an hour later."""

_JWT_LIFE = timedelta(minutes=3)
_NAME = re.compile(r"[A-Za-z0-9_.]{1,80}")


@dataclass(frozen=True)
class SalesforceAccount:
    """Which org, and how to get in: a client secret, or a private key and a user's name."""

    base_url: str
    """https://MYDOMAIN.my.salesforce.com"""
    client_id: str
    client_secret: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    """PEM; with it a JWT is signed for `username` instead of sending the secret."""
    username: str = ""
    login_audience: str = "https://login.salesforce.com"
    """https://test.salesforce.com for a sandbox."""
    version: str = "v62.0"


@dataclass(frozen=True)
class Session:
    """What the login told us."""

    instance_url: str
    user_id: str


class SalesforceClient:
    """The requests that Bantam makes. Thread-safe."""

    def __init__(self, account: SalesforceAccount, around: Surroundings) -> None:
        """Take the org and the world around; nothing is sent."""
        self.account = account
        self._clock: Clock = around.clock
        self._session = Session(account.base_url.rstrip("/"), "")
        # An org has a daily allowance only; ten a second spares other programs of the org.
        limit = RequestLimit(vendor=VENDOR, tenant=account.base_url, per_second=10, burst=25)
        vendor = Vendor(
            VENDOR,
            account.base_url,
            limit=limit,
            read_problem=read_problem,
            trusted_hosts=(".salesforce.com", ".force.com"),
        )
        self._login = VendorClient(vendor, Fixed({}), around)
        self._http = VendorClient(vendor, Renewable(self._token, around.clock), around)

    def close(self) -> None:
        """Close the connections."""
        self._login.close()
        self._http.close()

    @property
    def user_id(self) -> str:
        """The id of the user that we run as; "" before the first request."""
        return self._session.user_id

    def query(self, soql: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records of a query, page by page.

        Args:
            soql: with every literal from outside through `soql_text`.
        """

        def page(cursor: str | None) -> Page[Mapping[str, Any]]:
            params = None if cursor else {"q": soql}
            path = cursor or self._data("query")
            found = self._http.read(Ask("GET", path, params=params), wire.QueryPage)
            following = None if found.done else found.nextRecordsUrl
            return Page(found.records, self._absolute(following) if following else None)

        return paginate(VENDOR, page)

    def get(self, object_name: str, record_id: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """Return some fields of one record.

        Raises:
            VendorNotFoundError: there is none.
        """
        path = self._data(f"sobjects/{object_name}/{quote(record_id, safe='')}")
        ask = Ask("GET", path, params={"fields": ",".join(fields)})
        return self._http.read(ask, dict[str, Any])

    def update(self, object_name: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Set fields of one record by its id; setting them again changes nothing."""
        path = self._data(f"sobjects/{object_name}/{quote(record_id, safe='')}")
        answer = self._http.send(Ask("PATCH", path, json=dict(values)))
        if answer.status != NO_CONTENT:
            # Somebody on the way answered, with a page of its own.
            raise VendorDownError(
                VENDOR, f"PATCH {object_name}: unexpected answer", status=answer.status
            )

    def delete(self, object_name: str, record_id: str) -> None:
        """Delete one record by its id.

        Raises:
            VendorNotFoundError: it is gone.
        """
        path = self._data(f"sobjects/{object_name}/{quote(record_id, safe='')}")
        answer = self._http.send(Ask("DELETE", path))
        if answer.status != NO_CONTENT:
            raise VendorDownError(
                VENDOR, f"DELETE {object_name}: unexpected answer", status=answer.status
            )

    def upsert(
        self, object_name: str, key: str, records: Sequence[Mapping[str, Any]]
    ) -> list[wire.ItemAnswer]:
        """Create or update up to `MOST_RECORDS` records by an external id; read each answer."""
        path = self._data(f"composite/sobjects/{object_name}/{key}")
        body = {"allOrNone": False, "records": [dict(r) for r in records]}
        return self._http.read(Ask("PATCH", path, json=body), list[wire.ItemAnswer])

    def describe(self, object_name: str) -> dict[str, wire.FieldDescription]:
        """Return the fields of an object that these credentials can see, by name.

        Raises:
            VendorNotFoundError: there is no such object.
        """
        return {f.name: f for f in self._description(object_name).fields}

    def may_create(self, object_name: str) -> bool:
        """Say whether these credentials may create records of an object.

        Raises:
            VendorNotFoundError: there is no such object.
        """
        return self._description(object_name).createable

    def may_delete(self, object_name: str) -> bool:
        """Say whether these credentials may delete records of an object.

        Raises:
            VendorNotFoundError: there is no such object.
        """
        return self._description(object_name).deletable

    def _description(self, object_name: str) -> wire.Description:
        path = self._data(f"sobjects/{object_name}/describe")
        return self._http.read(Ask("GET", path), wire.Description)

    def create_field(self, body: Mapping[str, Any]) -> None:
        """Create a custom field.

        Raises:
            VendorConflictError: there is one of this name, perhaps hidden from us.
        """
        path = self._data("tooling/sobjects/CustomField")
        self._http.read(Ask("POST", path, json=dict(body), repeatable=True), wire.Made)

    def limits(self) -> Mapping[str, Any]:
        """Return the org's allowances."""
        return self._http.read(Ask("GET", self._data("limits")), dict[str, Any])

    def _token(self) -> Token:
        form = self._assertion() if self.account.private_key else self._secret()
        ask = Ask("POST", "services/oauth2/token", form=form, repeatable=True)
        answer = self._login.read(ask, wire.TokenAnswer)
        user = urlsplit(answer.id).path.rstrip("/").rpartition("/")[2]
        self._session = Session(answer.instance_url.rstrip("/"), user)
        return Token(answer.access_token)

    def _secret(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.account.client_id,
            "client_secret": self.account.client_secret,
        }

    def _assertion(self) -> dict[str, str]:
        import jwt  # noqa: PLC0415 - only for those who log in with a key

        claims = {
            "iss": self.account.client_id,
            "sub": self.account.username,
            "aud": self.account.login_audience,
            "exp": self._clock() + _JWT_LIFE,
        }
        try:
            signed = jwt.encode(claims, self.account.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # The library's own text may repeat the key.
            raise VendorAuthError(VENDOR, "login: private_key is not a PEM private key") from None
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}

    def _data(self, rest: str) -> str:
        path = f"/services/data/{self.account.version}/{rest}"
        return self._absolute(path)

    def _absolute(self, path: str) -> str:
        """Return a path at the instance that the login named, where it is another one."""
        if self._session.instance_url == self.account.base_url.rstrip("/"):
            return path
        return self._session.instance_url + path


def soql_text(text: str) -> str:
    """Return text as a quoted SOQL literal; nothing in it can end the literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def soql_list(texts: Sequence[str]) -> str:
    """Return texts as a SOQL list of quoted literals."""
    return f"({', '.join(soql_text(text) for text in texts)})"


def read_problem(answer: Answer, now: datetime) -> Problem | None:
    """Read Salesforce's error array, and the token endpoint's error; None for the rest."""
    if 200 <= answer.status < 300:
        return None
    if answer.status == 300:
        return Problem(VendorConflictError, fix="the external id names more than one record")
    login = answer.fields().get("error")
    if isinstance(login, str):
        fix = (
            "the login is refused; check the External Client App, its flow and its Run-As user"
            " (docs/vendors/salesforce.md)"
        )
        return Problem(VendorAuthError, login, fix=fix)
    for code, fields in _errors(answer):
        if code in _MEANING:
            kind, fix, wait = _MEANING[code]
            where = f" ({', '.join(fields)})" if fields else ""
            retry_at = now + wait if wait is not None else None
            return Problem(kind, code, retry_at, fix=f"{fix}{where}" if fix else "")
    first = next(_errors(answer), None)
    return Problem(VendorRejectedError, first[0]) if first and answer.status == 400 else None


def item_error(item: wire.ItemAnswer, what: str, now: datetime) -> VendorError:
    """Return the error of one record of a composite request."""
    code = next((e.statusCode for e in item.errors if e.statusCode), "")
    kind, fix, wait = _MEANING.get(code, (VendorRejectedError, "refused", None))
    message = f"{what}: {code or 'no reason given'}: {fix or 'may work later'}"
    if kind is VendorBusyError:
        return VendorBusyError(VENDOR, message, retry_at=now + (wait or timedelta()), code=code)
    return kind(VENDOR, message, status=200, code=code or None)


_SETUP = "a field is missing or hidden; run `bantam crm setup salesforce`"
_OBJECT = "an object is missing; run `bantam crm setup salesforce`"
_RULE = "a rule of the org refuses it"
_Meaning = tuple[type[VendorError], str, timedelta | None]

_MEANING: Mapping[str, _Meaning] = {
    # errorCode: (our error, what to do, how long to wait)
    "REQUEST_LIMIT_EXCEEDED": (VendorBusyError, "the org's daily allowance is spent", PARKED),
    "UNABLE_TO_LOCK_ROW": (VendorBusyError, "the record is locked", timedelta(seconds=2)),
    "SERVER_UNAVAILABLE": (VendorDownError, "", None),
    "QUERY_TIMEOUT": (VendorDownError, "", None),
    "INVALID_SESSION_ID": (VendorAuthError, "the session ended", None),
    "INSUFFICIENT_ACCESS": (VendorAuthError, "the Run-As user may not do this", None),
    "INSUFFICIENT_ACCESS_OR_READONLY": (VendorAuthError, "the Run-As user may not do this", None),
    "API_DISABLED_FOR_ORG": (VendorAuthError, "this edition or user has no API access", None),
    "NOT_FOUND": (VendorNotFoundError, "", None),
    "ENTITY_IS_DELETED": (VendorNotFoundError, "it was deleted", None),
    "DUPLICATE_DEVELOPER_NAME": (VendorConflictError, "", None),
    "DUPLICATE_VALUE": (VendorConflictError, "", None),
    "INVALID_FIELD": (VendorRejectedError, _SETUP, None),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (VendorRejectedError, _SETUP, None),
    "INVALID_TYPE": (VendorRejectedError, _OBJECT, None),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (VendorRejectedError, _RULE, None),
    "REQUIRED_FIELD_MISSING": (VendorRejectedError, _RULE, None),
    "DUPLICATES_DETECTED": (VendorRejectedError, _RULE, None),
}  # fmt: skip


def _errors(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """Yield (errorCode, names of fields) of an error array; never its messages."""
    try:
        body = answer.json()
    except ValueError:
        return
    for error in body if isinstance(body, list) else []:
        if isinstance(error, dict) and isinstance(error.get("errorCode"), str):
            fields = error.get("fields")
            named = [f for f in fields if isinstance(f, str)] if isinstance(fields, list) else []
            yield error["errorCode"], [f for f in named if _NAME.fullmatch(f)]
