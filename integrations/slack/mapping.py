"""A score as Slack shows it. Whatever people said is escaped and cut to Slack's limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from bantam.domain.bant import NOT_DISCUSSED
from bantam.domain.crm_fields import clock_time
from bantam.domain.delivery import QuotedReason, ScoreNote

MAX_SECTION_CHARS = 1500
"""Slack allows 3,000, but blocks of more than about 13,200 in sum are refused."""
MAX_TITLE_CHARS = 200
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_CUT = "…"


def escaped(text: str, most: int) -> str:
    """Return one line of text that Slack shows as it is, at most `most` characters long.

    Escaping first and cutting then could split "&amp;"; so the cut goes by escaped length.
    """
    pieces: list[str] = []
    length = 0
    for character in " ".join(text.split()):
        piece = _ESCAPES.get(character, character)
        if length + len(piece) > most - len(_CUT):
            return "".join(pieces).rstrip() + _CUT
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces)


def link(url: str | None, label: str) -> str:
    """Return a link, or nothing for what is not an http address."""
    if not url or urlsplit(url).scheme not in {"http", "https"}:
        return ""
    address = quote(url, safe=":/?#[]@!$'()*+,;=%~&").replace("&", "&amp;")
    return f"<{address}|{escaped(label, MAX_TITLE_CHARS)}>"


def fallback_text(note: ScoreNote, why: str) -> str:
    """Return what notifications show."""
    band = f" ({escaped(note.band, 60)})" if note.band else ""
    title = escaped(note.call_title or str(note.call_id), MAX_TITLE_CHARS)
    return f"BANT {note.points}{band}: {title}" + (f", {why}" if why else "")


def blocks(note: ScoreNote, why: str) -> list[dict[str, Any]]:
    """Return the message: score, reasons with the buyer's words, next question, links.

    Args:
        note: of a call that has points.
        why: what the score did, such as "reached 75 (was 60)"; empty for nothing.
    """
    shown = [_section(_headline(note, why))]
    shown += [_section(_reason(reason)) for reason in note.reasons]
    if note.next_question:
        shown.append(_section(f"*Ask next:* {escaped(note.next_question, 500)}"))
    links = [link(note.review_url, "Review the score"), link(note.call_url, "Open the call")]
    footer = [*filter(None, links), escaped(_made_by(note), 300)]
    shown.append({"type": "context", "elements": [_text("  ·  ".join(footer))]})
    return shown


def _headline(note: ScoreNote, why: str) -> str:
    title = escaped(note.call_title or str(note.call_id), MAX_TITLE_CHARS)
    parts = [f"*BANT {note.points}*", *(escaped(p, 60) for p in (note.band, note.grade) if p)]
    if why:
        parts.append(why)
    lines = [f"*{title}*", " · ".join(parts)]
    if note.action:
        lines.append(escaped(note.action, 300))
    return "\n".join(lines)


def _reason(reason: QuotedReason) -> str:
    level = "not discussed" if reason.level == NOT_DISCUSSED else f"{reason.level}/4"
    summary = f": {escaped(reason.summary, 300)}" if reason.summary else ""
    head = f"*{reason.criterion.value.capitalize()} {level}*{summary}"
    if not reason.quote:
        return head
    speaker = escaped(reason.speaker, 80)
    at = "" if reason.at_seconds is None else f" at {clock_time(reason.at_seconds)}"
    return f"{head}\n>“{escaped(reason.quote, 800)}” {speaker}{at}"


def _made_by(note: ScoreNote) -> str:
    reader = note.model or note.extractor
    prompt = f", prompt {note.prompt_digest[:8]}" if note.prompt_digest else ""
    said = f"{round(100 * note.coverage)}% said"
    return f"{said}, read by {reader}{prompt}, scored by {note.score_model}"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    # verbatim: Slack must not make links or mentions out of what people said.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
