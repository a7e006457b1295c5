"""What the terminal says of real text: Markdown lines, with the floors beside the figures."""

from __future__ import annotations

from collections.abc import Iterator

from bantam.domain.bant import Criterion
from evals.real_text import PLEDGE_ALONE, FalseAlarms, Persuasion
from evals.summary import shown


def persuasion_lines(found: Persuasion) -> Iterator[str]:
    """Yield the proxy's figures beside what a bag of words reaches on the same chats."""
    chats = found.parts[0].chats
    yield f"{found.reader} on {chats} chats about a donation: a proxy for sales, and not more."
    yield ""
    heads = " | ".join(part.part for part in found.parts)
    yield f"| | {heads} |"
    yield f"|---|{'---|' * len(found.parts)}"
    rows: list[tuple[str, list[str]]] = [
        ("AUC of the score", [shown(p.auc, percent=False) for p in found.parts]),
        (
            "AUC of a bag of words taught on these chats",
            [f"{p.floor.auc:.3f} ({p.floor.low:.3f} to {p.floor.high:.3f})" for p in found.parts],
        ),
        ("AUC of a human-read pledge", [f"{PLEDGE_ALONE:.3f}", ""]),
    ]
    rows += [
        (f"AUC of {c} alone", [shown(p.auc_of[c], percent=False) for p in found.parts])
        for c in Criterion
    ]
    rows += [(f"{c} discussed", [shown(p.discussed[c]) for p in found.parts]) for c in Criterion]
    rows += [
        ("pledge read right", [shown(p.pledge_right) for p in found.parts]),
        ("pledge: any amount read", [shown(p.pledge_found) for p in found.parts]),
        ("pledge invented where there was none", [shown(p.pledge_invented) for p in found.parts]),
        ("unscored chats (rank last)", [str(p.unscored) for p in found.parts]),
    ]
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"


def false_alarm_lines(found: FalseAlarms) -> Iterator[str]:
    """Yield how often a level is read where nothing is sold."""
    yield (
        f"{found.reader} on {found.calls} calls ({found.words:,} words) in which nothing is sold: "
        f"{found.per_call:.2f} false alarms a call."
    )
    yield ""
    yield "| | calls with a level of 1 to 4 |"
    yield "|---|---|"
    for criterion in Criterion:
        yield f"| {criterion} | {shown(found.by_criterion[criterion])} |"
    yield f"| any | {shown(found.calls_with_one)} |"
    yield ""
    yield f"{found.zeros} levels of 0 on top; {found.scored} calls got a score."
    for call_id, criteria in found.calls_with_alarm:
        yield f"- {call_id}: {', '.join(criteria)}"
