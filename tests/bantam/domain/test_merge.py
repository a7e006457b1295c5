from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bantam.domain.merge import MergeAction, Policy, Present, fingerprint, merge

EDITED = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
WRITE, KEEP, NOTHING = MergeAction.WRITE, MergeAction.KEEP, MergeAction.NOTHING
OWN, IF_EMPTY, CONFIRM, OVERWRITE = (
    Policy.OWN, Policy.WRITE_IF_EMPTY, Policy.CONFIRM, Policy.OVERWRITE,
)  # fmt: skip


def marks(*values: str) -> set[str]:
    return {fingerprint(value) for value in values}


@pytest.mark.parametrize(
    ("policy", "last", "present", "new", "action"),
    [
        pytest.param(OWN, (), "", "60", WRITE, id="own: first write into an empty field"),
        pytest.param(OWN, ("50",), "50", "60", WRITE, id="own: as we left it"),
        pytest.param(OWN, ("50",), "55", "60", KEEP, id="own: edited after our write"),
        pytest.param(OWN, ("50",), "", "60", KEEP, id="own: cleared after our write"),
        pytest.param(OWN, (), "55", "60", KEEP, id="own: somebody was there before us"),
        pytest.param(OWN, ("50",), "60", "60", NOTHING, id="own: stands there already"),
        pytest.param(OWN, ("50", "60"), "60", "70", WRITE, id="own: an interrupted write is ours"),
        pytest.param(OWN, ("50", "60"), "50", "70", WRITE, id="own: an interrupted write never landed"),
        pytest.param(IF_EMPTY, (), "", "60", WRITE, id="if empty: empty"),
        pytest.param(IF_EMPTY, (), "55", "60", NOTHING, id="if empty: taken"),
        pytest.param(IF_EMPTY, ("50",), "50", "60", NOTHING, id="if empty: filled once"),
        pytest.param(IF_EMPTY, ("", "60"), "", "70", WRITE, id="if empty: an interrupted write never landed"),
        pytest.param(IF_EMPTY, ("50",), "", "60", KEEP, id="if empty: cleared after our write"),
        pytest.param(CONFIRM, (), "", "60", KEEP, id="confirm: even an empty field waits"),
        pytest.param(CONFIRM, (), "60", "60", NOTHING, id="confirm: taken over already"),
        pytest.param(OVERWRITE, (), "55", "60", WRITE, id="overwrite: what was there before us"),
        pytest.param(OVERWRITE, ("50",), "55", "60", KEEP, id="overwrite: edited after our write"),
    ],
)  # fmt: skip
def test_the_decision(
    policy: Policy, last: tuple[str, ...], present: str, new: str, action: MergeAction
) -> None:
    merged = merge("f", policy, ours=marks(*last), present=Present(value=present), new=new)
    assert merged.action is action
    assert (merged.before, merged.after, merged.field) == (present, new, "f")


@pytest.mark.parametrize(
    ("by_person", "action"),
    [
        pytest.param(False, WRITE, id="the history says it was us, though our memory is gone"),
        pytest.param(True, KEEP, id="the history says it was a person"),
        pytest.param(None, KEEP, id="no history: nobody's word is taken for ours"),
    ],
)
def test_a_vendors_history_speaks_where_we_remember_nothing(
    by_person: bool | None, action: MergeAction
) -> None:
    present = Present(value="55", by_person=by_person)
    assert merge("f", OWN, ours=(), present=present, new="60").action is action


def test_a_conflict_says_who_and_when() -> None:
    present = Present(value="55", by="user 7", at=EDITED, by_person=True)
    merged = merge("score", OWN, ours=marks("50"), present=present, new="60")
    assert merged.reason == "changed by user 7 on 2026-03-04 09:30 UTC after our last write"


values = st.sampled_from(["", "a", "b", "c"])
policies = st.sampled_from(list(Policy))


@given(policy=policies, last=st.lists(values, min_size=1, max_size=2), present=values, new=values)
def test_an_edit_after_our_write_is_never_written_over(
    policy: Policy, last: list[str], present: str, new: str
) -> None:
    merged = merge("f", policy, ours=marks(*last), present=Present(value=present), new=new)
    if present not in last:
        assert merged.action is not WRITE
        assert (merged.action is KEEP) == (present != new)


@given(policy=policies, last=st.lists(values, max_size=2), present=values, new=values)
def test_writing_once_is_enough(policy: Policy, last: list[str], present: str, new: str) -> None:
    first = merge("f", policy, ours=marks(*last), present=Present(value=present), new=new)
    if first.action is WRITE:
        again = merge("f", policy, ours=marks(new), present=Present(value=new), new=new)
        assert again.action is NOTHING


@given(policy=policies, steps=st.lists(st.tuples(values, st.none() | values), max_size=6))
def test_over_any_history_the_last_hand_that_was_a_persons_stays(
    policy: Policy, steps: list[tuple[str, str | None]]
) -> None:
    """We deliver, then perhaps a person edits; what a person typed last is never lost."""
    stands, ours, typed = "", set[str](), None
    for ours_next, edit in steps:
        merged = merge("f", policy, ours=ours, present=Present(value=stands), new=ours_next)
        if merged.action is WRITE:
            assert typed is None
            stands, ours = ours_next, marks(ours_next)
        if edit is not None and ours and edit != stands:
            stands = typed = edit
            if fingerprint(edit) in ours:
                typed = None
    if typed is not None:
        assert stands == typed
