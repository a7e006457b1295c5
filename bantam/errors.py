"""Every error that Bantam raises on purpose, as one tree.

    BantamError
    ├── SettingsError            bantam.toml or the environment is wrong
    │   └── ScoreModelError      a score model in bantam.toml cannot be used
    ├── CallFileError            a call file cannot be read (names file, place, expectation)
    ├── LedgerError              the ledger cannot be opened or is at another revision
    │   ├── NotInLedgerError     asked for a call, deal or score that is not there
    │   └── LeaseLostError       a worker took too long: somebody else has its delivery now
    ├── EvalError                an eval cannot run on what it was given
    ├── OutputError              a file that was asked for cannot be written
    ├── ExtractionError          an extractor cannot run at all (not: one call that failed)
    │   └── QuotaExhaustedError  the model provider says that the account has no quota left
    ├── WebhookError             a webhook that cannot be trusted or read
    └── VendorError              a vendor's API answered something other than success
        ├── VendorAuthError      credentials are wrong, expired or lack a scope
        ├── VendorNotFoundError  the record does not exist there
        ├── VendorRejectedError  the vendor refuses this request for good (do not retry)
        ├── VendorConflictError  somebody else wrote first, or it exists already
        ├── UnresolvedDealError  no deal or several fit a call: a person must say which
        ├── VendorBusyError      rate limited or budget spent: `retry_at` says when
        └── VendorDownError      5xx, timeouts, cut connections: may work later

One-line messages that name the thing, the place and the fix. No message ever
holds transcript text, a payload or a secret.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def name_of(path: Path | str) -> str:
    """Return a path as text of one line; what no encoding can write is written as its number.

    A file's name may hold line breaks and bytes that are not UTF-8, which Python keeps as
    surrogates: databases, JSON and terminals refuse them.
    """
    text = str(path)
    if text.isprintable():
        return text
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in whole)


class BantamError(Exception):
    """Base of all errors that a user may see as one line."""


class SettingsError(BantamError):
    """bantam.toml or an environment variable is missing, misspelt or out of bounds."""


class ScoreModelError(SettingsError):
    """A named score model in bantam.toml cannot be used."""


class CallFileError(BantamError):
    """A call file cannot be read.

    Attributes:
        path: the file (or "<stdin>"), as `name_of` writes it.
        place: where in it, in words a person can follow: "line 12", "turns[3].text".
        expected: what was expected there.
    """

    def __init__(self, path: Path | str, place: str, expected: str) -> None:
        self.path = name_of(path)
        super().__init__(f"{self.path}: {place}: {expected}")
        self.place = place
        self.expected = expected


class LedgerError(BantamError):
    """The ledger cannot be opened, or its schema is not the one this version needs."""


class NotInLedgerError(LedgerError):
    """The call, deal, score or delivery asked for is not in the ledger."""


class LeaseLostError(LedgerError):
    """A worker marked a delivery that is not its own any more: its lease had run out."""


class EvalError(BantamError):
    """An eval cannot run on what it was given: a table without its columns, a baseline too old."""


class OutputError(BantamError):
    """A file that was asked for cannot be written."""


class ExtractionError(BantamError):
    """An extractor cannot run at all: no key, no prompt folder, no model file."""


class QuotaExhaustedError(ExtractionError):
    """The provider reports `insufficient_quota`: retrying costs time and brings nothing."""


class WebhookError(BantamError):
    """A webhook whose signature, age or body is wrong; it was not acted on."""


class VendorError(BantamError):
    """A vendor's API answered something other than success.

    Attributes:
        vendor: "gong", "hubspot", ...
        status: the HTTP status, or None when no answer came.
        request_id: the vendor's own id for the request, for their support.
        code: the vendor's own error code, if it names one.
    """

    def __init__(
        self,
        vendor: str,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(f"{vendor}: {message}")
        self.vendor = vendor
        self.status = status
        self.request_id = request_id
        self.code = code


class VendorAuthError(VendorError):
    """Credentials are wrong, expired, or lack a scope."""


class VendorNotFoundError(VendorError):
    """The record does not exist at the vendor."""


class VendorRejectedError(VendorError):
    """The vendor refuses this request for good; sending it again cannot help."""


class VendorConflictError(VendorError):
    """The record exists already, or was changed since it was read."""


class UnresolvedDealError(VendorError):
    """No deal, or more than one, fits a call: the delivery waits until a person says which.

    Attributes:
        candidates: the CRM's ids of the deals that fit; empty when none does.
    """

    def __init__(self, vendor: str, message: str, *, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(vendor, message)
        self.candidates = candidates


class VendorBusyError(VendorError):
    """Rate limited, or a daily budget is spent.

    Attributes:
        retry_at: aware UTC time before which asking again is useless, if the vendor said so.
    """

    def __init__(
        self,
        vendor: str,
        message: str,
        *,
        retry_at: datetime | None = None,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(vendor, message, status=status, request_id=request_id, code=code)
        self.retry_at = retry_at


class VendorDownError(VendorError):
    """5xx, a timeout or a cut connection: the same request may work later.

    Attributes:
        may_have_arrived: False when the vendor cannot have seen the request; True when it may
            have done what was asked although no good answer came back.
    """

    def __init__(
        self,
        vendor: str,
        message: str,
        *,
        may_have_arrived: bool = True,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(vendor, message, status=status, request_id=request_id, code=code)
        self.may_have_arrived = may_have_arrived
