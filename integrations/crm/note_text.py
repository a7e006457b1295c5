"""The note about one call, as HTML and as plain text. What people said is escaped."""

from __future__ import annotations

import html

from bantam.domain.crm_fields import fit_line, quote_line, summary_of
from bantam.domain.delivery import ScoreNote
from integrations.crm.records import note_marker


def headline(note: ScoreNote) -> str:
    """Return the first line: score, grade and band of which call, when."""
    marks = " ".join(part for part in (note.grade, note.band) if part)
    shown = f" ({marks})" if marks else ""
    title = note.call_title or note.call_id
    return f"BANT {note.points}/100{shown}: {title}, {note.called_at:%Y-%m-%d}"


def plain_note(note: ScoreNote) -> str:
    """Return the whole note as lines of text."""
    return "\n".join([headline(note), *_body(note), *_links(note), _made_by(note)])


def html_note(note: ScoreNote) -> str:
    """Return the whole note as HTML for CRMs that show it; every word in it is escaped."""
    parts = [f"<p><strong>{_escaped(headline(note))}</strong></p>"]
    parts += [f"<p>{_escaped(line)}</p>" for line in _body(note)]
    parts += [f"<p>{_linked(label, url)}</p>" for label, url in _urls(note)]
    parts.append(f"<p>{_escaped(_made_by(note))}</p>")
    return "".join(parts)


def _body(note: ScoreNote) -> list[str]:
    lines = summary_of(note).splitlines()
    lines += [quote_line(reason) for reason in note.reasons if reason.quote]
    if note.fit:
        lines.append(fit_line(note))
    if note.next_question:
        lines.append(f"Ask next: {note.next_question}")
    if note.action:
        lines.append(f"To do: {note.action}")
    return lines


def _urls(note: ScoreNote) -> list[tuple[str, str]]:
    named = (("Recording", note.call_url), ("Review", note.review_url))
    return [(label, url) for label, url in named if url]


def _links(note: ScoreNote) -> list[str]:
    return [f"{label}: {url}" for label, url in _urls(note)]


def _linked(label: str, url: str) -> str:
    # A link that a recorder hands out must not become script in somebody's CRM.
    if not url.lower().startswith(("https://", "http://")):
        return f"{label}: {_escaped(url)}"
    return f'<a href="{_escaped(url)}">{label}</a>'


def _made_by(note: ScoreNote) -> str:
    who = " ".join(part for part in (note.extractor, note.model) if part)
    prompt = f", prompt {note.prompt_digest[:12]}" if note.prompt_digest else ""
    model = f"{note.score_model} {note.score_model_version}".strip()
    return f"Read by {who}{prompt}; scored by {model}. {note_marker(note.call_id)}"


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)
