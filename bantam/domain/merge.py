"""Three-way merge of one CRM field: what we wrote last, what stands there now, what we would write.

A person's edit after our last write always stays, whatever the policy; the difference goes to the
review queue. Values are compared in canonical form (see `crm_fields.canonical`); what we wrote is
remembered as fingerprints, so that no transcript text is kept a second time.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from pydantic import AwareDatetime

from bantam.domain.value import Value, digest


class Policy(StrEnum):
    """Whose a field is."""

    OWN = "own"
    """Bantam's own: written, unless a person has typed something there."""
    WRITE_IF_EMPTY = "write_if_empty"
    """Filled once when empty; from then on it belongs to people."""
    CONFIRM = "confirm"
    """Never written: every difference goes to the review queue for a person to take over."""
    OVERWRITE = "overwrite"
    """Written over whatever stood there before our first write."""


class Present(Value):
    """What stands in a field now."""

    value: str = ""
    """In canonical form; "" when empty."""
    by: str | None = None
    """Who wrote it, in the vendor's words, where it keeps a history."""
    at: AwareDatetime | None = None
    by_person: bool | None = None
    """True: a person; False: Bantam itself; None: the vendor does not say."""


class MergeAction(StrEnum):
    """What happens to the field."""

    WRITE = "write"
    KEEP = "keep"
    """The present value stays, and the difference goes to the review queue."""
    NOTHING = "nothing"
    """Nothing to do: equal already, or none of our business."""


class Merged(Value):
    """The decision about one field, as a dry run prints it."""

    field: str
    action: MergeAction
    policy: Policy
    before: str = ""
    after: str = ""
    """What Bantam would write; for KEEP what it would have written."""
    reason: str


def fingerprint(value: str) -> str:
    """Return 16 hex digits that stand for a canonical value in our memory."""
    return digest(value)[:16]


def merge(
    field: str, policy: Policy, *, ours: Collection[str], present: Present, new: str
) -> Merged:
    """Decide what becomes of one field.

    Args:
        field: its name, for the answer.
        policy: whose field it is.
        ours: fingerprints of the values that Bantam wrote last or was about to write when it was
            last interrupted; empty when it never wrote here.
        present: what stands there now, in canonical form.
        new: what Bantam would write, in canonical form.
    """
    action, reason = _decided(policy, ours, present, new)
    return Merged(
        field=field, action=action, policy=policy, before=present.value, after=new, reason=reason
    )


def _decided(
    policy: Policy, ours: Collection[str], present: Present, new: str
) -> tuple[MergeAction, str]:
    if present.value == new:
        return MergeAction.NOTHING, "stands there already"
    if ours and fingerprint(present.value) not in ours:
        return MergeAction.KEEP, f"{_who(present)} after our last write"
    if policy is Policy.CONFIRM:
        return MergeAction.KEEP, "waits for a person to take it over"
    if policy is Policy.WRITE_IF_EMPTY and present.value:
        return MergeAction.NOTHING, "not empty"
    if policy is Policy.OWN and not ours and present.value and present.by_person is not False:
        return MergeAction.KEEP, f"{_who(present)} before our first write"
    return MergeAction.WRITE, "empty" if not present.value else "as we left it"


def _who(present: Present) -> str:
    who = present.by or "somebody"
    when = f" on {present.at:%Y-%m-%d %H:%M} UTC" if present.at else ""
    return f"changed by {who}{when}"
