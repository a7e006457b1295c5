"""Steps of `bantam crm setup` and lines of `bantam connect`, alike for all CRMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bantam.domain.crm_records import Check, SetupStep
from bantam.errors import VendorError, VendorNotFoundError, VendorRejectedError


def made(name: str, make: Callable[[], object], *, dry_run: bool) -> SetupStep:
    """Make one thing that is missing, or say that it would be made.

    Raises:
        VendorError: the CRM refuses.
    """
    if dry_run:
        return SetupStep(name=name, state="would create")
    make()
    return SetupStep(name=name, state="created")


def field_step(
    name: str,
    wanted: str,
    there: Mapping[str, str | None],
    make: Callable[[], object],
    *,
    dry_run: bool,
) -> SetupStep:
    """Make a field where it is missing; one of another type is left to a person.

    Args:
        name: the field's name in the CRM.
        wanted: the CRM's word for the type that it must have.
        there: the fields that exist with their types (None: unknown).
        make: creates it.
        dry_run: only say what would be done.

    Raises:
        VendorError: the CRM refuses.
    """
    if name not in there:
        return made(name, make, dry_run=dry_run)
    if there[name] not in {None, wanted}:
        state = f"is a {there[name]}, not a {wanted}: rename or delete it, then run this again"
        return SetupStep(name=name, state=state, ready=False)
    return SetupStep(name=name, state="exists")


def tried(name: str, ask: Callable[[], object]) -> Check:
    """Try a request that changes nothing, and say how that went."""
    try:
        ask()
    except (VendorRejectedError, VendorNotFoundError):
        # Refused for what it says: the credentials were good enough to look at it.
        return Check(name=name, ok=True)
    except VendorError as error:
        return Check(name=name, ok=False, detail=str(error))
    return Check(name=name, ok=True)


def fields_check(vendor: str, wanted: Mapping[str, Any], there: Callable[[], Any]) -> Check:
    """Say whether all our fields exist.

    Args:
        vendor: for the advice.
        wanted: what must be there.
        there: asks the CRM for what is.
    """
    try:
        missing = set(wanted) - set(there())
    except VendorError as error:
        return Check(name="fields", ok=False, detail=str(error))
    if not missing:
        return Check(name="fields", ok=True)
    some = ", ".join(sorted(missing)[:3])
    more = ", ..." if len(missing) > 3 else ""
    detail = f"{len(missing)} missing ({some}{more}); run `bantam crm setup {vendor}`"
    return Check(name="fields", ok=False, detail=detail)
