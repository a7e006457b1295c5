"""What the terminal says of a replay: the answer first. Plain Markdown lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evals.replay import Move, Replay
from evals.summary import shown

_MOST = 20


def replay_lines(found: Replay) -> Iterator[str]:
    """Yield who would move, how the figures would, and what would be written."""
    yield (
        f"- {found.calls} calls: {found.changed} scores would change, {found.band_changes} calls "
        f"would change band ({found.before} -> {found.after})."
    )
    if found.without_answer:
        yield f"- {found.without_answer} calls have no answer of the candidate: they stay as read."
    for one in found.outcome:
        yield f"- {one.name}: {_side(one.before)} -> {_side(one.after)}, gain {shown(one.gain)}."
    if not found.outcome:
        yield "- No deal has closed: how precision and recall would move is not known."
    held = sum(w.held for w in found.writes)
    by_target = Counter(w.target for w in found.writes)
    told = ", ".join(f"{n} in {target}" for target, n in sorted(by_target.items())) or "none"
    yield (
        f"- CRM writes that would change a number or a band: {told}"
        + (f" ({held} held for a person)" if held else "")
        + f"; a re-score would owe {found.owed} in all. Nothing was written."
    )
    yield from _band_table(found)
    if found.moves:
        yield ""
        yield "Widest moves:"
        yield ""
        yield from (f"    {_told(move)}" for move in found.moves[:_MOST])
        if len(found.moves) > _MOST:
            yield f"    and {len(found.moves) - _MOST} more (--json has all)"


def _side(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.0%}"


def _band_table(found: Replay) -> Iterator[str]:
    names = list(dict.fromkeys([b.before for b in found.bands] + [b.after for b in found.bands]))
    counts = {(b.before, b.after): len(b.calls) for b in found.bands}
    yield ""
    yield f"| from \\ to | {' | '.join(names)} |"
    yield f"|---|{'---|' * len(names)}"
    for before in names:
        cells = " | ".join(str(counts.get((before, after), 0)) for after in names)
        yield f"| {before} | {cells} |"


def _told(move: Move) -> str:
    sides = [
        f"{'-' if points is None else points} {band}"
        for points, band in ((move.before, move.band_before), (move.after, move.band_after))
    ]
    why = ", ".join(f"{c} {old} -> {new}" for c, old, new in move.levels)
    return f"{move.call_id}: {sides[0]} -> {sides[1]}" + (f" ({why})" if why else "")
